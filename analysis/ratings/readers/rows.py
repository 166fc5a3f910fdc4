"""Rows of cells as a table: headers without names, rows without their last cells, and each row's line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from analysis.errors import RatingsError

FILE, LINE = "_file", "_line"
NAMELESS = re.compile(r"column \d+")


@dataclass
class Problems:
    """Rows that cannot be used as they are, each with its file and line."""

    found: list[str] = field(default_factory=list)
    decimal_commas: set[str] = field(default_factory=set)  # files whose cells are not split at commas
    notes: list[str] = field(default_factory=list)  # how files were read, in sentences

    def add(self, file: str, line: int, what: str) -> None:
        """Note one row; the text says what was found and what was expected."""
        self.found.append(f"{file}, line {line}: {what}")

    def add_rows(self, rows: pd.DataFrame, what: str) -> None:
        """Note every row of a frame that still has its file and line."""
        for file, line in zip(rows[FILE], rows[LINE], strict=True):
            self.add(str(file), int(line), what)


def from_rows(rows: Iterable[tuple[int, Sequence[str]]], name: str, problems: Problems) -> pd.DataFrame:
    """Turn numbered rows of cells, the header first, into a table of stripped text.

    Rows that lack only cells at their end which no row fills are whole, as in batches of Amazon MTurk, whose
    headers end in `Approve, Reject`; so are rows with empty cells after the header's last.
    """
    header: list[str] = []
    first: list[str] = []
    found: list[tuple[int, list[str]]] = []
    for line, row in rows:
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if not header:
            first, header = cells, header_of(cells, name)
        elif cells != first:
            found.append((line, cells))
    header = header or header_of([], name)
    filled = max((place for _, cells in found for place, cell in enumerate(cells, 1) if cell), default=0)
    good = []
    short = 0
    for line, cells in found:
        if len(cells) < min(filled, len(header)) or any(cells[len(header) :]):
            problems.add(name, line, f"{len(cells)} cells where the header has {len(header)}")
            continue
        short += len(cells) < len(header)
        good.append((line, (cells + [""] * len(header))[: len(header)]))
    if short:
        problems.notes.append(
            f"{name}: {short} rows end before the header does; the cells that are missing are empty."
        )
    table = pd.DataFrame([cells for _, cells in good], columns=header, dtype=object)
    empty = [column for column in header if NAMELESS.fullmatch(column) and (table[column] == "").all()]
    table = table.drop(columns=empty)
    table[LINE] = [line for line, _ in good]
    return table


def header_of(cells: Sequence[str], name: str) -> list[str]:
    """Return the names of a header; those that are missing are `column 3`, by their place.

    Raises:
        RatingsError: No header, only numbers, or a name that comes twice.
    """
    given = [cell.strip() for cell in cells]
    if not given:
        raise RatingsError(f"{name} is empty; expected a CSV header and ratings")
    header = [cell or f"column {place}" for place, cell in enumerate(given, 1)]
    repeated = sorted({cell for cell in header if header.count(cell) > 1})
    if repeated and all(_is_number(cell) for cell in given):
        raise RatingsError(
            f"{name} has no header: its first row is of numbers ({', '.join(given[:3])}, ...); expected a "
            "first row with the columns' names, and a column that names the items or listeners of the rows"
        )
    if repeated:
        raise RatingsError(f"{name} has the column {repeated[0]!r} more than once in its header")
    return header


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True

"""Rows of cells as a table: headers without names, rows without their last cells, and each row's line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.marks import FILE, LINE

NAMELESS = re.compile(r"column \d+")
_FEWEST_NAMES = 3  # of a header below a title
_Row = tuple[int, list[str]]


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
    headers end in `Approve, Reject`; so are rows with empty cells after the header's last. If every row has
    one cell more than the header, the first is a row name, as in R's write.table.
    """
    stripped = ((line, [cell.strip() for cell in row]) for line, row in rows)
    found = _skip_titles([(line, cells) for line, cells in stripped if any(cells)], name, problems)
    first = found[0][1] if found else []
    header = header_of(first, name)
    found = [(line, cells) for line, cells in found if cells != first]
    if found and all(len(cells) == len(header) + 1 and cells[-1] for _, cells in found):
        header = ["row name", *header]
        problems.notes.append(
            f"{name}: every row has one cell more than the header; the first is taken as the row's name."
        )
    good = _match_header(found, header, name, problems)
    table = pd.DataFrame([cells for _, cells in good], columns=header, dtype=object)
    empty = [column for column in header if NAMELESS.fullmatch(column) and (table[column] == "").all()]
    table = table.drop(columns=empty)
    table[LINE] = [line for line, _ in good]
    return table


def _skip_titles(rows: list[_Row], name: str, problems: Problems) -> list[_Row]:
    """Leave out rows of one cell before a row of several that are all words, which is the header then."""
    start = 0
    while start + 1 < len(rows) and sum(map(bool, rows[start][1])) == 1:
        start += 1
    names = [cell for cell in rows[start][1] if cell] if rows else []
    if start == 0 or len(names) < _FEWEST_NAMES or any(map(_is_number, names)):
        return rows
    lines = "the line" if start == 1 else f"the {start} lines"
    problems.notes.append(
        f"{name}: {lines} above the header (line {rows[start][0]}) {'is' if start == 1 else 'are'} not read."
    )
    return rows[start:]


def _match_header(rows: list[_Row], header: list[str], name: str, problems: Problems) -> list[_Row]:
    """Return the rows with as many cells as the header has; those that have others filled are problems."""
    filled = max((place for _, cells in rows for place, cell in enumerate(cells, 1) if cell), default=0)
    good = []
    short = 0
    for line, cells in rows:
        if len(cells) < min(filled, len(header)) or any(cells[len(header) :]):
            problems.add(name, line, f"{len(cells)} cells where the header has {len(header)}")
            continue
        short += len(cells) < len(header)
        good.append((line, (cells + [""] * len(header))[: len(header)]))
    if short:
        problems.notes.append(
            f"{name}: {short} row{' ends' if short == 1 else 's end'} before the header does; the missing "
            "cells are empty."
        )
    return good


def header_of(cells: Sequence[str], name: str) -> list[str]:
    """Return the names of a header; those that are missing are `column 3`, by their place.

    Raises:
        RatingsError: No header, only numbers, or a name that appears twice.
    """
    given = [cell.strip() for cell in cells]
    if not given:
        raise RatingsError(f"{name} is empty; expected a CSV header and ratings")
    header = [cell or f"column {place}" for place, cell in enumerate(given, 1)]
    repeated = sorted(cell for cell, count in Counter(header).items() if count > 1)
    if repeated and all(_is_number(cell) for cell in given):
        raise RatingsError(
            f"{name} has no header: its first row is of numbers ({', '.join(given[:3])}, ...); expected a "
            "first row with the columns' names, and a column that names the items or listeners of the rows"
        )
    if repeated:
        raise RatingsError(
            f"{name} has the column {repeated[0]!r} more than once in its header; give each column a "
            "separate name"
        )
    return header


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True

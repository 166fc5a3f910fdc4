"""CSV files as people and PHP scripts write them: text cells, with the line each row came from."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.readers.decode import KEPT_RETURN, LINE_END, read_text, restored

FILE, LINE = "_file", "_line"
# What a score is where it is none that a listener gave on the scale: "difference" of two, or "share" of 1;
# and a webMUSHRA slider's, whose scale is known.
MEASURE = "_measure"
SLIDER = "slider"
PAGE = "_page"  # type of the page that a row is of, as a config names it


@dataclass
class Problems:
    """Rows that cannot be used as they are, each with its file and line."""

    found: list[str] = field(default_factory=list)
    decimal_commas: set[str] = field(default_factory=set)  # files whose cells are not split at commas

    def add(self, file: str, line: int, what: str) -> None:
        """Note one row; the text says what was found and what was expected."""
        self.found.append(f"{file}, line {line}: {what}")

    def add_rows(self, rows: pd.DataFrame, what: str) -> None:
        """Note every row of a frame that still has its file and line."""
        for file, line in zip(rows[FILE], rows[LINE], strict=True):
            self.add(str(file), int(line), what)


def read_table(path: Path, problems: Problems) -> pd.DataFrame:
    """Read a CSV file with commas, semicolons or tabs, with or without a byte-order mark and blank lines.

    A line that repeats the header, as files put behind one another have it, is no row.

    Args:
        path: The file, UTF-8 or UTF-16.
        problems: Takes the rows that have more or fewer cells than the header; they are left out.

    Returns:
        Text columns named by the header (cells stripped of spaces at their ends), and `_file`, `_line`.

    Raises:
        RatingsError: Empty, not UTF-8, not CSV or with a header that repeats a name.
    """
    text, delimiter = read_text(path)
    if delimiter != ",":
        problems.decimal_commas.add(path.name)
    parse = _parse_plain if '"' not in text else _parse_quoted
    table = parse(text, delimiter, path.name, problems)
    if KEPT_RETURN in text:
        cells = table.columns.drop(LINE)
        table[cells] = table[cells].map(restored)
    table[FILE] = path.name
    return table


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        RatingsError: Not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise RatingsError(f"{path.name} is not JSON: {error}.") from None


def _parse_plain(text: str, delimiter: str, name: str, problems: Problems) -> pd.DataFrame:
    """Parse a file without quotes, where a line is a row; pandas' parser is faster than the csv module."""
    numbered = [
        (number, line) for number, line in enumerate(LINE_END.split(text), 1) if line.strip(f" {delimiter}")
    ]
    header = _header(numbered[0][1].split(delimiter) if numbered else [], name)
    good = []
    for number, line in numbered[1:]:
        if line == numbered[0][1]:
            continue
        cells = line.count(delimiter) + 1
        if cells == len(header):
            good.append((number, line))
        else:
            problems.add(name, number, _half_written(cells, header))
    rows = "\n".join(line for _, line in good)
    table = pd.read_csv(
        io.StringIO(rows, newline=""), sep=delimiter, names=header, dtype=str,
        index_col=False, keep_default_na=False, quoting=csv.QUOTE_NONE, skip_blank_lines=False,
    ) if good else pd.DataFrame(columns=header, dtype=object)  # fmt: skip
    if any(mark in f"\n{rows}\n" for mark in (f" {delimiter}", f"{delimiter} ", " \n", "\n ")):
        table = table.apply(lambda column: column.str.strip())
    table[LINE] = [number for number, _ in good]
    return table


def _parse_quoted(text: str, delimiter: str, name: str, problems: Problems) -> pd.DataFrame:
    """Parse a file with cells in quotes, which may hold line breaks; a row is known by its last line."""
    header: list[str] = []
    rows, lines = [], []
    for line, row in _numbered(text, delimiter, name):
        if not any(cell.strip() for cell in row):
            continue
        if not header:
            header = _header(row, name)
        elif [cell.strip() for cell in row] == header:
            continue
        elif len(row) != len(header):
            problems.add(name, line, _half_written(len(row), header))
        else:
            rows.append([cell.strip() for cell in row])
            lines.append(line)
    table = pd.DataFrame(rows, columns=_header(header, name), dtype=object)
    table[LINE] = lines
    return table


def _numbered(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with its last line.

    Strictly: the csv module otherwise takes all that follows an open quote, rows of other listeners too, for
    one cell.

    Raises:
        RatingsError: A quote opens a cell and does not close at its end.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        first = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            what = str(error)
            if "limit" not in what:
                what = (
                    f"a cell opens with a quote and does not end with one ({what}, line {reader.line_num}); "
                    "expected both or none, and quotes inside such a cell twice"
                )
            raise RatingsError(f"{name}, line {first}: {what}.") from None
        yield reader.line_num, row


def _header(cells: list[str], name: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    if not header:
        raise RatingsError(f"{name} is empty; expected a CSV header and ratings.")
    repeated = sorted({cell for cell in header if header.count(cell) > 1})
    if repeated:
        raise RatingsError(f"{name} has the column '{repeated[0]}' more than once in its header.")
    return header


def _half_written(cells: int, header: list[str]) -> str:
    return f"{cells} cells where the header has {len(header)}"


def file_of(table: pd.DataFrame) -> str:
    """Return the name of the file that a table came from."""
    return str(table[FILE].iloc[0]) if len(table) else "the table"


def listener_of(table: pd.DataFrame, names: list[str] | None, default: str | None) -> pd.Series:
    """Return who rated each row: the named column(s), joined with a slash, or the default column.

    Raises:
        RatingsError: Listeners cannot be told apart, or a named column does not exist.
    """
    chosen = list(names or ([default] if default and default in table else []))
    others = ", ".join(f"'{name}'" for name in table.columns if not name.startswith("_"))
    file = file_of(table)
    if not chosen:
        raise RatingsError(
            f"{file} has no column that tells listeners apart; name one or several with --listener (found "
            f"{others})."
        )
    for name in chosen:
        if name not in table:
            raise RatingsError(f"{file} has no column '{name}' for the listener; found {others}.")
        empty = table[name] == ""
        if empty.any():
            line = int(table.loc[empty, LINE].iloc[0])
            raise RatingsError(f"{file}, line {line}: the listener column '{name}' is empty.")
    listener = table[chosen[0]]
    for name in chosen[1:]:
        listener = listener + "/" + table[name]
    return listener

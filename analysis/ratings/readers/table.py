"""CSV files as people and PHP scripts write them: text cells, with the line each row came from."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.marks import FILE, LINE
from analysis.ratings.readers.decode import KEPT_RETURN, read_text, restore_returns, split_lines
from analysis.ratings.readers.rows import NAMELESS, Problems, from_rows, header_of

_LONGEST_CELL = 2**20  # of characters; our server takes no longer remark


def read_table(path: Path, problems: Problems, encoding: str | None = None) -> pd.DataFrame:
    """Read a CSV file, with or without a byte-order mark and blank lines; `read_text` finds its delimiter.

    A line that repeats the header, as concatenated files have it, is not a row. Columns without a name are
    called `column 3` by their place, or left out if they are empty.

    Args:
        path: The file, UTF-8, UTF-16 or cp1252.
        problems: Takes the rows that have more or fewer cells than the header; they are left out. Rows that
            lack only cells at their end which no row fills are whole.
        encoding: What the text is encoded in, if it is none of these.

    Returns:
        Text columns named by the header (cells stripped of spaces at their ends), and `_file`, `_line`.

    Raises:
        RatingsError: Empty, not UTF-8, not CSV or with a header that repeats a name.
    """
    text, delimiter, notes = read_text(path, encoding)
    problems.notes += notes
    if delimiter != ",":
        problems.decimal_commas.add(path.name)
    table = _parse_plain(text, delimiter, path.name) if '"' not in text else None
    if table is None:
        table = from_rows(_number_rows(text, delimiter, path.name), path.name, problems)
    if KEPT_RETURN in text:
        cells = table.columns.drop(LINE)
        table[cells] = table[cells].map(restore_returns)
    table[FILE] = path.name
    return table


def _parse_plain(text: str, delimiter: str, name: str) -> pd.DataFrame | None:
    """Parse a file without quotes, where a line is a row; pandas' parser is faster than the csv module.

    None if a row has another length than the header, or a column has no name.
    """
    numbered = [
        (number, line) for number, line in enumerate(split_lines(text), 1) if line.strip(f" {delimiter}")
    ]
    header = header_of(numbered[0][1].split(delimiter) if numbered else [], name)
    if any(NAMELESS.fullmatch(cell) for cell in header):
        return None
    good = []
    for number, line in numbered[1:]:
        if line == numbered[0][1]:
            continue
        if line.count(delimiter) + 1 != len(header):
            return None
        good.append((number, line))
    rows = "\n".join(line for _, line in good)
    table = pd.read_csv(
        io.StringIO(rows, newline=""), sep=delimiter, names=header, dtype=str,
        index_col=False, keep_default_na=False, quoting=csv.QUOTE_NONE, skip_blank_lines=False,
    ) if good else pd.DataFrame(columns=header, dtype=object)  # fmt: skip
    around = f"\n{rows}\n" if " " in rows else ""
    if any(mark in around for mark in (f" {delimiter}", f"{delimiter} ", " \n", "\n ")):
        table = table.apply(lambda column: column.str.strip())
    table[LINE] = [number for number, _ in good]
    return table


def _number_rows(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with its last line.

    Strictly: the csv module otherwise takes all that follows an open quote, rows of other listeners too, for
    one cell.

    Raises:
        RatingsError: A quote opens a cell and does not close at its end.
    """
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))  # of the whole process
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=delimiter == " "
    )
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
            raise RatingsError(f"{name}, line {first}: {what}") from None
        yield reader.line_num, row


def file_of(table: pd.DataFrame) -> str:
    """Return the name of the file that a table came from."""
    return str(table[FILE].iloc[0]) if len(table) else "the table"

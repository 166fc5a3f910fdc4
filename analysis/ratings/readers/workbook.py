"""Sheets of Excel workbooks. openpyxl is loaded when one is read: it is the extra `excel`."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.marks import FILE
from analysis.ratings.readers.rows import Problems, from_rows

Sheet = Any  # openpyxl's Worksheet, which has no types
_MOST_BYTES = 2**30  # of a workbook that was unpacked; it needs several times the memory
_MOST_CELLS = 5_000_000  # of a sheet, empty ones too: a format in the last row makes all rows part of it
_AREAS = ("mergeCell", "hyperlink")  # openpyxl makes each cell of these
_WHOLE_COLUMNS, _WHOLE_ROWS = 16_384, 1_048_576
_MOST_PERCENT = 1e300  # a hundred times as much as any above it overflows a float
_BLOCK_BYTES = 2**20


def is_workbook(path: Path) -> bool:
    """Say whether a file is an .xlsx workbook, whatever it is called."""
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return True
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except Exception:  # it raises whatever a damaged archive leads it to
        return False


def read_workbook(path: Path, problems: Problems, sheet: str | None = None) -> pd.DataFrame:
    """Read a sheet of a workbook as a table of text: the one named, or the first with cells.

    A cell merged over several rows counts for each of them, and 0.8 that is shown as 80 % is 80 %.

    Raises:
        RatingsError: openpyxl is missing, the file is damaged, or it has no such sheet.
    """
    sheets = _open(path)
    if not sheets:
        raise RatingsError(f"{path.name} has no sheet with cells; expected a table of ratings")
    filled = [name for name, cells in sheets.items() if cells.max_row > 1 or cells["A1"].value is not None]
    if sheet is not None and sheet not in sheets:
        raise RatingsError(
            f"{path.name} has no sheet {sheet!r}; found {', '.join(map(repr, sheets))} (--sheet)"
        )
    chosen = sheet if sheet is not None else filled[0] if filled else next(iter(sheets))
    if sheet is None and len(filled) > 1:
        problems.notes.append(
            f"{path.name}: the sheet {chosen!r} is read, of {', '.join(map(repr, filled))}; --sheet reads "
            "another."
        )
    problems.decimal_commas.add(path.name)
    _refuse_many_cells(path, chosen, sheets[chosen].max_row * sheets[chosen].max_column)
    table = from_rows(enumerate(_read_cells(sheets[chosen]), 1), path.name, problems)
    return table.assign(**{FILE: path.name})


def _open(path: Path) -> dict[str, Sheet]:
    """Return the sheets of a workbook by name, with the results of formulas."""
    try:
        from openpyxl import load_workbook

        _refuse_bombs(path)
        with warnings.catch_warnings():  # of what it cannot keep when it writes the file again
            warnings.simplefilter("ignore")
            book = load_workbook(path, data_only=True)
    except ImportError:
        raise RatingsError(
            f"{path.name} is an Excel workbook, which needs openpyxl; install listenable[excel], or save the "
            "sheet as CSV UTF-8"
        ) from None
    except RatingsError:
        raise
    except Exception as error:  # openpyxl and zipfile raise whatever a damaged file leads them to
        raise RatingsError(
            f"{path.name} is not an Excel workbook that can be read ({error}); save the sheet as CSV UTF-8"
        ) from None
    return {sheet.title: sheet for sheet in book.worksheets}


def _refuse_bombs(path: Path) -> None:
    """Refuse a small file that would become gigabytes, by its size or by areas of which each cell is made."""
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        if size > _MOST_BYTES:
            raise RatingsError(
                f"{path.name} unpacks to {size:,} bytes; expected at most {_MOST_BYTES:,} (save the sheet as "
                "CSV UTF-8)"
            )
        for entry in archive.infolist():  # a sheet may be in any of them
            _refuse_many_cells(path, entry.filename, sum(map(_count_cells, _find_areas(archive, entry))))


class _Areas:
    """Takes the areas out of a part of a workbook as a parser finds them, and keeps nothing else."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Note an element."""
        if tag.rpartition("}")[2] in _AREAS:
            self.found.append(attributes.get("ref", ""))

    def close(self) -> list[str]:
        """Return the areas."""
        return self.found


def _find_areas(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> list[str]:
    """Return the areas of a part; the parser is openpyxl's, which honours quotes, encodings and prefixes."""
    areas = _Areas()
    parser = ElementTree.XMLParser(target=areas)
    with archive.open(entry) as part:
        try:
            while block := part.read(_BLOCK_BYTES):
                parser.feed(block)
        except (ElementTree.ParseError, LookupError, ValueError):
            pass  # a picture, or nothing that openpyxl reads: it has the same parser
    return areas.found


def _count_cells(area: str) -> int:
    """Return how many cells an area has; one that is wrong has none, and openpyxl refuses it."""
    from openpyxl.utils.cell import range_boundaries

    try:
        left, top, right, bottom = range_boundaries(area)
    except (ValueError, TypeError):
        return 0
    columns = _WHOLE_COLUMNS if left is None else abs(right - left) + 1
    return columns * (_WHOLE_ROWS if top is None else abs(bottom - top) + 1)


def _refuse_many_cells(path: Path, sheet: str, cells: int) -> None:
    if cells > _MOST_CELLS:
        raise RatingsError(
            f"{path.name}: the sheet {sheet!r} has {cells:,} cells; expected at most {_MOST_CELLS:,} (remove "
            "what is far from the table, formats too, or save the sheet as CSV UTF-8)"
        )


def _read_cells(sheet: Sheet) -> list[list[str]]:
    """Return the rows of a sheet as text; a merged cell stands in each of its rows."""
    rows = [[_text(cell.value, str(cell.number_format)) for cell in row] for row in sheet.iter_rows()]
    for area in sheet.merged_cells.ranges:
        text = rows[area.min_row - 1][area.min_col - 1]
        for row in rows[area.min_row : area.max_row]:
            row[area.min_col - 1] = text
    return rows


def _text(value: Any, shown_as: str) -> str:
    """Text of a cell as a CSV would have it; a whole number has no point."""
    if value is None or value != value:
        return ""
    if isinstance(value, int | float) and shown_as.endswith("%") and abs(value) < _MOST_PERCENT:
        return f"{round(100 * value, 9):g} %"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)

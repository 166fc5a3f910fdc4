"""Sheets of Excel workbooks. openpyxl is loaded when one is read: it is the extra `excel`."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.readers.rows import FILE, Problems, from_rows


def is_workbook(path: Path) -> bool:
    """Say whether a file is an .xlsx workbook, whatever it is called."""
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return True
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return "xl/workbook.xml" in archive.namelist()


def read_workbook(path: Path, problems: Problems, sheet: str | None = None) -> pd.DataFrame:
    """Read a sheet of a workbook as a table of text: the one named, or the first with cells.

    Raises:
        RatingsError: openpyxl is missing, the file is damaged, or it has no such sheet.
    """
    try:
        sheets = pd.read_excel(
            path, sheet_name=None, header=None, dtype=object, engine="openpyxl", na_filter=False
        )
    except ImportError:
        raise RatingsError(
            f"{path.name} is an Excel workbook, which needs openpyxl; install listenable[excel], or save the "
            "sheet as CSV UTF-8"
        ) from None
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise RatingsError(
            f"{path.name} is not an Excel workbook that can be read ({error}); save the sheet as CSV UTF-8"
        ) from None
    filled = [str(name) for name, cells in sheets.items() if not cells.empty]
    if sheet is not None and sheet not in sheets:
        raise RatingsError(
            f"{path.name} has no sheet {sheet!r}; found {', '.join(map(repr, sheets))} (--sheet)"
        )
    chosen = sheet if sheet is not None else filled[0] if filled else str(next(iter(sheets)))
    if sheet is None and len(filled) > 1:
        problems.notes.append(
            f"{path.name}: the sheet {chosen!r} is read, of {', '.join(map(repr, filled))}; --sheet reads "
            "another."
        )
    problems.decimal_commas.add(path.name)
    rows = sheets[chosen].itertuples(index=False, name=None)
    table = from_rows(
        ((line, [_text(cell) for cell in row]) for line, row in enumerate(rows, 1)), path.name, problems
    )
    return table.assign(**{FILE: path.name})


def _text(cell: object) -> str:
    """Text of a cell as a CSV would have it; a whole number has no point."""
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)

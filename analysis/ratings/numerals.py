"""Cells of number columns as spreadsheets and people write them: 3,5, 12'345, 80 %, 5 - Excellent, Good."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Collection

import pandas as pd

from analysis.ratings.spellings import fold_text
from analysis.ratings.tidy import map_values

_NUMBER = r"([+-]?\d+(?:[.,]\d+)?)"
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_COMMA_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_POINT_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?")
_OTHER_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:[ '\u2019]\d{3})+(?:[.,]\d+)?")

_PERCENT = re.compile(rf"{_NUMBER}\s*%")
_PART_OF = re.compile(rf"{_NUMBER}\s*/\s*(\d+)")
# A dash needs blanks around it: 5-6 is not a score, 5 - Excellent is.
_JOINED = r"(?:\s+[-\u2013\u2014]\s+|\s*[:=]\s*|\s*[(\[])"
_NUMBER_FIRST = re.compile(rf"{_NUMBER}(?:(?:{_JOINED}|\s*\)\s*)(?=[^\W\d]).*|\.?\s+(?=[^\W\d])\D*)")
_LABEL_FIRST = re.compile(rf"[^\W\d]\D*?{_JOINED}{_NUMBER}[)\]]?")
_MONTH = re.compile(
    r"\b(?:jan|janv|feb|febr|fev|fevr|mar|mars|mrz|marz|apr|avr|abr|may|mai|mayo|mag|mei|maj|jun|juin|giu|jul"
    r"|juil|lug|aug|aout|ago|sep|sept|oct|okt|ott|out|nov|dec|dez|dic|ene|gen|january|february|march|april"
    r"|june|july|august|september|october|november|december|januar|februar|juni|juli|oktober|dezember)\b"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d.*|\d{1,2}([./-])\d{1,2}\1(?:\d{2}|\d{4})?")
# The scales of ITU-T P.800, absolute and degradation category rating, as `fold_text` leaves them.
_GRADES = {
    "excellent": 5, "good": 4, "fair": 3, "poor": 2, "bad": 1,
    "imperceptible": 5, "inaudible": 5, "slightly annoying": 3, "annoying": 2, "very annoying": 1,
    **{
        f"{heard}{but} not annoying": 4
        for heard in ("perceptible", "audible")
        for but in (" but", ", but", ",")
    },
    "ausgezeichnet": 5, "gut": 4, "ordentlich": 3, "durftig": 2, "schlecht": 1,
}  # fmt: skip


def parse_numbers(cells: pd.Series, has_decimal_commas: pd.Series) -> pd.Series:
    """Return the cells of a column as numbers, missing where a cell is not one.

    Whether a comma is a decimal sign or parts thousands is seen from cells such as 3,5 or 1,234,567; if all
    cells are like 1,234, `has_decimal_commas` says it of each row. Points part thousands where a cell is like
    1.234,5.
    """
    if pd.api.types.is_numeric_dtype(cells):
        return cells.astype(float)
    text = map_values(cells, _to_ascii)
    for flag in has_decimal_commas.unique():
        rows = has_decimal_commas == flag
        parted = [
            cell
            for cell in text[rows].unique()
            if isinstance(cell, str) and re.search(r"[,' \u2019]|\..*\.", cell)
        ]
        if not parted:
            continue
        commas, points = _comma_is_decimal(parted, bool(flag)), _point_parts_thousands(parted)
        text = text.where(
            ~rows, map_values(text, functools.partial(_join_digits, commas=commas, points=points))
        )
    return pd.to_numeric(text, errors="coerce").astype(float)


def read_grades(cells: pd.Series) -> tuple[pd.Series, dict[str, int]]:
    """Replace the words of a category scale (Excellent, ... or Imperceptible, ...) by their grades.

    Returns:
        The column, and the grade of each word that was found, as it is written.
    """
    found = {
        cell: _GRADES[fold_text(cell.strip())]
        for cell in cells.unique()
        if isinstance(cell, str) and fold_text(cell.strip()) in _GRADES
    }
    return (map_values(cells, lambda cell: found.get(cell, cell)) if found else cells), found


def describe_grades(found: dict[str, int]) -> list[str]:
    """Return a sentence on how words were read as grades, if any were."""
    if not found:
        return []
    listed = ", ".join(f"{word} {grade}" for word, grade in sorted(found.items(), key=lambda pair: -pair[1]))
    return [f"Words were read as the grades of ITU-T P.800: {listed}."]


def strip_labels(cells: pd.Series) -> pd.Series:
    """Reduce `80 %`, `5 - Excellent`, `Excellent (5)` and, if all are of one number, `4/5` to the number."""
    wholes = {
        match[2] for cell in cells.dropna().unique() if (match := _PART_OF.fullmatch(str(cell).strip()))
    }
    return map_values(cells, lambda cell: _strip_label(cell, is_part=len(wholes) == 1))


def describe_cell(cell: object) -> str:
    """Return what a cell is that should be a number, and what was expected."""
    text = str(cell)
    if _is_date(fold_text(text)):
        return (
            f"'{text}', a date, as spreadsheets make of numbers; expected a number (format the column as "
            "text or number and export it again)"
        )
    return f"'{text}', expected a number"


def _strip_label(cell: object, *, is_part: bool) -> object:
    if not isinstance(cell, str):
        return cell
    text = unicodedata.normalize("NFKC", cell).strip()
    match = _PERCENT.fullmatch(text) or (_PART_OF.fullmatch(text) if is_part else None)
    if match is None and not _is_date(fold_text(text)):
        match = _NUMBER_FIRST.fullmatch(text) or _LABEL_FIRST.fullmatch(text)
    return match[1] if match else cell


def _is_date(folded: str) -> bool:
    """Return whether a text is a date: 2024-05-03, 3.5.2024, or the 3. Mai or May-03 made of 3.5 and 3-5."""
    return bool(_DATE.fullmatch(folded)) or (bool(re.search(r"\d", folded)) and bool(_MONTH.search(folded)))


def _to_ascii(cell: object) -> object:
    """Return a text with plain digits, blanks and minus signs; other values as they are."""
    if not isinstance(cell, str):
        return cell
    plain = unicodedata.normalize("NFKC", cell).replace("\u2212", "-").strip()
    return plain.removeprefix("'") or None  # spreadsheets mark texts with an apostrophe


def _comma_is_decimal(cells: Collection[str], default: bool) -> bool:
    if any(_DECIMAL_COMMA.fullmatch(cell) and not _COMMA_THOUSANDS.fullmatch(cell) for cell in cells):
        return True
    if _point_parts_thousands(cells):
        return True
    thousands = [cell for cell in cells if _COMMA_THOUSANDS.fullmatch(cell)]
    return default and not any("." in cell or cell.count(",") > 1 for cell in thousands)


def _point_parts_thousands(cells: Collection[str]) -> bool:
    return any(_POINT_THOUSANDS.fullmatch(cell) and ("," in cell or cell.count(".") > 1) for cell in cells)


def _join_digits(cell: object, commas: bool, points: bool) -> object:
    """Return a number without what parts its thousands, and with a decimal point."""
    if not isinstance(cell, str):
        return cell
    if _OTHER_THOUSANDS.fullmatch(cell):
        cell = re.sub(r"[ '\u2019]", "", cell)
    if points and _POINT_THOUSANDS.fullmatch(cell):
        cell = cell.replace(".", "")
    if commas and _DECIMAL_COMMA.fullmatch(cell):
        return cell.replace(",", ".")
    return cell.replace(",", "") if not commas and _COMMA_THOUSANDS.fullmatch(cell) else cell

"""Frames as rows and cells of a page's tables: text for people, a value to sort by."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from analysis.formatting import number
from analysis.ratings.tidy import records


@dataclass(frozen=True)
class Column:
    """One column of a page's table: where its value comes from and how it is printed.

    `kind` is `text`, `count`, `score`, `p`, `effect`, `share` (printed in percent; the title says so),
    `interval` or `effects` (of `<key>_low` and `<key>_high`). A `spare` column is left out if it is empty.
    """

    key: str
    title: str
    kind: str = "text"
    hint: str = ""
    spare: bool = False


@dataclass(frozen=True)
class Cell:
    """What a cell shows and the value that its column sorts by."""

    text: str
    sort: str


@dataclass(frozen=True)
class Table:
    """A table of a page."""

    columns: list[Column]
    rows: list[list[Cell]]


def table_of(frame: pd.DataFrame, columns: list[Column], digits: int) -> Table:
    """Return a frame as a page's table, without spare columns that are empty.

    Args:
        frame: Any frame with the columns' keys.
        columns: What to show.
        digits: Decimals of scores.
    """
    rows = cells_of(frame, columns, digits)
    shown = [
        place
        for place, column in enumerate(columns)
        if not column.spare or any(row[place].text not in ("", "–") for row in rows)
    ]
    return Table([columns[place] for place in shown], [[row[place] for place in shown] for row in rows])


def cells_of(table: pd.DataFrame, columns: list[Column], digits: int = 1) -> list[list[Cell]]:
    """Format a frame's rows.

    Args:
        table: Any frame with the columns' keys.
        columns: What to show.
        digits: Decimals of scores.
    """
    return [[_cell(row, column, digits) for column in columns] for row in records(table)]


def _cell(row: dict[str, object], column: Column, digits: int) -> Cell:
    if column.kind in ("interval", "effects"):
        digits = 2 if column.kind == "effects" else digits
        low, high = float(row[f"{column.key}_low"]), float(row[f"{column.key}_high"])  # type: ignore[arg-type]
        text = "–" if math.isnan(low) else f"{number(low, digits)} to {number(high, digits)}"
        return Cell(text, _sortable(low))
    value = row[column.key]
    if column.kind == "text":
        if isinstance(value, bool):
            value = "yes" if value else "no"
        text = "" if value is None or value != value else str(value)
        return Cell(text, text)
    amount = float("nan") if value is None else float(value)  # type: ignore[arg-type]
    return Cell(_format_value(amount, column.kind, digits), _sortable(amount))


def _format_value(value: float, kind: str, digits: int) -> str:
    if math.isnan(value):
        return "–"
    if kind == "count":
        return f"{value:.0f}"
    if kind == "p":
        return "< 0.0001" if value < 0.0001 else f"{value:.4f}" if value < 0.001 else f"{value:.3f}"
    if kind == "share":
        return f"{100 * value:.0f}"
    if kind == "effect":
        return number(value, 2)
    return number(value, digits)


def _sortable(value: float) -> str:
    return "" if math.isnan(value) else repr(value)

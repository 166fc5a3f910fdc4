"""How large a table may become: a small file that a stranger sends can ask for any number of cells."""

from __future__ import annotations

from analysis.errors import RatingsError

MOST_CELLS = 200_000_000
"""Of a table that has many times as many cells as its file says."""
GROWTH = 4
"""How many times as many are usual: pages of several types have columns of their own."""


def refuse_growth(name: str, rows: int, columns: int, given: int) -> None:
    """Refuse a table that memory may not hold although its file is small.

    Args:
        name: Of the file.
        rows: Of the table.
        columns: Of the table.
        given: How many cells the file fills.

    Raises:
        RatingsError: The table has far more cells than the file fills.
    """
    if rows * columns > max(MOST_CELLS, GROWTH * given):
        raise RatingsError(
            f"{name} becomes a table of {rows:,} rows and {columns:,} columns, of which it fills {given:,} "
            "cells; expected the same columns in every row"
        )

"""How large a figure must be for what is drawn in it; all sizes in cm of print."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stimuli.names import ems

# Widths of names in ems of their letters.
CONDITION, PAIR, ITEM = 15.0, 14.0, 11.0

TICK_PT, LEGEND_PT = 8.0, 7.5
LEGEND_COLUMNS, LEGEND_ROWS = 3, 3  # that a figure of usual size has room for
_CM_PER_PT = 2.54 / 72
_DENSE = 0.42  # between two rows of names that are as close as they can be read
_LEAST, _MOST = 1.7, 45.0


def rows_cm(count: int, pitch: float, *, usual: int = 12) -> float:
    """Return the length of an axis with a name per row: closer from the `usual` number of rows on.

    Args:
        count: Number of rows.
        pitch: Distance of the rows of a usual figure.
        usual: How many rows are that far apart.
    """
    length = pitch * min(count, usual) + _DENSE * max(count - usual, 0)
    return min(max(length, _LEAST), _MOST)


def ticks(names: Sequence[str], length: float) -> tuple[list[int], list[str]]:
    """Return the places and the names along an axis: all of them, or as many as its length has room for."""
    step = max(1, math.ceil(len(names) * _DENSE / length - 0.05))
    return list(range(0, len(names), step)), list(names[::step])


def slant(count: int, length: float, angle: float) -> float:
    """Return the angle in degrees of names below an axis: `angle`, or upright where they would touch."""
    return angle if count * _DENSE <= 0.97 * length * math.sin(math.radians(angle)) else 90.0


def depth_cm(names: Sequence[str], angle: float) -> float:
    """Return how far names reach below their axis."""
    widest = max(map(ems, names))
    return (widest * math.sin(math.radians(angle)) + 1.2) * TICK_PT * _CM_PER_PT


def legend_columns(names: Sequence[str], width: float) -> int:
    """Return the columns of a legend: three, or fewer where names are long, or what fits of many."""
    # Of an entry, 2 ems are the line, 0.8 the space behind it and 2 the space between columns.
    entry = (max(map(ems, names)) + 4.8) * LEGEND_PT * _CM_PER_PT
    fitting = max(1, int((width - 0.4) // entry))
    many = len(names) > LEGEND_COLUMNS * LEGEND_ROWS
    return min(fitting, len(names)) if many else min(fitting, LEGEND_COLUMNS)


def legend_cm(names: Sequence[str], width: float) -> float:
    """Return what a legend needs in height beyond the rows that a figure of usual size has room for."""
    rows = math.ceil(len(names) / legend_columns(names, width))
    return 1.75 * LEGEND_PT * _CM_PER_PT * max(0, rows - LEGEND_ROWS)

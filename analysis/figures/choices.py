"""Estimates of choices with their intervals: shares, differences, places on a scale, one row each."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.colours import assign_looks
from analysis.figures.room import CONDITION, PAIR, depth_cm, rows_cm, ticks
from analysis.figures.style import INK, finish, level_of, new_axes
from analysis.ratings.tidy import iter_rows
from stimuli.names import shorten

_FAINT = "#7b7f8a"
_NAMES_CM = 6.0  # of a figure of usual width


def plot_shares(table: pd.DataFrame, ax: Axes | None = None, *, chance: float = 0.5) -> Axes:
    """Draw a share per row in percent, filled where its test finds a difference from chance.

    Args:
        table: Columns `name, share, ci_low, ci_high, p, simulated`, as `preferences` and `discrimination`
            return them, with a name per row.
        ax: Where to draw; by default a new figure of print size.
        chance: The share by chance, drawn as a line.
    """
    shown = pd.DataFrame(
        {
            "name": table["name"], "centre": 100 * table["share"], "low": 100 * table["ci_low"],
            "high": 100 * table["ci_high"], "filled": table["p"] < 0.05,
        }
    )  # fmt: skip
    ax = draw_intervals(shown, ax, PAIR)
    ax.axvline(100 * chance, color=INK, linewidth=0.8)
    ax.set_xlim(-2, 102)
    ax.set_xlabel(f"Share in %, {level_of(table)} interval\n(line: chance; filled: p < 0.05)")
    return finish(ax, table)


def plot_category_differences(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the difference of each pair on the scale of comparison ratings, from -3 to 3.

    Args:
        table: From `category_differences`, with the columns `name` and `simulated`.
        ax: Where to draw; by default a new figure of print size.
    """
    shown = pd.DataFrame(
        {
            "name": table["name"], "centre": table["difference"], "low": table["ci_low"],
            "high": table["ci_high"], "filled": table["p"] < 0.05,
        }
    )  # fmt: skip
    ax = draw_intervals(shown, ax, PAIR)
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.set_xlim(-3.1, 3.1)
    ax.set_xlabel(f"Difference in points, {level_of(table)} interval\n(filled: p < 0.05)")
    return finish(ax, table)


def plot_scale(
    table: pd.DataFrame, ax: Axes | None = None, *, label: str, ends: tuple[float, float] | None = None
) -> Axes:
    """Draw the place of each condition on a scale.

    Args:
        table: Columns `condition, name, role, centre, low, high, simulated`.
        ax: Where to draw; by default a new figure of print size.
        label: Of the axis.
        ends: Of the axis; by default those of the intervals.
    """
    shown = table.assign(filled=True)
    look = assign_looks(table)
    ax = draw_intervals(shown, ax, CONDITION, [look[name].colour for name in table["condition"]])
    if ends is not None:
        room = 0.02 * (ends[1] - ends[0])
        ax.set_xlim(ends[0] - room, ends[1] + room)
    ax.set_xlabel(f"{label}, {level_of(table)} interval")
    return finish(ax, table)


def draw_intervals(
    rows: pd.DataFrame, ax: Axes | None, room: float, colours: Sequence[str] | None = None
) -> Axes:
    """Draw one interval per row, the first at the top.

    Args:
        rows: Columns `name, centre, low, high, filled`.
        ax: Where to draw; by default a new figure of print size.
        room: For a name, in ems.
        colours: One per row; by default ink, faint where not filled.
    """
    length = rows_cm(len(rows), 0.72)
    names = shorten(rows["name"], room)
    ax = ax or new_axes(12.5 + max(0.0, depth_cm(names, 90) - _NAMES_CM), 1.9 + length)
    for place, row in enumerate(iter_rows(rows)):
        colour = colours[place] if colours else INK if row.filled else _FAINT
        ax.plot([row.low, row.high], [place, place], color=colour, linewidth=2.2, solid_capstyle="round")
        face = colour if row.filled else "white"
        ax.plot(row.centre, place, "o", color=colour, markerfacecolor=face, markersize=6)
    ax.set_yticks(*ticks(names, length))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    return ax

"""The pairwise differences: a forest plot, or a matrix where there are too many pairs for rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.room import CONDITION, PAIR, depth_cm, rows_cm, ticks
from analysis.figures.style import INK, figure_of, finish, finish_colour_bar, level_of, name_columns, new_axes
from analysis.models.compare import compare
from analysis.ratings.tidy import conditions, iter_rows
from stimuli.names import shorten

_ROWS = 60  # pairs that get a row each
_NAMES_CM = 6.0  # of a figure of usual width


def plot_differences(
    frame: pd.DataFrame, ax: Axes | None = None, *, table: pd.DataFrame | None = None
) -> Axes:
    """Draw each pair's difference with its interval; filled where the corrected p value is below 0.05.

    More than 60 pairs are drawn as a matrix of colours without intervals, a dot where p is below 0.05.

    Args:
        frame: Tidy ratings.
        ax: Where to draw; by default a new figure of print size.
        table: What `compare` returned, where it is at hand already.
    """
    rows = compare(frame) if table is None else table
    correction = rows["correction"].iloc[0]
    clear = "p < 0.05" if correction == "none" else f"p < 0.05, {correction.capitalize()}"
    draw = _forest if len(rows) <= _ROWS else _matrix
    return draw(frame, rows, clear, ax)


def _forest(frame: pd.DataFrame, rows: pd.DataFrame, clear: str, ax: Axes | None) -> Axes:
    length = rows_cm(len(rows), 0.62, usual=28)
    both = list(dict.fromkeys([*rows["label_a"], *rows["label_b"]]))
    name = dict(zip(both, shorten(both, PAIR), strict=True))
    pairs = [f"{name[row.label_a]} − {name[row.label_b]}" for row in iter_rows(rows)]
    # Two long names need more width than the names of other figures have.
    ax = ax or new_axes(12.5 + max(0.0, depth_cm(pairs, 90) - _NAMES_CM), 1.9 + length)
    for place, row in enumerate(iter_rows(rows)):
        filled = row.p < 0.05
        colour = INK if filled else "#7b7f8a"  # no condition's: a row is about two of them
        ax.plot([row.ci_low, row.ci_high], [place, place], color=colour, linewidth=2 if filled else 1.4)
        ax.plot(
            row.difference,
            place,
            "o",
            color=colour,
            markerfacecolor=colour if filled else "white",
            markersize=5.5,
        )
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.set_yticks(*ticks(pairs, length))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    together = "simultaneous " if rows["together"].iloc[0] > 1 else ""
    about = rows["about"].iloc[0]
    ax.set_xlabel(f"Difference in points, {together}{level_of(rows)} interval\n({about}; filled: {clear})")
    return finish(ax, frame)


def _matrix(frame: pd.DataFrame, rows: pd.DataFrame, clear: str, ax: Axes | None) -> Axes:
    """Draw the column's condition minus the row's as a colour."""
    compared = {*rows["condition_a"], *rows["condition_b"]}
    listed = conditions(frame)
    listed = listed[listed["condition"].isin(compared)]
    place = {name: k for k, name in enumerate(listed["condition"])}
    values = np.full((len(place), len(place)), np.nan)
    marked = []
    for row in iter_rows(rows):
        a, b = place[row.condition_a], place[row.condition_b]
        # Below the diagonal, whichever of the two comes first in the order of the figures.
        values[max(a, b), min(a, b)] = row.difference if a < b else -row.difference
        marked += [(min(a, b) + 0.5, max(a, b) + 0.5)] if row.p < 0.05 else []
    names = shorten(listed["label"], CONDITION)
    length = rows_cm(len(names), 0.5)
    ax = ax or new_axes(7.2 + length, 2.4 + length + depth_cm(names, 90))
    widest = float(np.nanmax(np.abs(values))) or 1.0
    colours = ax.pcolormesh(values, cmap="PuOr", vmin=-widest, vmax=widest, rasterized=True)
    if marked:
        ax.plot(*zip(*marked, strict=True), "o", color="white", markersize=2.6, markeredgecolor=INK, mew=0.5)
    name_columns(ax, names, length, 90, first=0.5)
    places, shown = ticks(names, length)
    ax.set_yticks([k + 0.5 for k in places], shown)
    ax.set_ylim(len(names), 0)
    ax.set_xlabel(f"Column minus row in points\n(dot: {clear})")
    finish_colour_bar(figure_of(ax).colorbar(colours, ax=ax, label="Difference in points", shrink=0.8))
    return finish(ax, frame, grid=None)

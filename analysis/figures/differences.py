"""Forest plot of the pairwise differences."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.style import INK, finish, level_of, new_axes
from analysis.models.compare import compare
from analysis.ratings.tidy import each


def plot_differences(
    frame: pd.DataFrame, ax: Axes | None = None, *, table: pd.DataFrame | None = None
) -> Axes:
    """Draw each pair's difference with its interval; filled where the corrected p value is below 0.05.

    Args:
        frame: Tidy ratings.
        ax: Where to draw; by default a new figure of print size.
        table: What `compare` returned, where it is at hand already.
    """
    rows = compare(frame) if table is None else table
    ax = ax or new_axes(12.5, 1.9 + 0.62 * len(rows))
    for place, row in enumerate(each(rows)):
        clear = row.p < 0.05
        colour = INK if clear else "#7b7f8a"  # no condition's: a row is about two of them
        ax.plot([row.ci_low, row.ci_high], [place, place], color=colour, linewidth=2 if clear else 1.4)
        ax.plot(
            row.difference,
            place,
            "o",
            color=colour,
            markerfacecolor=colour if clear else "white",
            markersize=5.5,
        )
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.set_yticks(range(len(rows)), [f"{row.label_a} − {row.label_b}" for row in each(rows)])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    correction = (
        "" if rows["correction"].iloc[0] == "none" else f", {rows['correction'].iloc[0].capitalize()}"
    )
    ax.set_xlabel(f"Difference in points, {level_of(rows)} interval\n(filled: p < 0.05{correction})")
    return finish(ax, frame)

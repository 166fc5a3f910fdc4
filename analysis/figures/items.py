"""Mean score of every condition on every item."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.style import CYCLE, finish, new_axes, score_axis
from analysis.mos import mos
from analysis.ratings import conditions


def plot_items(frame: pd.DataFrame, ax: Axes | None = None, *, table: pd.DataFrame | None = None) -> Axes:
    """Draw each condition's mean on each item, items by falling mean over the methods.

    Lines that cross tell of an interaction of item and condition.

    Args:
        frame: Tidy ratings.
        ax: Where to draw; by default a new figure of print size.
        table: What `mos(frame, by="item")` returned, where it is at hand already.
    """
    rows = mos(frame, by="item") if table is None else table
    listed = conditions(frame)
    wide = rows.pivot(index="item", columns="condition", values="mos")
    wide = wide.loc[wide.mean(axis=1).sort_values(ascending=False, kind="stable").index]
    ax = ax or new_axes(16, 8.5)
    for number, row in enumerate(listed.itertuples()):
        dash = "-" if row.role == "method" else ":"
        marker = "osD^vPX*"[number % 8]
        ax.plot(
            range(len(wide)), wide[row.condition], dash, marker=marker, color=CYCLE[number % len(CYCLE)],
            markersize=4.5, linewidth=1.1, label=row.label,
        )  # fmt: skip
    names = [name if len(name) <= 18 else f"{name[:17]}…" for name in map(str, wide.index)]
    ax.set_xticks(range(len(wide)), names, rotation=40, ha="right", rotation_mode="anchor")
    score_axis(ax, frame, vertical=True)
    ax.set_ylabel("Mean score")
    finish(ax, frame, grid="y")
    legend(ax)
    return ax


def legend(ax: Axes) -> None:
    """Put a legend without a frame to the right of the axes."""
    from analysis.figures.style import INK

    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=7.5, labelcolor=INK)

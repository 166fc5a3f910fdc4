"""Mean score of every condition on every item."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.colours import looks
from analysis.figures.style import finish, legend, new_axes, score_axis
from analysis.models.mos import mos
from analysis.ratings.labels import item_labels
from analysis.ratings.tidy import conditions


def plot_items(frame: pd.DataFrame, ax: Axes | None = None, *, table: pd.DataFrame | None = None) -> Axes:
    """Draw each condition's mean on each item, items by falling mean over the methods.

    Lines that cross tell of an interaction of item and condition.

    Args:
        frame: Tidy ratings.
        ax: Where to draw; by default a new figure of print size.
        table: What `mos(frame, by="item")` returned, where it is at hand already.
    """
    rows = mos(frame, by="item") if table is None else table
    listed, look = conditions(frame), looks(frame)
    wide = rows.pivot(index="item", columns="condition", values="mos")
    methods = list(listed.loc[listed["role"] == "method", "condition"]) or list(listed["condition"])
    wide = wide.loc[wide[methods].mean(axis=1).sort_values(ascending=False, kind="stable").index]
    ax = ax or new_axes(13, 9)
    for name in listed["condition"]:
        ax.plot(range(len(wide)), wide[name], **look[name].as_line())
    called = item_labels(frame)
    names = [name if len(name) <= 18 else f"{name[:17]}…" for name in map(called.__getitem__, wide.index)]
    ax.set_xticks(range(len(wide)), names, rotation=40, ha="right", rotation_mode="anchor")
    score_axis(ax, frame, vertical=True)
    ax.set_ylabel("Mean score")
    finish(ax, frame, grid="y")
    legend(ax, list(listed["label"]))
    return ax

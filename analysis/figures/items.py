"""Mean score of every condition on every item."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.colours import assign_looks
from analysis.figures.room import CONDITION, ITEM, depth_cm, legend_cm, rows_cm, slant
from analysis.figures.style import finish, legend, name_columns, new_axes, score_axis
from analysis.models.mos import mos
from analysis.ratings.labels import item_labels
from analysis.ratings.tidy import conditions
from stimuli.names import shorten


def plot_items(frame: pd.DataFrame, ax: Axes | None = None, *, table: pd.DataFrame | None = None) -> Axes:
    """Draw each condition's mean on each item, items by falling mean over the methods.

    Lines that cross show an interaction of item and condition.

    Args:
        frame: Tidy ratings.
        ax: Where to draw; by default a new figure of print size.
        table: What `mos(frame, by="item")` returned, where it is at hand already.
    """
    rows = mos(frame, by="item") if table is None else table
    listed, look = conditions(frame), assign_looks(frame)
    wide = rows.pivot(index="item", columns="condition", values="mos")
    methods = list(listed.loc[listed["role"] == "method", "condition"]) or list(listed["condition"])
    wide = wide.loc[wide[methods].mean(axis=1).sort_values(ascending=False, kind="stable").index]
    called = item_labels(frame)
    names = shorten([called[item] for item in wide.index], ITEM)
    labels = shorten(listed["label"], CONDITION)
    width = max(13.0, 2.0 + rows_cm(len(names), 0.0, usual=0))
    angle = slant(len(names), width - 3.0, 40)
    deeper = depth_cm(names, 90) - depth_cm(names, 40) if angle == 90 else 0.0
    ax = ax or new_axes(width, 9 + deeper + legend_cm(labels, width))
    for name in listed["condition"]:
        ax.plot(range(len(wide)), wide[name], **look[name].as_line())
    name_columns(ax, names, width - 2.0, angle)
    score_axis(ax, frame, vertical=True)
    ax.set_ylabel("Mean score")
    finish(ax, frame, grid="y")
    legend(ax, labels)
    return ax

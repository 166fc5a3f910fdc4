"""Every listener's mean score of every condition, as a heat map."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.room import CONDITION, ITEM, depth_cm, rows_cm, slant
from analysis.figures.style import GRID, finish, finish_colour_bar, name_columns, new_axes
from analysis.ratings.tidy import cells, conditions, is_simulated, scale_of
from stimuli.names import shorten

_NAMED = 40  # listeners that get their id printed; of more, only the number


def plot_listeners(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw each listener's mean score per condition; listeners who agree most with the panel are at the top.

    Agreement is the correlation with the panel's mean over conditions. Missing cells are left blank.
    """
    import seaborn as sns

    listed = conditions(frame)
    table = cells(frame).groupby(["listener", "condition"])["score"].mean().unstack()
    table = table[list(listed["condition"])]
    agreement = table.T.corrwith(table.mean()).fillna(-1.0)
    table = table.loc[agreement.sort_values(ascending=False, kind="stable").index]
    named = len(table) <= _NAMED
    names = shorten(listed["label"], CONDITION)
    width = max(12.5, 5.8 + rows_cm(len(names), 0.0, usual=0))
    angle = slant(len(names), width - 5.8, 35)
    around = max(3.2, 1.5 + depth_cm(names, angle))
    ax = ax or new_axes(width, around + (rows_cm(len(table), 0.42) if named else 11.0))
    low, high = scale_of(frame)
    sns.heatmap(
        table.to_numpy(), vmin=low, vmax=high, cmap="cividis", ax=ax, linewidths=0.4 if named else 0,
        linecolor=GRID,
        cbar_kws={"label": "Mean score", "shrink": 0.8}, yticklabels=False, rasterized=True,
    )  # fmt: skip
    name_columns(ax, names, width - 5.8, angle, first=0.5)
    if named:
        ax.set_yticks([k + 0.5 for k in range(len(table))], shorten(table.index, ITEM), rotation=0)
    ax.set_ylabel("Listener" if named else f"{len(table)} listeners")
    bar = ax.collections[0].colorbar
    if bar is not None:
        finish_colour_bar(bar)
    if is_simulated(frame):
        # The mark across the figure is hard to see on a heat map.
        ax.set_title("SIMULATED", weight="bold")
    return finish(ax, frame, grid=None)

"""Every listener's mean score of every condition, as a heat map."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.style import GRID, finish, new_axes
from analysis.ratings.tidy import cells, conditions, is_simulated, scale_of

_NAMED = 40  # listeners that get their id printed; of more, only the number


def plot_listeners(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw each listener's mean score per condition; listeners who agree most with the panel stand on top.

    Agreement is the correlation with the panel's mean over conditions. Missing cells are left blank.
    """
    import seaborn as sns

    listed = conditions(frame)
    table = cells(frame).groupby(["listener", "condition"])["score"].mean().unstack()
    table = table[list(listed["condition"])]
    agreement = table.T.corrwith(table.mean()).fillna(-1.0)
    table = table.loc[agreement.sort_values(ascending=False, kind="stable").index]
    named = len(table) <= _NAMED
    ax = ax or new_axes(12.5, 3.2 + (0.42 * len(table) if named else 11.0))
    low, high = scale_of(frame)
    sns.heatmap(
        table.to_numpy(), vmin=low, vmax=high, cmap="cividis", ax=ax, linewidths=0.4 if named else 0,
        linecolor=GRID,
        cbar_kws={"label": "Mean score", "shrink": 0.8}, yticklabels=False, rasterized=True,
    )  # fmt: skip
    ax.set_xticks(
        [k + 0.5 for k in range(len(listed))],
        list(listed["label"]),
        rotation=35,
        ha="right",
        rotation_mode="anchor",
    )
    if named:
        names = [name if len(name) <= 18 else f"{name[:17]}…" for name in map(str, table.index)]
        ax.set_yticks([k + 0.5 for k in range(len(table))], names, rotation=0)
    ax.set_ylabel("Listener" if named else f"{len(table)} listeners")
    _colour_bar(ax)
    if is_simulated(frame):
        # The mark across the figure is hard to see on a heat map.
        ax.set_title("SIMULATED", weight="bold")
    return finish(ax, frame, grid=None)


def _colour_bar(ax: Axes) -> None:
    from analysis.figures.style import INK

    bar = ax.collections[0].colorbar
    if bar is not None:
        bar.ax.tick_params(colors=INK, labelsize=8, length=3)
        bar.ax.yaxis.label.set(color=INK, fontsize=9)
        bar.outline.set_visible(False)

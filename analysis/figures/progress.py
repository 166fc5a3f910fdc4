"""Scores over the course of the session."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from analysis.errors import DesignError
from analysis.figures.items import legend
from analysis.figures.style import CYCLE, finish, new_axes, score_axis
from analysis.ratings import conditions, rated


def plot_progress(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw each condition's mean score against the position of the trial in the session.

    Raises:
        DesignError: The ratings have no positions.
    """
    rows = rated(frame)
    rows = rows[rows["trial_position"].notna()]
    if rows.empty:
        raise DesignError("The ratings have no trial positions; scores over time cannot be drawn.")
    ax = ax or new_axes(16, 7.5)
    means = rows.groupby(["trial_position", "condition"])["score"].mean().unstack()
    for number, row in enumerate(conditions(rows).itertuples()):
        line = means[row.condition].dropna()
        ax.plot(
            line.index, line, marker="osD^vPX*"[number % 8], color=CYCLE[number % len(CYCLE)], markersize=4,
            linewidth=1.1, linestyle="-" if row.role == "method" else ":", label=row.label,
        )  # fmt: skip
    score_axis(ax, rows, vertical=True)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="Position of the trial in the session", ylabel="Mean score")
    finish(ax, rows, grid="y")
    legend(ax)
    return ax

"""Scores over the course of the session."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.errors import DesignError
from analysis.figures.colours import assign_looks
from analysis.figures.room import CONDITION, legend_cm
from analysis.figures.style import finish, legend, new_axes, score_axis
from analysis.ratings.tidy import conditions, select_rated
from stimuli.names import shorten


def plot_progress(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw each condition's mean score against the position of the trial in the session.

    Raises:
        DesignError: The ratings have no positions.
    """
    rows = select_rated(frame)
    rows = rows[rows["trial_position"].notna()]
    if rows.empty:
        raise DesignError("the ratings have no trial positions; scores over time cannot be drawn")
    labels = shorten(conditions(rows)["label"], CONDITION)
    ax = ax or new_axes(13, 8.5 + legend_cm(labels, 13))
    means = rows.groupby(["trial_position", "condition"])["score"].mean().unstack()
    listed, look = conditions(rows), assign_looks(frame)
    for name in listed["condition"]:
        line = means[name].dropna()
        ax.plot(line.index, line, **look[name].as_line())
    score_axis(ax, rows, vertical=True)
    if len(means) == 1:
        ax.set_xticks(means.index)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="Position of the trial in the session", ylabel="Mean score")
    finish(ax, rows, grid="y")
    legend(ax, labels)
    return ax

"""A metric against the listeners: one point per stimulus, with its interval and the monotone mapping."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.errors import DesignError
from analysis.figures.colours import assign_looks
from analysis.figures.room import CONDITION, legend_cm
from analysis.figures.style import INK, finish, legend, new_axes, score_axis
from analysis.measurement.agreement import stimulus_scores
from analysis.measurement.mapping import fit_third
from analysis.ratings.tidy import conditions, select_rated
from stimuli.names import shorten


def plot_metric(frame: pd.DataFrame, metrics: pd.DataFrame, name: str, ax: Axes | None = None) -> Axes:
    """Draw mean scores against a metric, with the intervals over listeners and the third-order mapping.

    Args:
        frame: Tidy ratings.
        metrics: From `read_metrics`.
        name: The metric.
        ax: Where to draw; by default a new figure of print size.

    Raises:
        DesignError: Fewer than five stimuli have ratings and a finite value, or all values are the same.
    """
    table = stimulus_scores(frame, metrics)
    table = table[np.isfinite(table[name].to_numpy(float))]
    if len(table) < 5 or table[name].nunique() < 2:
        raise DesignError(
            f"{name} has values, {table[name].nunique()} of them different, for {len(table)} rated stimuli; "
            "expected five stimuli, and two different values"
        )
    listed, look = conditions(frame), assign_looks(frame)
    listed = listed[listed["condition"].isin(table["condition"])]
    labels = shorten(listed["label"], CONDITION)
    ax = ax or new_axes(12.5, 8.5 + legend_cm(labels, 12.5))
    for condition in listed["condition"]:
        part, style = table[table["condition"] == condition], look[condition]
        ax.plot(part[name], part["mos"], linestyle="", marker=style.marker, color=style.colour, markersize=5)
    ax.vlines(
        table[name], table["mos"] - table["half"], table["mos"] + table["half"], color=INK, linewidth=0.5,
        alpha=0.4,
    )  # fmt: skip
    x = table[name].to_numpy(float)
    line = np.linspace(x.min(), x.max(), 200)
    mapping = fit_third(x, table["mos"].to_numpy(float))
    ax.plot(line, np.polynomial.polynomial.polyval(line, mapping), color=INK, linewidth=1.2)
    score_axis(ax, select_rated(frame), vertical=True)
    ax.set(xlabel=name, ylabel="Mean score of the stimulus")
    finish(ax, frame, grid="y")
    legend(ax, labels)
    return ax

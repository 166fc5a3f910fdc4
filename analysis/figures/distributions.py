"""All scores of each condition: box plots, as BS.1534-3 asks for, and violins with the points."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.colours import assign_looks
from analysis.figures.room import CONDITION, rows_cm, ticks
from analysis.figures.style import INK, finish, new_axes, score_axis
from analysis.models.mos import hinges
from analysis.ratings.tidy import conditions, select_rated
from analysis.statistics.variance import Floats
from stimuli.names import shorten

_DENSITY = 3000  # scores per condition that the smooth outline is drawn from
_POINTS = 400  # shown per condition: more would hide each other and make the file large


def plot_box(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw median, quartiles (Tukey's hinges), whiskers and the scores outside them, per condition.

    Whiskers end at the last score within 1.5 interquartile ranges of the box.
    """
    rows, listed, ax = _prepare(frame, ax)
    look = assign_looks(frame)
    for place, name in enumerate(listed["condition"]):
        scores = rows.loc[rows["condition"] == name, "score"].to_numpy(float)
        _box(ax, scores, place, look[name].colour)
    return _label(rows, listed, ax)


def plot_violin(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the distribution of each condition's scores with (at most 400 of) the scores as points."""
    import seaborn as sns

    rows, listed, ax = _prepare(frame, ax)
    order = list(listed["condition"])
    palette = {name: look.colour for name, look in assign_looks(frame).items()}
    columns = rows[["condition", "score"]]
    shown = columns.groupby("condition").sample(frac=1, random_state=0).groupby("condition").head(_DENSITY)
    sns.violinplot(
        data=shown, x="score", y="condition", hue="condition", order=order, palette=palette, inner=None,
        cut=0,
        density_norm="width", linewidth=0, saturation=1, alpha=0.45, legend=False, ax=ax,
    )  # fmt: skip
    for place, name in enumerate(order):
        _points(ax, rows.loc[rows["condition"] == name, "score"].to_numpy(float), place)
    return _label(rows, listed, ax)


def _prepare(frame: pd.DataFrame, ax: Axes | None) -> tuple[pd.DataFrame, pd.DataFrame, Axes]:
    rows, listed = select_rated(frame), conditions(frame)
    return rows, listed, ax or new_axes(12.5, 2.2 + rows_cm(len(listed), 0.8))


def _label(rows: pd.DataFrame, listed: pd.DataFrame, ax: Axes) -> Axes:
    names = shorten(listed["label"], CONDITION)
    ax.set_yticks(*ticks(names, rows_cm(len(names), 0.8)))
    ax.set_ylim(len(listed) - 0.4, -0.6)
    ax.set(ylabel="", xlabel="Score")
    score_axis(ax, rows)
    return finish(ax, rows)


def _box(ax: Axes, scores: Floats, place: int, colour: str) -> None:
    low, middle, high = hinges(scores)
    reach = 1.5 * (high - low)
    inside = scores[(scores >= low - reach) & (scores <= high + reach)]
    outside = np.unique(scores[(scores < low - reach) | (scores > high + reach)])
    ax.plot([inside.min(), low], [place, place], color=INK, linewidth=1)
    ax.plot([high, inside.max()], [place, place], color=INK, linewidth=1)
    ax.barh(place, high - low, left=low, height=0.52, color=colour, alpha=0.75, edgecolor=INK, linewidth=0.9)
    ax.plot([middle, middle], [place - 0.26, place + 0.26], color=INK, linewidth=2)
    ax.plot(
        outside, np.full(len(outside), place), "o", color=INK, markersize=2.4, alpha=0.5, markeredgewidth=0
    )


def _points(ax: Axes, scores: Floats, place: int) -> None:
    """Scatter a fixed sample of the scores around a row, and mark the median."""
    rng = np.random.default_rng(place)
    shown = scores if len(scores) <= _POINTS else rng.choice(scores, _POINTS, replace=False)
    ax.scatter(
        shown, place + rng.uniform(-0.13, 0.13, len(shown)), s=4, color=INK, alpha=0.35, linewidths=0,
        rasterized=True
    )  # fmt: skip
    ax.plot([np.median(scores)] * 2, [place - 0.3, place + 0.3], color=INK, linewidth=1.4)

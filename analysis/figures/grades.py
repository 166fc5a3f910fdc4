"""How often each grade was given, for scales of a few points: stacked bars instead of violins."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes

from analysis.errors import DesignError
from analysis.figures.room import CONDITION, rows_cm, ticks
from analysis.figures.style import INK, finish, legend, new_axes
from analysis.models.mos import hinges
from analysis.ratings.tidy import conditions, scale_of, select_rated
from stimuli.names import shorten

MOST_GRADES = 11


def is_graded(frame: pd.DataFrame) -> bool:
    """Say whether the scale has few points: whole numbers, at most eleven, on a scale as short as that."""
    scores = select_rated(frame)["score"]
    low, high = scale_of(frame)
    return bool((scores == scores.round()).all()) and 1 < high - low < MOST_GRADES


def grade_shares(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each grade of the scale: conditions by grades, 0 where a grade was never given."""
    rows = select_rated(frame)
    low, high = scale_of(frame)
    counts = rows.groupby("condition")["score"].value_counts(normalize=True).unstack()
    return counts.reindex(columns=np.arange(low, high + 1)).fillna(0.0)


def plot_grades(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the shares of the grades as stacked bars, the lowest at the left, and each median as a number.

    Raises:
        DesignError: The scores are not whole numbers on a scale of at most eleven points.
    """
    if not is_graded(frame):
        raise DesignError(f"the scores are not grades of a scale of at most {MOST_GRADES} points")
    listed, rows = conditions(frame), select_rated(frame)
    shares = grade_shares(frame).reindex(list(listed["condition"]))
    length = rows_cm(len(listed), 0.7)
    ax = ax or new_axes(12.5, 2.8 + length)
    left = np.zeros(len(listed))
    for grade, colour in zip(shares.columns, colormaps["cividis"](np.linspace(0.05, 0.95, shares.shape[1])),
                             strict=True):  # fmt: skip
        width = shares[grade].to_numpy(float)
        ax.barh(range(len(listed)), width, left=left, height=0.62, color=colour, edgecolor=INK, linewidth=0.6)
        left += width
    for place, name in enumerate(listed["condition"]):
        median = hinges(rows.loc[rows["condition"] == name, "score"].to_numpy(float))[1]
        ax.annotate(
            f"{median:g}", (1.0, place), xycoords=("axes fraction", "data"), xytext=(6, 0),
            textcoords="offset points", va="center", fontsize=8, color=INK,
        )  # fmt: skip
    ax.set_yticks(*ticks(shorten(listed["label"], CONDITION), length))
    ax.set_ylim(len(listed) - 0.4, -0.6)
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    ax.set_xlabel("Share of ratings (at the right: median)")
    finish(ax, frame)
    legend(ax, [f"{grade:g}" for grade in shares.columns], columns=shares.shape[1], title="Grade")
    return ax

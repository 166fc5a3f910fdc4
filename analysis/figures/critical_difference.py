"""Mean ranks of many conditions, with bars that overlap where the study does not separate them."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.choices import draw_intervals
from analysis.figures.colours import assign_looks
from analysis.figures.room import CONDITION
from analysis.figures.style import finish
from analysis.models.ranking.mean_ranks import mean_ranks
from analysis.ratings.tidy import conditions


def plot_critical_difference(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the mean rank of each method, the best first, with half a critical difference to both sides.

    Two methods differ by Nemenyi's test (5 %, over all pairs) if and only if their bars do not overlap.

    Args:
        frame: Tidy ratings.
        ax: Where to draw; by default a new figure of print size.

    Raises:
        DesignError: As `mean_ranks`.
    """
    table = mean_ranks(frame)
    half = table["critical_difference"] / 2
    shown = pd.DataFrame(
        {
            "name": table["label"], "centre": table["rank"], "low": table["rank"] - half,
            "high": table["rank"] + half, "filled": True,
        }
    )  # fmt: skip
    look = assign_looks(conditions(frame))
    ax = draw_intervals(shown, ax, CONDITION, [look[name].colour for name in table["condition"]])
    n = int(table["n_listeners"].iloc[0])
    ax.set_xlabel(
        f"Mean rank over {n} listeners (1 is best)\nBars that do not overlap: different, Nemenyi, 5 %"
    )
    return finish(ax, table)

"""How often each condition got which rank."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from analysis.errors import DesignError
from analysis.figures.room import CONDITION, rows_cm, ticks
from analysis.figures.style import INK, figure_of, finish, finish_colour_bar, legend, new_axes
from analysis.ratings.tidy import cells, conditions
from stimuli.names import shorten

_LISTED = 8  # ranks that one row of a legend has room for; more are steps of a bar


def rank_shares(frame: pd.DataFrame) -> pd.DataFrame:
    """Share of each rank per condition over items and listeners (1 is the highest; ties get the better rank).

    Returns:
        Conditions by rank; only items that a listener rated under every condition count.
    """
    wide = cells(frame).pivot(index=["listener", "item"], columns="condition", values="score").dropna()
    scores, k = wide.to_numpy(float), wide.shape[1]
    higher = (scores[:, None, :] > scores[:, :, None]).sum(axis=2)  # than each condition's score, on its row
    counts = np.array([np.bincount(column, minlength=k) for column in higher.T], dtype=float)
    shares = counts.reshape(k, k) / max(len(scores), 1)
    return pd.DataFrame(shares, index=wide.columns, columns=range(1, k + 1))


def plot_ranks(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the shares of the ranks as stacked bars, the first rank at the left.

    Raises:
        DesignError: No listener rated all the conditions of an item.
    """
    listed = conditions(frame)
    shares = rank_shares(frame).reindex(list(listed["condition"]))
    if not shares.to_numpy().any():
        raise DesignError("no listener rated all the conditions of an item; ranks cannot be drawn")
    length = rows_cm(len(listed), 0.7)
    ax = ax or new_axes(12.5, 2.8 + length)
    left = np.zeros(len(listed))
    colours = colormaps["cividis_r"](np.linspace(0.05, 0.95, shares.shape[1]))
    for rank, colour in zip(shares.columns, colours, strict=True):
        width = shares[rank].fillna(0).to_numpy(float)
        ax.barh(
            range(len(listed)),
            width,
            left=left,
            height=0.62,
            color=colour,
            edgecolor=INK,
            linewidth=0.3,
        )
        left += width
    ax.set_yticks(*ticks(shorten(listed["label"], CONDITION), length))
    ax.set_ylim(len(listed) - 0.4, -0.6)
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    ax.set_xlabel("Share of the items, of each listener, with all conditions")
    finish(ax, frame)
    if shares.shape[1] <= _LISTED:
        legend(ax, [str(rank) for rank in shares.columns], columns=shares.shape[1], title="Rank")
    else:
        _colour_bar(ax, colours)
    return ax


def _colour_bar(ax: Axes, colours: NDArray[np.float64]) -> None:
    """Show many ranks as steps of one bar."""
    ends = np.arange(len(colours) + 1) + 0.5
    steps = ScalarMappable(BoundaryNorm(ends, len(colours)), ListedColormap(colours))
    places = MaxNLocator(10, integer=True).tick_values(1, len(colours))
    bar = figure_of(ax).colorbar(
        steps, ax=ax, location="bottom", label="Rank", fraction=0.3 / len(colours), aspect=40, pad=0.02,
        ticks=[1, *(place for place in places if 1 < place <= len(colours))],
    )  # fmt: skip
    bar.ax.minorticks_off()
    finish_colour_bar(bar)

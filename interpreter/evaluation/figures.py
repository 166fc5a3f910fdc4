"""Figures of explanations under test: curves of removed cells, and likeness in a cascade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from interpreter.errors import ConfigError

COLOURS = ("#2a6f97", "#c8553d", "#588157", "#7b5ea7", "#b08900", "#444444")
MARKERS = "osD^vP"


def plot_curves(curves: Mapping[str, Tensor], ax: Axes | None = None) -> Axes:
    """Draw deletion or insertion curves, the mean over clips for each method.

    Args:
        curves: a method's name and its curves, of `deletion_curve` or `insertion_curve`; at most six.
        ax: where to draw; a new figure by default.

    Raises:
        ConfigError: no method, or more than six.

    Shape:
        - curves: `[B, points]` each
    """
    _check_count(len(curves))
    ax = ax or _make_axes()
    for at, (name, curve) in enumerate(curves.items()):
        heights = curve.detach().cpu().mean(dim=0).tolist()
        shares = [100 * step / (len(heights) - 1) for step in range(len(heights))]
        ax.plot(shares, heights, label=name, **_look(at))
    ax.set(xlabel="Cells changed, most valued first (%)", ylabel="Probability of the class", ylim=(0, 1))
    return _finish(ax)


def plot_cascade(similarities: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how alike explanations stay while layers are re-initialised, with 95 % intervals.

    Args:
        similarities: of `randomisation_check(..., cascade=True)`; tables of several methods may be joined.
        ax: where to draw; a new figure by default.

    Raises:
        ConfigError: no method, or more than six.
    """
    methods = list(dict.fromkeys(similarities["method"]))
    _check_count(len(methods))
    ax = ax or _make_axes()
    lowest = min(-0.1, float(similarities["similarity_low"].min()) - 0.05)
    stages = list(dict.fromkeys(similarities["stage"]))
    for at, name in enumerate(methods):
        rows = similarities[similarities["method"] == name].set_index("stage").reindex(stages)
        found = rows["similarity"]
        spread = [found - rows["similarity_low"], rows["similarity_high"] - found]
        ax.errorbar(range(len(stages)), found, yerr=spread, capsize=2, label=name, **_look(at))
    ax.set_xticks(range(len(stages)), stages, rotation=60, ha="right", fontsize=7)
    ax.axhline(0, color="#888888", linewidth=0.8, zorder=0)
    ax.set(
        xlabel="Re-initialised from the last layer to this one",
        ylabel="Rank correlation",
        ylim=(lowest, 1.05),
    )
    return _finish(ax)


def _check_count(found: int) -> None:
    if not 1 <= found <= len(COLOURS):
        raise ConfigError(f"{found} methods to draw; expected 1 to {len(COLOURS)}")


def _make_axes() -> Axes:
    return plt.subplots(figsize=(6.3, 3.9), layout="constrained")[1]


def _look(at: int) -> dict[str, Any]:
    # A marker each, so that methods differ in print without colour too.
    return {"color": COLOURS[at], "marker": MARKERS[at], "markersize": 4, "linewidth": 1.4}


def _finish(ax: Axes) -> Axes:
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.legend(frameon=False)
    return ax

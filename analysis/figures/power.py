"""The power of a design against the number of listeners."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.style import INK, finish, legend, new_axes

_STYLES = ("-", "--", ":", "-.")


def plot_power(table: pd.DataFrame, ax: Axes | None = None, *, wanted: float = 0.8) -> Axes:
    """Draw one curve per difference and design.

    Args:
        table: One or several tables of `power_curve`, concatenated.
        ax: Where to draw; by default a new figure of print size.
        wanted: The power wanted, drawn as a line.
    """
    ax = ax or new_axes(12.5, 7.5)
    curves = list(table.groupby(["difference", "n_items", "items_each"], sort=True))
    names = []
    for place, ((difference, n_items, items_each), part) in enumerate(curves):
        rows = part.sort_values("n_listeners")
        heard = f"{n_items}" if items_each == n_items else f"{items_each} of {n_items}"
        names.append(f"{difference:g} points, {heard} items")
        ax.plot(
            rows["n_listeners"], 100 * rows["power"], _STYLES[place % len(_STYLES)], color=INK, marker="o",
            markersize=3.5, label=names[-1],
        )  # fmt: skip
    ax.axhline(100 * wanted, color=INK, linewidth=0.6)
    ax.set_ylim(0, 102)
    ax.set_xlabel("Listeners")
    ax.set_ylabel("Power in %")
    finish(ax, table.assign(simulated=False), grid="y")
    legend(ax, names, columns=min(2, len(names)))
    return ax

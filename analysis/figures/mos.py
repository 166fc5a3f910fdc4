"""The figure of the paper: each condition's mean opinion score with its interval."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from analysis.errors import DesignError
from analysis.figures.colours import assign_looks
from analysis.figures.room import CONDITION, depth_cm, rows_cm, slant, ticks
from analysis.figures.style import INK, finish, level_of, name_columns, new_axes, score_axis
from analysis.models.mos import mos
from analysis.ratings.tidy import iter_rows, scale_of
from stimuli.names import shorten

STYLES = ("default", "paper")


def plot_mos(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    table: pd.DataFrame | None = None,
    interval: str = "two-way",
    style: str = "default",
) -> Axes:
    """Draw the mean opinion scores with their intervals.

    Args:
        frame: Tidy ratings.
        ax: Where to draw; by default a new figure of print size.
        table: What `mos` returned, where it is at hand already.
        interval: The interval to compute otherwise.
        style: `default` (a dot per condition, names to its left) or `paper` (one column of a two-column
            paper: bars with capped error bars, methods along the horizontal axis, as the user study of
                LMAC-TD is shown).

    Raises:
        DesignError: An unknown style.
    """
    if style not in STYLES:
        raise DesignError(f"unknown style {style!r}; expected one of {', '.join(STYLES)}")
    rows = mos(frame, interval=interval) if table is None else table
    draw = _bars if style == "paper" else _dots
    return draw(frame, rows, ax)


def _dots(frame: pd.DataFrame, rows: pd.DataFrame, ax: Axes | None) -> Axes:
    length = rows_cm(len(rows), 0.78)
    ax = ax or new_axes(12.5, 2.3 + length)
    look = assign_looks(frame)
    for place, row in enumerate(iter_rows(rows)):
        colour = look[row.condition].colour
        ax.plot(
            [row.ci_low, row.ci_high], [place, place], color=colour, linewidth=2.2, solid_capstyle="round"
        )
        ax.plot(
            row.mos,
            place,
            "o" if row.role == "method" else look[row.condition].marker,
            color=colour,
            markersize=6.5,
        )
        ax.annotate(
            f"{row.mos:.{_digits(frame)}f}", (1.0, place), xycoords=("axes fraction", "data"), xytext=(6, 0),
            textcoords="offset points", va="center", fontsize=8, color=INK,
        )  # fmt: skip
    ax.set_yticks(*ticks(shorten(rows["label"], CONDITION), length))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    score_axis(ax, frame, reach=(rows["ci_low"].min(), rows["ci_high"].max()))
    _arrows(ax, rows)
    ax.set_xlabel(
        f"MOS with {level_of(rows)} interval\n({rows['interval'].iloc[0]}: {rows['about'].iloc[0]})"
    )
    return finish(ax, frame)


def _bars(frame: pd.DataFrame, rows: pd.DataFrame, ax: Axes | None) -> Axes:
    names = shorten(rows["label"], CONDITION)
    width = max(8.5, rows_cm(len(rows), 1.2))
    angle = slant(len(rows), width - 2.0, 35)
    deeper = max(0.0, depth_cm(names, angle) - 2.5)
    ax = ax or new_axes(width, 6.5 + deeper)
    # Bars stand on the scale's lower end, or hang from 0 where scores are below it.
    low, high = scale_of(frame)
    base = low if low >= 0 else min(high, 0.0)
    ends = (rows["mos"] - rows["ci_low"]).fillna(0), (rows["ci_high"] - rows["mos"]).fillna(0)
    look = assign_looks(frame)
    colours = [look[name].colour for name in rows["condition"]]
    ax.bar(
        range(len(rows)),
        rows["mos"] - base,
        bottom=base,
        width=0.62,
        color=colours,
        edgecolor=INK,
        linewidth=0.6,
    )
    ax.errorbar(range(len(rows)), rows["mos"], yerr=ends, fmt="none", ecolor=INK, elinewidth=1, capsize=3)
    name_columns(ax, names, width - 2.0, angle)
    cap = 0.01 * (high - low)  # the caps of the widest interval are drawn whole
    reach = rows["ci_low"].min() - cap, rows["ci_high"].max() + cap
    score_axis(ax, frame, vertical=True, pad=0.0, reach=reach)
    _arrows(ax, rows, vertical=True)
    ax.set_ylabel("MOS")
    return finish(ax, frame, grid="y")


def _arrows(ax: Axes, rows: pd.DataFrame, *, vertical: bool = False) -> None:
    """Mark where an interval goes on beyond the axis."""
    first, last = ax.get_ylim() if vertical else ax.get_xlim()
    for place, row in enumerate(iter_rows(rows)):
        for end, cut, mark in (
            (first, row.ci_low < first, "v" if vertical else "<"),
            (last, row.ci_high > last, "^" if vertical else ">"),
        ):
            if cut:
                at = (place, end) if vertical else (end, place)
                ax.plot(*at, mark, color=INK, markersize=5, clip_on=False)


def _digits(frame: pd.DataFrame) -> int:
    return 1 if frame["score"].max() > 10 else 2

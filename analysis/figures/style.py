"""How every figure looks and is written: axes, legend, the scale of the scores; sizes in cm."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure

from analysis.figures.colours import ON_DARK
from analysis.figures.room import LEGEND_PT, TICK_PT, legend_columns, ticks
from analysis.ratings.tidy import is_simulated, scale_of
from analysis.statistics.intervals import LEVEL
from stimuli.files import write_bytes
from stimuli.names import collect_missing_letters, dress, settings

INK = "#1c1d21"  # text and axes; the report turns it into the page's own text colour
GRID = "#d5d7dd"
CM = 1 / 2.54
_SCREEN_DPI, _DPI = 120, 200

_LOCK = threading.Lock()  # matplotlib's settings are global, and a server draws from several threads


class Saved(NamedTuple):
    """A figure that was written; in the SVG, letters are letters, and whoever reads it needs the font."""

    svg: str
    has_boxes: bool


class ShownAxes(Axes):
    """Axes that a notebook shows as their whole figure, which pyplot does not know of."""

    def _repr_png_(self) -> bytes:
        picture = io.BytesIO()
        with _LOCK, rc_context(settings("notebook")), collect_missing_letters():
            figure_of(self).savefig(picture, format="png", dpi=_SCREEN_DPI)
        return picture.getvalue()


def new_axes(width_cm: float, height_cm: float) -> Axes:
    """Return the axes of a new figure of this print size."""
    figure = Figure(figsize=(width_cm * CM, height_cm * CM), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.add_subplot(axes_class=ShownAxes)


def legend(ax: Axes, names: Sequence[str], *, columns: int | None = None, title: str | None = None) -> None:
    """Put a legend of what was drawn, in the order of drawing, under the axes, without a frame.

    Args:
        ax: Axes with the data drawn.
        names: One name per line or group of bars.
        columns: Number of columns; by default what the figure has room for.
        title: Above the names.
    """
    handles: list[Any] = list(ax.containers) or list(ax.get_lines())[: len(names)]
    columns = columns or legend_columns(names, figure_of(ax).get_figwidth() / CM)
    box = figure_of(ax).legend(
        handles, list(names), loc="outside lower center", ncols=columns, title=title, frameon=False,
        fontsize=LEGEND_PT, labelcolor=INK,
    )  # fmt: skip
    box.get_title().set(color=INK, fontsize=8)
    dress(figure_of(ax))


def name_columns(ax: Axes, names: Sequence[str], length: float, angle: float, *, first: float = 0.0) -> None:
    """Write names below an axis, ending at their places.

    Args:
        ax: The axes.
        names: One name per column.
        length: Of the axis in cm; without room for all names, only every second or third ... is written.
        angle: In degrees; 90 is upright.
        first: Place of the first column.
    """
    places, shown = ticks(names, length)
    ax.set_xticks(
        [place + first for place in places], shown, rotation=angle, ha="right", rotation_mode="anchor",
        va="center" if angle == 90 else "top",
    )  # fmt: skip


def figure_of(ax: Axes) -> Figure:
    """Return the whole figure that axes belong to."""
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


def finish(ax: Axes, frame: pd.DataFrame, *, grid: Literal["x", "y"] | None = "x") -> Axes:
    """Give axes the house's look, and the word SIMULATED where any rating was made by a program.

    Args:
        ax: Axes with the data drawn.
        frame: What was drawn; its column `simulated` decides.
        grid: The axis that has grid lines, or none.
    """
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(INK)
    ax.tick_params(colors=INK, labelsize=TICK_PT, length=3)
    ax.xaxis.label.set(color=INK, fontsize=9)
    ax.yaxis.label.set(color=INK, fontsize=9)
    ax.title.set(color=INK, fontsize=9)
    if grid:
        ax.grid(axis=grid, color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    if is_simulated(frame):
        mark_simulated(ax)
    dress(figure_of(ax))
    return ax


def finish_colour_bar(bar: Colorbar) -> None:
    """Give a colour bar the house's look."""
    bar.ax.tick_params(colors=INK, labelsize=TICK_PT, length=3)
    for axis in (bar.ax.xaxis, bar.ax.yaxis):
        axis.label.set(color=INK, fontsize=9)
    bar.outline.set_visible(False)
    dress(figure_of(bar.ax))


def mark_simulated(ax: Axes) -> None:
    """Print the word SIMULATED across the axes, smaller where they are; they give it no further room."""
    width, height = (side / figure_of(ax).dpi / CM for side in (ax.bbox.width, ax.bbox.height))
    mark = ax.text(
        0.5, 0.5, "SIMULATED", transform=ax.transAxes, ha="center", va="center", rotation=20,
        fontsize=24 * min(1.0, width / 6.4, height / 3.2),
        color="#8a8d96", alpha=0.35, weight="bold", zorder=10, gid="simulated",
    )  # fmt: skip
    mark.set_in_layout(False)


def score_axis(
    ax: Axes,
    frame: pd.DataFrame,
    *,
    vertical: bool = False,
    pad: float = 0.02,
    reach: tuple[float, float] | None = None,
) -> None:
    """Let an axis run over the whole scale of the scores.

    Args:
        ax: The axes.
        frame: Tidy ratings, whose scale it is.
        vertical: Whether the scores run upwards.
        pad: Room at both ends, as a share of the scale.
        reach: Ends of the widest interval, which may lie beyond the scale: the axis goes on to them, by up
            to the length of the scale.
    """
    low, high = scale_of(frame)
    width, (first, last) = high - low, reach or (low, high)
    room = pad * width
    ends = max(min(low, first) - room, low - width), min(max(high, last) + room, high + width)
    (ax.set_ylim if vertical else ax.set_xlim)(*ends)
    if (low, high) == (0.0, 100.0):
        (ax.set_yticks if vertical else ax.set_xticks)(range(0, 101, 20))


def save(ax: Axes, folder: Path, name: str) -> Saved:
    """Write a figure as SVG, PDF and PNG, the same bytes each time.

    Args:
        ax: Axes of the figure.
        folder: Where the files go.
        name: Their name without an ending.

    Returns:
        The SVG as text, and whether the machine's fonts lack letters, which are boxes in the PDF and PNG.
    """
    figure = figure_of(ax)
    buffer, dpi = io.StringIO(), figure.dpi
    drawn = {kind: io.BytesIO() for kind in ("pdf", "png")}
    with _LOCK, rc_context(settings(name)), collect_missing_letters() as missing:
        figure.savefig(buffer, format="svg", metadata={"Date": None})
        figure.set_layout_engine("none")  # the layout is found; finding it again would be half of the time
        # Into memory first: where the disk is full, matplotlib's own clearing up hides that. Not by
        # `savefig`, which draws everything once more, for a layout that is known.
        figure.set_dpi(_DPI)  # of the pictures in it
        pdf: Any = FigureCanvasPdf(figure)  # matplotlib has no types for what follows
        pdf.print_pdf(drawn["pdf"], metadata={"CreationDate": None})
        figure.set_dpi(_DPI)
        png: Any = FigureCanvasAgg(figure)
        png.print_png(drawn["png"])
        figure.set_dpi(dpi)
    drawn["svg"] = io.BytesIO(buffer.getvalue().encode())
    for kind, picture in drawn.items():
        write_bytes(folder / f"{name}.{kind}", picture.getvalue())
    return Saved(buffer.getvalue(), bool(missing))


def inline_svg(svg: str, alt: str) -> str:
    """Return a figure's SVG as an element for a page, with a text alternative and the page's own colours."""
    head, rest = svg[svg.index("<svg") :].split(">", 1)
    points = float(head.split('width="', 1)[1].split("pt", 1)[0])
    # Print size is small on a screen; on a phone the figure shrinks with the page.
    width = round(1.35 * points / 72 / CM, 1)
    head = f'{head} role="img" aria-label="{escape(alt, quote=True)}" style="max-width:{width}cm"'
    page = rest.replace(INK, "currentColor").replace(GRID, "var(--line)").replace("#ffffff", "var(--surface)")
    for light, dark in ON_DARK.items():
        page = page.replace(light, f"light-dark({light}, {dark})")
    return f"{head}>{page}"


def level_of(table: pd.DataFrame) -> str:
    """Return the coverage of a table's intervals in words (`95 %`); `mos` and `compare` note it."""
    return f"{100 * table.attrs.get('level', LEVEL):g} %"

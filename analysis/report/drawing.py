"""The figures of a report on scores: which there are, what each shows in words, and their files."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from analysis.errors import DesignError
from analysis.formatting import number
from analysis.measurement.metrics_file import read_metrics
from analysis.ratings.selection import choose_conditions
from analysis.ratings.tidy import iter_rows, select_rated
from analysis.report.results import Results
from analysis.report.staging import file_name

logger = logging.getLogger(__name__)

_METRICS_DRAWN = 12
_MOST_IN_PAIRS = 10  # methods whose pairs a reader can still look through


def write_figures(
    results: Results,
    folder: Path,
    style: str,
    announce: Callable[[str], None] = lambda step: None,
    *,
    stem: str = "",
) -> dict[str, str]:
    """Write every figure as SVG, PDF and PNG; return each, by name, as an SVG element for the page.

    Args:
        results: What is drawn.
        folder: Where the files go.
        style: Look of the MOS figure.
        announce: Called with what is drawn next.
        stem: What the files' names begin with.
    """
    from analysis.figures.style import inline_svg, save

    inline: dict[str, str] = {}
    with_boxes = []
    for name, (draw, alt) in _figures(results, style).items():
        announce(f"figure {name}")
        try:
            ax = draw()
        except DesignError as error:
            logger.info("no figure %s: %s", name, error)
            continue
        saved = save(ax, folder, stem + name)
        inline[name] = inline_svg(saved.svg, alt)
        with_boxes += [stem + name] if saved.has_boxes else []
    if with_boxes:
        logger.warning(
            "No installed font has all letters of the names: they are boxes in the PDF and PNG of %s. "
            "The page and the SVG files show them on any machine with a suitable font. For the others "
            "install one, such as Noto Sans CJK, and write the report again.",
            ", ".join(with_boxes),
        )
    return inline


def _figures(results: Results, style: str) -> dict[str, tuple[Callable[[], Any], str]]:
    from analysis import figures as draw
    from analysis.figures.grades import is_graded

    left, tables = results.screened, results.tables
    found: dict[str, tuple[Callable[[], Any], str]] = {
        "mos": (lambda: draw.plot_mos(left, table=results.mos, style=style), _describe_figure(results)),
        "box": (
            lambda: draw.plot_box(left),
            "Box plots of all scores per condition; the numbers are in the table of scores.",
        ),
        "violin": (
            lambda: draw.plot_violin(left),
            "Distributions of all scores per condition, with single scores as points.",
        ),
        "listeners": (
            lambda: draw.plot_listeners(left),
            "Heat map of each listener's mean score per condition.",
        ),
        "ranks": (
            lambda: draw.plot_ranks(left),
            "How often each condition got each rank among the conditions of an item.",
        ),
        "progress": (
            lambda: draw.plot_progress(left),
            "Mean score per condition against the position of the trial.",
        ),
    }
    if len(choose_conditions(select_rated(left))) > _MOST_IN_PAIRS:
        found["critical_difference"] = (
            lambda: draw.plot_critical_difference(left),
            "Mean rank of each method, with half a critical difference to both sides.",
        )
    if is_graded(left):
        del found["violin"]
        found["grades"] = (
            lambda: draw.plot_grades(left),
            "Share of each grade per condition; the medians are in the table of scores.",
        )
    if results.options.metrics is not None and "metrics" in tables:
        measured = read_metrics(results.options.metrics)
        for name in list(tables["metrics"]["metric"])[:_METRICS_DRAWN]:
            found[f"metric_{file_name(name)}"] = (
                functools.partial(draw.plot_metric, left, measured, name),
                f"Mean score of each stimulus against {name}.",
            )
    if "items" in tables:
        found["items"] = (
            lambda: draw.plot_items(left, table=tables["items"]),
            "Mean score of each condition on each item.",
        )
    if "comparisons" in tables:
        spoken = " ".join(tables["comparisons"]["sentence"])
        found["differences"] = (lambda: draw.plot_differences(left, table=tables["comparisons"]), spoken)
    return found


def _describe_figure(results: Results) -> str:
    """Return the MOS figure in words, for readers who cannot see it."""
    digits = results.digits
    parts = [
        f"{row.label} {number(row.mos, digits)} "
        + (
            ""
            if row.ci_low != row.ci_low
            else f"({number(row.ci_low, digits)} to {number(row.ci_high, digits)})"
        )
        for row in iter_rows(results.mos)
    ]
    return "Mean opinion scores with 95 % intervals: " + "; ".join(parts) + "."

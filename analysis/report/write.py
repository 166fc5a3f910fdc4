"""`write_report`: one self-contained page, the figures and the tables of an analysis, in one folder."""

from __future__ import annotations

import functools
import json
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import DesignError
from analysis.formatting import number
from analysis.measurement.metrics_file import read_metrics
from analysis.ratings.choices import test_of
from analysis.ratings.names import defuse
from analysis.ratings.selection import choose_attribute, choose_conditions
from analysis.ratings.tidy import iter_rows, records, select_rated
from analysis.report.choices.write import ChoiceResults, write_choices
from analysis.report.latex import latex_comparisons, latex_mos
from analysis.report.methods_text import methods, references, software
from analysis.report.results import Options, Results, analyse
from analysis.report.staging import file_name, stage_folder

logger = logging.getLogger(__name__)

_METRICS_DRAWN = 12
_MOST_IN_PAIRS = 10  # methods whose pairs a reader can still look through


def write_report(
    frame: pd.DataFrame,
    out: str | Path,
    options: Options | None = None,
    *,
    style: str = "default",
    title: str | None = None,
    announce: Callable[[str], None] = lambda step: None,
) -> Results | ChoiceResults:
    """Analyse ratings and write the report: of scores, or of choices if the attribute is one.

    Args:
        frame: Tidy ratings.
        out: Folder; made if it does not exist. The files of an earlier report are replaced once all of
            the new ones are written; other files stay.
        options: Interval, test, correction and the rest.
        style: Look of the MOS figure: `default` or `paper`.
        title: Heading; by default the name of the study.
        announce: Called with what is computed or drawn next, for a line that shows the progress.

    Returns:
        The results that were written: `index.html`, `mos.csv`, `mos_unscreened.csv`, `significance.csv`,
        `screening.csv`, further tables, figures as SVG, PDF and PNG, `report.json`, `mos.tex`,
        `significance.tex`.

        Of choices: see `analysis.report.choices.write.write_choices`.

    Raises:
        DesignError: See `analysis.report.results.analyse`.
        OSError: The folder cannot be written.
    """
    from analysis.report.page import render_page

    options = options or Options()
    attribute, _ = choose_attribute(frame, options.attribute)
    test = test_of(attribute)
    if test is not None:
        heading = title or str(frame.attrs.get("title") or _title(frame))
        return write_choices(frame, test, Path(out), options, heading)
    results = analyse(frame, options, announce=announce)
    with stage_folder(Path(out), "report.json") as folder:
        figures = write_figures(results, folder, style, announce)
        _write_tables(results, folder)
        _write(folder / "mos.tex", latex_mos(results.mos, _digits(results)))
        if "comparisons" in results.tables:
            table = latex_comparisons(results.tables["comparisons"], _digits(results))
            _write(folder / "significance.tex", table)
        _write(folder / "report.json", json.dumps(summary(results), allow_nan=False))
        heading = title or str(frame.attrs.get("title") or _title(results.ratings))
        _write(folder / "index.html", render_page(results, figures, heading, folder))
    return results


def write_figures(
    results: Results, folder: Path, style: str, announce: Callable[[str], None] = lambda step: None
) -> dict[str, str]:
    """Write every figure as SVG, PDF and PNG; return each as an SVG element for the page."""
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
        saved = save(ax, folder, name)
        inline[name] = inline_svg(saved.svg, alt)
        with_boxes += [name] if saved.has_boxes else []
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
            "Share of the trials in which each condition got each rank.",
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
    digits = _digits(results)
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


def _write_tables(results: Results, folder: Path) -> None:
    mark = results.simulated
    _csv(results.mos, folder / "mos.csv", mark)
    _csv(results.mos_unscreened, folder / "mos_unscreened.csv", mark)
    _csv(results.screening, folder / "screening.csv", mark)
    names = {
        "comparisons": "significance",
        "comparisons_unscreened": "significance_unscreened",
        "items": "mos_by_item",
        "metrics": "metrics_and_scores",
    }
    for name, table in results.tables.items():
        _csv(table, folder / f"{file_name(names.get(name, name))}.csv", mark)


def _csv(table: pd.DataFrame, path: Path, simulated: bool) -> None:
    """Write a table without formulas; the word SIMULATED stands in a separate column where it belongs."""
    marked = table.drop(columns="simulated", errors="ignore")
    if simulated:
        marked = marked.assign(simulated="SIMULATED")
    plain = marked.map(defuse).rename(columns=defuse)
    _write(path, plain.to_csv(index=False, lineterminator="\n"))


def summary(results: Results) -> dict[str, Any]:
    """Return the report as plain data for `report.json`."""
    options = results.options
    return {
        "schema_version": 1,
        "software": software(),
        "simulated": results.simulated,
        "options": {
            key: getattr(options, key)
            for key in (
                "interval",
                "against",
                "test",
                "correction",
                "exclude",
                "draws",
                "seed",
                "margin",
                "between",
                "variances",
            )
        },
        "attribute": results.attribute,
        "scale": list(results.scale),
        "methods": methods(results),
        "references": references(results),
        "notes": results.notes,
        "missing": results.missing,
        "mos": _records(results.mos),
        "mos_unscreened": _records(results.mos_unscreened),
        "screening": _records(results.screening),
        **{name: _records(table) for name, table in results.tables.items()},
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{key: _to_json(value) for key, value in row.items()} for row in records(table)]


def _to_json(value: Any) -> Any:
    """A JSON value: numbers that are not there are null."""
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _title(frame: pd.DataFrame) -> str:
    studies = list(frame["study"].unique())
    return " + ".join(map(str, studies[:3])) + (" and others" if len(studies) > 3 else "")


def _digits(results: Results) -> int:
    return 1 if results.scale[1] - results.scale[0] > 10 else 2


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")

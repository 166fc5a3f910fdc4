"""A report on one scale of scores: the files in its folder, and plain data for `report.json`."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.ratings.names import defuse
from analysis.ratings.tidy import records
from analysis.report.drawing import write_figures
from analysis.report.latex import latex_comparisons, latex_mos
from analysis.report.methods_text import methods, references, software
from analysis.report.results import Results
from analysis.report.staging import file_name


def write_scores(
    results: Results,
    folder: Path,
    style: str,
    announce: Callable[[str], None] = lambda step: None,
    *,
    stem: str = "",
) -> dict[str, str]:
    """Write figures, tables and LaTeX; return the figures as SVG elements by name.

    Args:
        results: What was found.
        folder: Where the files go.
        style: Look of the MOS figure.
        announce: Called with what is drawn next.
        stem: What the files' names begin with, if the report has several scales.
    """
    figures = write_figures(results, folder, style, announce, stem=stem)
    _write_tables(results, folder, stem)
    scale = results.attribute if stem else None
    tex = {"mos": latex_mos(results.mos, results.digits, scale)}
    if "comparisons" in results.tables:
        tex["significance"] = latex_comparisons(results.tables["comparisons"], results.digits, scale)
    for name, text in tex.items():
        (folder / f"{stem}{name}.tex").write_text(text, encoding="utf-8")
    return figures


def _write_tables(results: Results, folder: Path, stem: str) -> None:
    mark = results.simulated
    write_table(results.mos, folder / f"{stem}mos.csv", mark)
    write_table(results.mos_unscreened, folder / f"{stem}mos_unscreened.csv", mark)
    write_table(results.screening, folder / f"{stem}screening.csv", mark)
    names = {
        "comparisons": "significance",
        "comparisons_unscreened": "significance_unscreened",
        "items": "mos_by_item",
        "metrics": "metrics_and_scores",
    }
    for name, table in results.tables.items():
        write_table(table, folder / f"{stem}{file_name(names.get(name, name))}.csv", mark)


def write_table(table: pd.DataFrame, path: Path, simulated: bool) -> None:
    """Write a table without formulas; the word SIMULATED stands in a separate column where it belongs."""
    marked = table.drop(columns="simulated", errors="ignore")
    if simulated:
        marked = marked.assign(simulated="SIMULATED")
    plain = marked.map(defuse).rename(columns=defuse)
    path.write_text(plain.to_csv(index=False, lineterminator="\n"), encoding="utf-8")


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

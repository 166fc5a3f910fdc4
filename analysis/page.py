"""The report's page: which table shows which columns, rendered into one self-contained HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis.html_tables import Column, cells_of
from analysis.results import Results
from analysis.text import methods, references, software

_TEMPLATES = Path(__file__).parent / "templates"

MOS = [
    Column("label", "Condition"),
    Column("mos", "MOS", "score"),
    Column("ci", "95 % interval", "interval"),
    Column("median", "Median", "score"),
    Column("q1", "Q1", "score", "Lower hinge"),
    Column("q3", "Q3", "score", "Upper hinge"),
    Column("n_listeners", "Listeners", "count"),
    Column("n_items", "Items", "count"),
    Column("n_ratings", "Ratings", "count"),
]
DIFFERENCES = [
    Column("label_a", "Higher"),
    Column("label_b", "Lower"),
    Column("difference", "Difference", "score"),
    Column("ci", "95 % interval", "interval"),
    Column("p", "p", "p", "Corrected"),
    Column("p_two_way", "p two-way", "p", "Uncorrected; new listeners and new items"),
    Column("p_wilcoxon", "p Wilcoxon", "p", "Uncorrected; over listeners"),
    Column("p_permutation", "p sign flip", "p", "Uncorrected; over listeners"),
    Column("p_medians", "p medians", "p", "Uncorrected; BS.1534-3 attachment 3, ignores the pairing"),
    Column("dz", "d_z", "effect", "Cohen's d of the listeners' mean differences"),
    Column("rank_biserial", "r_rb", "effect", "Matched-pairs rank-biserial correlation"),
    Column("superiority", "P(higher)", "share", "Share of listeners who rate the first higher, ties half"),
]
SCREENING = [
    Column("listener", "Listener"),
    Column("kept", "Kept"),
    Column("reason", "Why excluded"),
    Column("flags", "Flags"),
    Column("n_trials", "Trials", "count"),
    Column("reference_share", "Reference < 90", "share"),
    Column("mid_anchor_share", "Mid anchor > 90", "share"),
]


def render_page(results: Results, figures: dict[str, str], title: str) -> str:
    """Return the page as text.

    Args:
        results: What was analysed.
        figures: SVG elements by name.
        title: Heading.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("report.html").render(**context(results, figures, title))


def context(results: Results, figures: dict[str, str], title: str) -> dict[str, Any]:
    """Return all that the template shows."""
    digits = 1 if results.scale[1] - results.scale[0] > 10 else 2
    tables = results.tables
    return {
        "title": title,
        "simulated": results.simulated,
        "mark": Markup('<span class="mark">SIMULATED</span>') if results.simulated else "",
        "results": results,
        "figures": {name: Markup(svg) for name, svg in figures.items()},
        "counts": _counts(results),
        "mos": table(results.mos, MOS, digits),
        "mos_unscreened": table(results.mos_unscreened, MOS, digits),
        "screening": table(results.screening, SCREENING, digits),
        "differences": table(tables["comparisons"], DIFFERENCES, digits) if "comparisons" in tables else None,
        "sentences": list(tables["comparisons"]["sentence"]) if "comparisons" in tables else [],
        "methods": methods(results),
        "references": references(results),
        "software": software(),
    }


def table(frame: pd.DataFrame, columns: list[Column], digits: int) -> dict[str, Any]:
    """Return a table's columns and cells for the template."""
    return {"columns": columns, "rows": cells_of(frame, columns, digits)}


def _counts(results: Results) -> list[tuple[str, str]]:
    """The study in four numbers."""
    left = results.screened
    trials = left[(left["kind"] == "trial") & left["score"].notna()]
    total, n = len(results.screening), int(results.screening["kept"].sum())
    return [
        ("listeners", f"{n}" if n == total else f"{n} of {total}"),
        ("items", str(trials["item"].nunique())),
        ("conditions", str(trials["condition"].nunique())),
        ("ratings", f"{len(trials):,}".replace(",", "\u202f")),
    ]

"""The report's page: which table shows which columns, rendered into one self-contained HTML file."""

from __future__ import annotations

import re
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

OMNIBUS = [
    Column("test", "Test"),
    Column("effect", "Effect"),
    Column("statistic", "Statistic", "effect", "Chi square or F"),
    Column("df1", "df 1", "count"),
    Column("df2", "df 2", "count"),
    Column("p", "p", "p", "Without correction for sphericity"),
    Column("epsilon_gg", "ε GG", "effect", "Greenhouse and Geisser"),
    Column("p_gg", "p GG", "p"),
    Column("epsilon_hf", "ε HF", "effect", "Huynh and Feldt"),
    Column("p_hf", "p HF", "p"),
    Column("p_multivariate", "p T²", "p", "Hotelling, without assuming sphericity"),
    Column("partial_eta2", "η²p", "effect"),
    Column("n_listeners", "Listeners", "count"),
    Column("advised", "To report"),
]
MIXED = [
    Column("condition_a", "Higher"),
    Column("condition_b", "Lower"),
    Column("difference", "Difference", "score"),
    Column("ci", "95 % interval", "interval"),
    Column("p", "p", "p", "Uncorrected"),
]
VARIANCE = [
    Column("component", "Component"),
    Column("sd", "SD", "score"),
    Column("share", "Share of variance", "share"),
    Column("note", "Note"),
]
RELIABILITY = [
    Column("measure", "Measure"),
    Column("value", "Value", "effect"),
    Column("ci", "95 % interval", "effects"),
    Column("n_listeners", "Listeners", "count"),
    Column("n_stimuli", "Stimuli", "count"),
    Column("note", "Note"),
]
LISTENERS = [
    Column("listener", "Listener"),
    Column("agreement", "Agreement", "effect", "Correlation with the mean of the others"),
    Column("bias", "Bias", "score", "Mean distance from the others"),
    Column("sd", "SD", "score"),
    Column("lowest", "Lowest", "score"),
    Column("highest", "Highest", "score"),
    Column("repeatability", "Repeat SD", "score", "Of hidden repeats"),
]
ASSUMPTIONS = [
    Column("sentence", "Finding"),
    Column("check", "Check"),
    Column("warns", "Warns"),
    Column("clause", "Clause"),
]
_ADVICE = {"p": "p", "p_hf": "p HF", "p_gg": "p GG", "p_multivariate": "p T²"}


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
    return {
        "title": title,
        "simulated": results.simulated,
        "mark": Markup('<span class="mark">SIMULATED</span>') if results.simulated else "",
        "results": results,
        "figures": {name: Markup(svg) for name, svg in figures.items()},
        "counts": _counts(results),
        "mos": table(results.mos, MOS, digits),
        "mos_unscreened": table(results.mos_unscreened, MOS, digits),
        "screening": table(results.screening.sort_values("kept", kind="stable"), SCREENING, digits),
        "tables": _further(results, digits),
        "sentences": _sentences(results),
        "warnings": _warnings(results),
        "methods": methods(results),
        "references": references(results),
        "software": software(),
    }


def _further(results: Results, digits: int) -> dict[str, dict[str, Any]]:
    """The tables that not every design allows, by name."""
    shown = {
        "comparisons": DIFFERENCES, "comparisons_unscreened": DIFFERENCES, "mixed": MIXED,
        "variance": VARIANCE,
        "reliability": RELIABILITY, "listeners": LISTENERS, "assumptions": ASSUMPTIONS,
    }  # fmt: skip
    out = {
        name: table(results.tables[name], columns, digits)
        for name, columns in shown.items()
        if name in results.tables
    }
    if "omnibus" in results.tables:
        frame = results.tables["omnibus"]
        out["omnibus"] = table(frame.assign(advised=frame["advice"].map(_ADVICE)), OMNIBUS, digits)
    for name in results.options.by:
        if f"by_{name}" in results.tables:
            columns = [Column(name, name.removeprefix("q_").capitalize()), *MOS]
            out[f"by_{name}"] = table(results.tables[f"by_{name}"], columns, digits)
    return out


def _sentences(results: Results) -> tuple[list[str], list[str]]:
    """The comparisons in words: those that hold after the correction, and the rest."""
    if "comparisons" not in results.tables:
        return [], []
    rows = results.tables["comparisons"]
    clear = rows["p"] < 0.05
    sentences = rows["sentence"].map(unbroken)
    return list(sentences[clear]), list(sentences[~clear])


def unbroken(sentence: str) -> str:
    """Keep `p = 0.03` and `95 %` on one line."""
    return re.sub(r"(?<=\d) (?=%)|(?<=\bp) (?=[=<])|(?<=[=<]) (?=\d)", "\u00a0", sentence)


def _warnings(results: Results) -> list[str]:
    if "assumptions" not in results.tables:
        return []
    rows = results.tables["assumptions"]
    return [unbroken(sentence) for sentence in rows.loc[rows["warns"], "sentence"]]


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

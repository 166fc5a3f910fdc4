"""The report's page: what it shows of the results, rendered into one self-contained HTML file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from markupsafe import Markup

from analysis.formatting import group_digits
from analysis.models.screening import STANDARD_SCALE
from analysis.pages import make_environment
from analysis.ratings.tidy import conditions
from analysis.report import table_columns as columns
from analysis.report.captions import captions
from analysis.report.files import list_files, read_latex
from analysis.report.headline import headline
from analysis.report.html_tables import Column, Table, table_of
from analysis.report.methods_text import methods, references, software
from analysis.report.results import Results
from analysis.report.screening_text import describe_panel, rules_applied, warn_of_no_screening
from analysis.report.standards import is_nameless

CLOSING = (("methods", "Methods"), ("latex", "LaTeX"), ("files", "Files"))
"""The sections that end every report, as its contents list them."""

_MOST_OUTLIERS = 50  # on the page; the CSV file has all


def render_page(results: Results, figures: dict[str, str], title: str, folder: Path | None = None) -> str:
    """Return the page as text.

    Args:
        results: What was analysed.
        figures: SVG elements by name.
        title: Heading.
        folder: Where the report's other files are, to be linked.
    """
    return render_around(
        "report.html", title, results.simulated, folder, body=render_body(results, figures, title)
    )


def render_body(
    results: Results, figures: dict[str, str], title: str, *, at: str = "", stem: str = "", top: int = 2
) -> Markup:
    """Return what the page shows of the results, without its head and its links to files.

    Args:
        results: What was analysed.
        figures: SVG elements by name.
        title: Heading.
        at: What ids on the page begin with, if there are several bodies.
        stem: What the names of files begin with.
        top: Level of the headings.
    """
    closing = CLOSING if top == 2 else CLOSING[:1]
    sections = [(at + name, said) for name, said in [*_list_sections(results), *closing]]
    template = make_environment().get_template("report_body.html")
    text = template.render(**context(results, figures, title), sections=sections, at=at, stem=stem, top=top)
    return Markup(text)


def render_around(template: str, title: str, simulated: bool, folder: Path | None, **filled: Any) -> str:
    """Return a page: a head, what is filled in, and links to the files in `folder`."""
    return make_environment().get_template(template).render(
        **filled, title=title, simulated=simulated, software=software(),
        files=list_files(folder) if folder else {}, latex=read_latex(folder) if folder else {},
    )  # fmt: skip


def context(results: Results, figures: dict[str, str], title: str) -> dict[str, Any]:
    """Return everything that the template shows."""
    digits = results.digits
    return {
        "title": title,
        "simulated": results.simulated,
        "mark": Markup('<span class="mark">SIMULATED</span>') if results.simulated else "",
        "results": results,
        "figures": {name: Markup(svg) for name, svg in figures.items()},
        "counts": _counts(results),
        "headline": [unbroken(sentence) for sentence in headline(results)],
        "about": captions(results),
        "mos": table_of(results.mos, columns.MOS, digits),
        "mos_unscreened": table_of(results.mos_unscreened, columns.MOS, digits),
        "by_standard": (results.scale == STANDARD_SCALE and not is_nameless(results))
        or bool(rules_applied(results)),
        "screening": table_of(
            results.screening.sort_values("kept", kind="stable"),
            columns.screening_columns(results.scale),
            digits,
        ),
        "shares_screened": results.screening[["reference_share", "mid_anchor_share"]].notna().any(axis=None),
        "tables": _collect_further(results, digits),
        "whose": describe_panel(results),
        "sentences": _sentences(results),
        "comparable": "comparisons" in results.tables and results.tables["comparisons"]["p"].notna().any(),
        "groups": _describe_groups(results),
        "warnings": _warnings(results),
        "methods": methods(results),
        "references": references(results),
        "software": software(),
    }


def _list_sections(results: Results) -> list[tuple[str, str]]:
    """Return the sections of the body by id, for its contents."""
    tables = results.tables
    every = (
        ("mos", "Scores", True),
        ("differences", "Differences", "comparisons" in tables),
        ("distributions", "Distributions", True),
        ("items", "Items", "items" in tables),
        ("metrics", "Metrics", "metrics" in tables),
        ("listeners", "Listeners", True),
        ("assumptions", "Assumptions", "assumptions" in tables),
    )
    return [(name, title) for name, title, there in every if there]


def _collect_further(results: Results, digits: int) -> dict[str, Table]:
    """The tables that not every design allows, by name."""
    differences = columns.differences(results.options)
    shown = {
        "comparisons": differences, "comparisons_unscreened": differences, "mixed": columns.MIXED,
        "mixed_means": columns.MIXED_MEANS,
        "omnibus": columns.OMNIBUS, "variance": columns.VARIANCE, "reliability": columns.RELIABILITY,
        "letters": columns.LETTERS,
        "equivalence": columns.equivalence(results.options),
        "influence": columns.INFLUENCE, "subjects": columns.SUBJECTS,
        "metrics": columns.METRICS, "ordinal": columns.ORDINAL,
        "items": columns.ITEMS, "outliers": columns.OUTLIERS, "panel": columns.PANEL,
        "groups": columns.GROUPS, "group_differences": columns.GROUP_DIFFERENCES,
        "listeners": columns.LISTENERS, "assumptions": columns.ASSUMPTIONS,
    }  # fmt: skip
    for name in results.options.by:
        key = "item_label" if name == "item" else name
        shown[f"by_{name}"] = [Column(key, name.removeprefix("q_").capitalize()), *columns.MOS]
    frames = dict(results.tables)
    if "outliers" in frames:
        frames["outliers"] = frames["outliers"].head(_MOST_OUTLIERS)
    for name in ("omnibus", "groups"):
        if name in frames:
            frames[name] = columns.add_words(frames[name])
    listed = conditions(results.screened)
    label = dict(zip(listed["condition"], listed["label"], strict=True))
    for name in ("mixed", "ordinal"):
        if name in frames:
            pair = {f"label_{end}": frames[name][f"condition_{end}"].map(label) for end in "ab"}
            frames[name] = frames[name].assign(**pair)
    for name in ("mixed_means", "variance"):
        if name in frames:
            frames[name] = frames[name].assign(label=frames[name]["condition"].map(label).fillna(""))
    return {name: table_of(frames[name], shown[name], digits) for name in shown if name in frames}


def _sentences(results: Results) -> tuple[list[str], list[str]]:
    """Return the comparisons in words: those that are significant after the correction, and the rest."""
    if "comparisons" not in results.tables:
        return [], []
    rows = results.tables["comparisons"]
    clear = rows["p"] < 0.05
    sentences = rows["sentence"].map(unbroken)
    return list(sentences[clear]), list(sentences[~clear])


def _describe_groups(results: Results) -> list[str]:
    if "groups" not in results.tables:
        return []
    return [unbroken(sentence) for sentence in results.tables["groups"]["sentence"]]


def unbroken(sentence: str) -> str:
    """Keep `p = 0.03` and `95 %` on one line."""
    return re.sub(r"(?<=\d) (?=%)|(?<=\b[pbF]) (?=[=<])|(?<=[=<]) (?=\d)", "\u00a0", sentence)


def _warnings(results: Results) -> list[str]:
    found = warn_of_no_screening(results)
    if "assumptions" in results.tables:
        rows = results.tables["assumptions"]
        found += list(rows.loc[rows["warns"] & (rows["check"] != "item x condition"), "sentence"])
    return [unbroken(sentence) for sentence in found]


def _counts(results: Results) -> list[tuple[str, str]]:
    """The study in four numbers."""
    left = results.screened
    trials = left[(left["kind"] == "trial") & left["score"].notna()]
    total, n = len(results.screening), int(results.screening["kept"].sum())
    counts = {
        "listener": f"{n}" if n == total else f"{n} of {total}",
        "item": str(trials["item"].nunique()),
        "condition": str(trials["condition"].nunique()),
        "rating": group_digits(len(trials)),
    }
    return [(what if count == "1" else f"{what}s", count) for what, count in counts.items()]

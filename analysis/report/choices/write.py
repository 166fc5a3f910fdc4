"""`write_choices`: the page, figures, tables and LaTeX of a test that asks for choices."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from analysis.errors import DesignError
from analysis.models.screening import find_failures
from analysis.pages import make_environment
from analysis.ratings.names import CORRECT, LEVEL, THRESHOLD
from analysis.ratings.selection import choose_attribute
from analysis.ratings.tidy import is_simulated, records
from analysis.report.choices.abx import describe_discrimination
from analysis.report.choices.adaptive import describe_thresholds
from analysis.report.choices.comparison import describe_comparisons
from analysis.report.choices.difference_grades import describe_difference_grades
from analysis.report.choices.extremes import describe_extremes
from analysis.report.choices.findings import Findings
from analysis.report.choices.preference import describe_preferences
from analysis.report.choices.references import references_in
from analysis.report.choices.words import check_options, count
from analysis.report.html_tables import table_of
from analysis.report.latex import escape
from analysis.report.methods_text import software
from analysis.report.page import CLOSING, render_around, unbroken
from analysis.report.results import Options
from analysis.report.scores import write_table
from analysis.report.staging import file_name, stage_folder

DESCRIBE: dict[str, Callable[[pd.DataFrame, Options], Findings]] = {
    "ab": describe_preferences,
    "abx": describe_discrimination,
    "ccr": describe_comparisons,
    "bs1116": describe_difference_grades,
    "best-worst": describe_extremes,
    "staircase": describe_thresholds,
}

_FAILED = {
    "attention": "failed an attention check",
    "headphones": "failed the headphone check",
    "hearing": "failed the hearing check",
    "environment": "failed the check of the surroundings",
    "transducer": "listened with built-in loudspeakers",
    "unfinished": "did not finish",
}


@dataclass(frozen=True)
class ChoiceResults:
    """What was found in choices, and how.

    Attributes:
        test: One of `DESCRIBE`'s keys.
        attribute: What was asked.
        options: Of the analysis.
        findings: Sentences, figures and tables.
        notes: On the reading of the ratings.
        simulated: Whether any choice was made by a program.
        screening: The sentence on who was excluded.
    """

    test: str
    attribute: str
    options: Options
    findings: Findings
    notes: list[str]
    simulated: bool
    screening: str

    @property
    def methods(self) -> str:
        """The paragraph on methods for a paper."""
        mark = "SIMULATED ratings: no person listened. " if self.simulated else ""
        closing = f"{self.screening} Analysed with {software()} (seed {self.options.seed})."
        return f"{mark}{self.findings.methods} {closing}"


def analyse_choices(frame: pd.DataFrame, test: str, options: Options) -> ChoiceResults:
    """Analyse the choices of one attribute.

    Args:
        frame: Tidy ratings.
        test: One of `DESCRIBE`'s keys.
        options: Interval, correction, draws, seed, and which failed checks exclude (`FAILURES`, by default
            none); what is for scores only is refused.

    Raises:
        DesignError: An option that choices do not have, choices that cannot be analysed, or nobody left.
    """
    check_options(options)
    attribute, more = choose_attribute(frame, options.attribute)
    wanted = [LEVEL, CORRECT, THRESHOLD] if attribute == LEVEL else [attribute]
    rows = frame[frame["attribute"].isin(wanted)].reset_index(drop=True)
    rows, said, warned = _screen(rows, frame.attrs.get("expected"), options.exclude or ())
    found = DESCRIBE[test](rows, options)
    notes = [*frame.attrs.get("notes", []), *more, *warned]
    return ChoiceResults(test, attribute, options, found, notes, is_simulated(rows), said)


def _screen(
    rows: pd.DataFrame, expected: Any, exclude: tuple[str, ...]
) -> tuple[pd.DataFrame, str, list[str]]:
    """Return the rows of who stays, the sentence on the others, and warnings of failures that stay."""
    failures = find_failures(rows, expected)
    warned = [
        f"{count(int(hit.sum()), 'listener')} {_FAILED[name]} and {'is' if hit.sum() == 1 else 'are'} kept "
        f"(--exclude {name} leaves them out)."
        for name, hit in ((str(name), hit) for name, hit in failures.items())
        if name not in exclude and hit.any()
    ]
    gone = failures[list(exclude)].any(axis=1)
    if not gone.any():
        return rows, "Nobody was excluded.", warned
    if gone.all():
        raise DesignError(
            f"screening excludes every listener ({', '.join(exclude)}); use --exclude none to keep them and "
            "see what they chose"
        )
    left = rows[~rows["listener"].isin(gone.index[gone])].reset_index(drop=True)
    left.attrs |= rows.attrs
    said = f"{gone.sum()} of {len(gone)} listeners {'was' if gone.sum() == 1 else 'were'} excluded"
    return left, f"{said} ({', '.join(exclude)}).", warned


def write_choices(frame: pd.DataFrame, test: str, out: Path, options: Options, title: str) -> ChoiceResults:
    """Analyse choices and write the report.

    Args:
        frame: Tidy ratings.
        test: One of `DESCRIBE`'s keys.
        out: Folder; made if it does not exist. The files of an earlier report are replaced.
        options: See `analyse_choices`.
        title: Heading.

    Returns:
        The results; written are `index.html`, a CSV per table, figures as SVG, PDF and PNG, `results.tex`
        and `report.json`.

    Raises:
        DesignError: See `analyse_choices`.
        OSError: The folder cannot be written.
    """
    results = analyse_choices(frame, test, options)
    with stage_folder(out, "report.json") as folder:
        figures = fill_folder(results, folder)
        about = json.dumps(summary(results), allow_nan=False)
        (folder / "report.json").write_text(about, encoding="utf-8")
        body = render_choices(results, figures)
        page = render_around("report.html", title, results.simulated, folder, body=body)
        (folder / "index.html").write_text(page, encoding="utf-8")
    return results


def fill_folder(results: ChoiceResults, folder: Path, *, stem: str = "") -> dict[str, str]:
    """Write figures, tables and LaTeX; return the figures as SVG elements by name.

    Args:
        results: What was found.
        folder: Where the files go.
        stem: What the files' names begin with, if the report has several scales.
    """
    from analysis.figures.style import inline_svg, save

    findings, figures = results.findings, {}
    for drawing in [drawing for section in findings.sections for drawing in section.figures]:
        saved = save(drawing.draw(), folder, stem + drawing.name)
        figures[drawing.name] = inline_svg(saved.svg, drawing.alt)
    for name, table in findings.tables.items():
        write_table(table, folder / f"{stem}{file_name(name)}.csv", results.simulated)
    label = f"tab:results-{stem.rstrip('-')}" if stem else "tab:results"
    (folder / f"{stem}results.tex").write_text(_latex(results, label), encoding="utf-8")
    return figures


def render_choices(results: ChoiceResults, figures: dict[str, str], *, at: str = "", top: int = 2) -> Markup:
    """Return what the page shows of the results, without its head and its links to files.

    Args:
        results: What was found.
        figures: SVG elements by name.
        at: What ids on the page begin with, if there are several bodies.
        top: Level of the headings.
    """
    environment = make_environment()
    environment.filters["unbroken"] = unbroken
    findings = results.findings
    tables = {
        listing.name: table_of(listing.frame, listing.columns, listing.digits)
        for section in findings.sections
        for listing in section.tables
    }
    sections = [(section.anchor, section.title) for section in findings.sections]
    closing = CLOSING if top == 2 else CLOSING[:1]
    text = environment.get_template("choices_body.html").render(
        sections=[(at + name, said) for name, said in [*sections, *closing]],
        findings=findings, tables=tables, figures={name: Markup(svg) for name, svg in figures.items()},
        mark=Markup('<span class="mark">SIMULATED</span>') if results.simulated else "",
        notes=results.notes, methods=results.methods, references=references_in(results.methods),
        at=at, top=top,
    )  # fmt: skip
    return Markup(text)


def summary(results: ChoiceResults) -> dict[str, Any]:
    """Return the report as plain data for `report.json`."""
    options = results.options
    return {
        "schema_version": 1,
        "software": software(),
        "simulated": results.simulated,
        "test": results.test,
        "attribute": results.attribute,
        "options": {key: getattr(options, key) for key in ("interval", "correction", "draws", "seed")},
        "headline": results.findings.headline,
        "methods": results.methods,
        "references": references_in(results.methods),
        "notes": results.notes,
        "tables": {
            name: [{key: _plain(value) for key, value in row.items()} for row in records(table)]
            for name, table in results.findings.tables.items()
        },
    }


def _plain(value: Any) -> Any:
    """A JSON value: numbers that are not there are null, infinite ones text."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and math.isinf(value):
        return "infinite"
    return None if isinstance(value, float) and math.isnan(value) else value


def _latex(results: ChoiceResults, label: str) -> str:
    table = results.findings.latex
    said = escape(table.caption) + (" SIMULATED ratings." if results.simulated else "")
    rows = [" & ".join(map(escape, row)) for row in table.rows]
    lines = [
        "\\begin{table}", "  \\centering", f"  \\caption{{{said}}}", f"  \\label{{{label}}}",
        f"  \\begin{{tabular}}{{{table.columns}}}", "    \\toprule", f"    {' & '.join(table.head)} \\\\",
        "    \\midrule", *[f"    {row} \\\\" for row in rows], "    \\bottomrule", "  \\end{tabular}",
        "\\end{table}", "",
    ]  # fmt: skip
    return "\n".join(lines)

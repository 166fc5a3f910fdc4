"""`write_parts`: one report on a study with several scales or tests, with a part for each of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from analysis.errors import DesignError
from analysis.models.screening import FAILURES
from analysis.ratings.choices import test_of
from analysis.ratings.reuse import keep_results
from analysis.ratings.tidy import is_simulated, select_rated
from analysis.report.choices import write as choices
from analysis.report.methods_text import software
from analysis.report.page import render_around, render_body
from analysis.report.results import Options, Results, analyse
from analysis.report.scores import summary, write_scores
from analysis.report.staging import file_name, stage_folder
from analysis.statistics.shares import SHARE_INTERVALS


@dataclass(frozen=True)
class Parts:
    """What was found on each scale or test.

    Attributes:
        parts: The results by attribute, the main question first.
        notes: On the reading of the ratings, and on parts that could not be analysed.
        simulated: Whether any rating was made by a program.
    """

    parts: dict[str, Results | choices.ChoiceResults]
    notes: list[str]
    simulated: bool


def write_parts(
    frame: pd.DataFrame,
    names: list[str],
    out: Path,
    options: Options,
    *,
    style: str,
    title: str,
    announce: Callable[[str], None],
) -> Parts:
    """Analyse each attribute and write one page on all of them.

    Options that are for scores only leave the parts on choices as they are. A part that cannot be analysed is
    left out, and `notes` says why.

    Args:
        frame: Tidy ratings.
        names: The attributes, see `analysis.ratings.selection.list_attributes`.
        out: Folder; made if it does not exist. The files of an earlier report are replaced.
        options: See `analysis.report.write.write_report`.
        style: Look of the MOS figures.
        title: Heading.
        announce: Called with what is computed or drawn next.

    Returns:
        The results; written are `index.html`, `report.json` and the files of each part, whose names begin
        with the attribute: `timbre-mos.csv`.

    Raises:
        DesignError: No part can be analysed.
        OSError: The folder cannot be written.
    """
    with keep_results():
        return _write(frame, names, out, options, style, title, announce)


def _write(
    frame: pd.DataFrame,
    names: list[str],
    out: Path,
    options: Options,
    style: str,
    title: str,
    announce: Callable[[str], None],
) -> Parts:
    parts, refused = {}, {}
    bare = frame.copy(deep=False)
    bare.attrs = frame.attrs | {"notes": []}  # those of the reading are said once
    scored = any(test_of(name) is None for name in names)
    for name in names:
        try:
            fitting = _fit(options, bare, name, scored)
            test = test_of(name)
            parts[name] = (
                analyse(bare, fitting, announce=lambda step, name=name: announce(f"{name}: {step}"))  # type: ignore[misc]
                if test is None
                else choices.analyse_choices(bare, test, fitting)
            )
        except DesignError as error:
            refused[name] = error
    if not parts:
        raise next(iter(refused.values()))
    failed = [f"'{name}' is not in this report: {error}." for name, error in refused.items()]
    notes = [*frame.attrs.get("notes", []), *failed]
    found = Parts(parts, notes, is_simulated(frame))
    with stage_folder(out, "report.json") as folder:
        shown, about = [], {}
        for name, results in parts.items():
            announce(f"writing {name}")
            stem = f"{file_name(name)}-"
            shown.append(_write_part(results, folder, style, stem, title))
            about[name] = {"stem": stem} | (
                summary(results) if isinstance(results, Results) else choices.summary(results)
            )
        whole = {
            "schema_version": 1, "software": software(), "simulated": found.simulated, "notes": notes,
            "parts": about,
        }  # fmt: skip
        (folder / "report.json").write_text(json.dumps(whole, allow_nan=False), encoding="utf-8")
        sections = [(part["anchor"], part["title"]) for part in shown]
        page = render_around(
            "report_parts.html", title, found.simulated, folder, parts=shown, notes=notes,
            scales=all(isinstance(part, Results) for part in parts.values()),
            sections=[*sections, ("latex", "LaTeX"), ("files", "Files")],
        )  # fmt: skip
        (folder / "index.html").write_text(page, encoding="utf-8")
    return found


def _write_part(
    results: Results | choices.ChoiceResults, folder: Path, style: str, stem: str, title: str
) -> dict[str, Any]:
    """Write the files of a part; return its anchor, title and body."""
    body: Markup
    if isinstance(results, Results):
        figures = write_scores(results, folder, style, stem=stem)
        body = render_body(results, figures, title, at=stem, stem=stem, top=3)
    else:
        body = choices.render_choices(
            results, choices.fill_folder(results, folder, stem=stem), at=stem, top=3
        )
    return {"anchor": f"part-{stem.rstrip('-')}", "title": name_part(results), "body": body}


def name_part(results: Results | choices.ChoiceResults) -> str:
    """Return what a part is called: the scale, or what was asked."""
    if isinstance(results, Results):
        return "Scores" if results.attribute == "score" else f"Scale “{results.attribute}”"
    return results.findings.test[:1].upper() + results.findings.test[1:]


def _fit(options: Options, frame: pd.DataFrame, name: str, scored: bool) -> Options:
    """Return the options as far as they fit an attribute.

    Args:
        options: What was asked for.
        frame: Tidy ratings.
        name: The attribute.
        scored: Whether some part is on scores, so that options for scores have their place.
    """
    fitting = replace(options, attribute=name)
    if test_of(name) is None or not scored:
        known = set(select_rated(frame, name)["condition"])
        order = None if options.order is None else [one for one in options.order if one in known]
        return replace(fitting, order=order or None)
    exclude = None if options.exclude is None else tuple(e for e in options.exclude if e in FAILURES)
    interval = options.interval if options.interval in SHARE_INTERVALS else Options().interval
    return replace(
        Options(), attribute=name, exclude=exclude, interval=interval, correction=options.correction,
        draws=options.draws, seed=options.seed, order=options.order,
    )  # fmt: skip

"""`write_report`: one self-contained page, the figures and the tables of an analysis, in one folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from analysis.ratings.choices import test_of
from analysis.ratings.reuse import keep_results
from analysis.ratings.selection import list_attributes
from analysis.report.choices.write import ChoiceResults, write_choices
from analysis.report.parts import Parts, write_parts
from analysis.report.results import Options, Results, analyse
from analysis.report.scores import summary, write_scores
from analysis.report.staging import stage_folder


def write_report(
    frame: pd.DataFrame,
    out: str | Path,
    options: Options | None = None,
    *,
    style: str = "default",
    title: str | None = None,
    announce: Callable[[str], None] = lambda step: None,
) -> Results | ChoiceResults | Parts:
    """Analyse ratings and write the report: of scores, of choices, or of every scale and test of the frame.

    Args:
        frame: Tidy ratings.
        out: Folder; made if it does not exist. The files of an earlier report are replaced once all of
            the new ones are written; other files stay.
        options: Interval, test, correction and the rest. With an `attribute` the report is about it alone.
        style: Look of the MOS figure: `default` or `paper`.
        title: Heading; by default the name of the study.
        announce: Called with what is computed or drawn next, for a line that shows the progress.

    Returns:
        The results that were written: `index.html`, `mos.csv`, `mos_unscreened.csv`, `significance.csv`,
        `screening.csv`, further tables, figures as SVG, PDF and PNG, `report.json`, `mos.tex`,
        `significance.tex`.

        Of choices: see `analysis.report.choices.write.write_choices`. Of several scales or tests: see
        `analysis.report.parts.write_parts`.

    Raises:
        DesignError: See `analysis.report.results.analyse`.
        OSError: The folder cannot be written.
    """
    options = options or Options()
    heading = title or str(frame.attrs.get("title") or _title(frame))
    named = [options.attribute] if options.attribute is not None else list_attributes(frame)
    if len(named) > 1:
        return write_parts(frame, named, Path(out), options, style=style, title=heading, announce=announce)
    test = test_of(named[0])
    if test is not None:
        return write_choices(frame, test, Path(out), options, heading)
    with keep_results():
        return _write_scores(frame, Path(out), options, style, heading, announce)


def _write_scores(
    frame: pd.DataFrame,
    out: Path,
    options: Options,
    style: str,
    heading: str,
    announce: Callable[[str], None],
) -> Results:
    from analysis.report.page import render_page

    results = analyse(frame, options, announce=announce)
    with stage_folder(out, "report.json") as folder:
        figures = write_scores(results, folder, style, announce)
        text = json.dumps(summary(results), allow_nan=False)
        (folder / "report.json").write_text(text, encoding="utf-8")
        page = render_page(results, figures, heading, folder)
        (folder / "index.html").write_text(page, encoding="utf-8")
    return results


def _title(frame: pd.DataFrame) -> str:
    studies = list(frame["study"].unique())
    return " + ".join(map(str, studies[:3])) + (" and others" if len(studies) > 3 else "")

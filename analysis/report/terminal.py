"""What `analyze` prints: the table of mean opinion scores, or what choices came to."""

from __future__ import annotations

import unicodedata

import pandas as pd

from analysis.ratings.tidy import iter_rows
from analysis.report.choices.write import ChoiceResults
from analysis.report.parts import Parts, name_part
from analysis.report.results import Results
from analysis.report.staging import file_name


def mos_text(table: pd.DataFrame) -> str:
    """Return the MOS table as lines of text, for the terminal."""
    width = max([9, *map(_columns_of, table["label"])])
    digits = 1 if table["mos"].max() > 10 else 2
    mark = "  SIMULATED" if bool(table["simulated"].any()) else ""
    lines = [f"{'condition':<{width}}  {'MOS':>6}  95 % interval ({table['interval'].iloc[0]}){mark}"]
    for row in iter_rows(table):
        ends = (
            "not estimable"
            if row.ci_low != row.ci_low
            else f"{row.ci_low:.{digits}f} to {row.ci_high:.{digits}f}"
        )
        blanks = " " * (width - _columns_of(row.label))
        lines.append(f"{row.label}{blanks}  {row.mos:>6.{digits}f}  {ends}")
    return "\n".join(lines)


def choices_text(results: ChoiceResults) -> str:
    """Return the result of choices in sentences, for the terminal."""
    mark = ["SIMULATED"] if results.simulated else []
    return "\n".join([*mark, *results.findings.headline])


def printable(text: str) -> str:
    """Return a text without what a terminal obeys: names come from files that strangers send."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(letter) == "Cc" and letter != "\n" else letter
        for letter in text
    )


def describe_results(results: Results | ChoiceResults | Parts, stem: str = "") -> str:
    """Return what was found as lines of text; of several parts, each under its name.

    Args:
        results: Of `write_report`.
        stem: What the files' names begin with.
    """
    if isinstance(results, Parts):
        return "\n\n".join(
            "\n".join([name_part(part), *part.notes, describe_results(part, f"{file_name(name)}-")])
            for name, part in results.parts.items()
        )
    if isinstance(results, ChoiceResults):
        return choices_text(results)
    lines = [mos_text(results.mos)]
    if results.excluded:
        lines.append(
            f"Screening excluded {results.excluded} of {len(results.screening)} listeners (see "
            f"{stem}screening.csv)."
        )
    return "\n".join(lines)


def _columns_of(text: str) -> int:
    """Return how many columns of a terminal a text takes: East Asian letters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)

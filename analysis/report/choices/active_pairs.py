"""The report on preferences between pairs that the answers chose (`study build --adaptive active-16`).

What is said of single pairs elsewhere, and the test of fit, take the number of choices about each pair as
fixed. Here it depends on the answers, so that neither holds: `python -m benchmarks.active_pairs` counts how
often the test would reject a scale that is true.
"""

from __future__ import annotations

import pandas as pd

from analysis.choices.pair_scale import PairScale
from analysis.formatting import number
from analysis.ratings.tidy import iter_rows
from analysis.report.choices import words
from analysis.report.choices.findings import Latex, Listing, Section
from analysis.report.html_tables import Column

WITHOUT_TEST = (
    "Whether one scale describes the choices is not tested, and circular triads are not counted: both "
    "take the choices about each pair as given beforehand, and here the answers chose the pairs."
)
_COLUMNS = [
    Column("label_a", "Preferred"), Column("label_b", "to"), Column("percent", "Share (%)", "score"),
    Column("preferred_a", "Choices", "count"), Column("preferred_b", "Against", "count"),
    Column("ties", "Neither", "count"), Column("n_listeners", "Listeners", "count"),
    Column("n_items", "Items", "count"),
]  # fmt: skip


def active_pairs_section(table: pd.DataFrame) -> Section:
    """Return the section that describes the choices about single pairs.

    Args:
        table: As the report on preferences has it, in percent.
    """
    said = (
        "Each pair was chosen by the listener's answers so far: close pairs were heard more often, and "
        "whether a pair came again depended on its answers. The scale takes all choices together; "
        "shares of single pairs are only a description."
    )
    return Section(
        "Preferences", [said], [], [Listing("preferences", table, _COLUMNS, "Choices of each pair")]
    )


def list_strengths(scale: PairScale, labels: dict[str, str]) -> list[str]:
    """Return the headline: each condition's place on the scale, the best first."""
    found = [
        f"{labels[row.condition]} has a log strength of {number(row.worth, 2)} (95 % interval "
        f"{words.ends(row.ci_low, row.ci_high)})."
        for row in iter_rows(scale.table)
    ]
    return [*found, "Intervals are about new listeners and these items; the mean of all log strengths is 0."]


def tabulate_strengths(scale: PairScale, labels: dict[str, str]) -> Latex:
    """Return the table for a paper."""
    rows = [
        [labels[row.condition], number(row.strength, 3), number(row.worth, 2),
         words.ends(row.ci_low, row.ci_high)]
        for row in iter_rows(scale.table)
    ]  # fmt: skip
    return Latex(
        "Strengths by all choices, with 95 % intervals about new listeners and these items.", "lrrc",
        ["Condition", "Strength", "Log strength", r"95\,\% interval"], rows,
    )  # fmt: skip

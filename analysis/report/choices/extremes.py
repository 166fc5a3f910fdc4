"""The report on choices of best and worst (`best-worst`)."""

from __future__ import annotations

import pandas as pd

from analysis.choices.best_worst import best_worst
from analysis.formatting import group_digits, number
from analysis.ratings.choices import sets_of
from analysis.ratings.tidy import is_simulated, iter_rows
from analysis.report.choices import words
from analysis.report.choices.findings import Drawing, Findings, Latex, Listing, Section
from analysis.report.html_tables import Column
from analysis.report.results import Options

_COLUMNS = [
    Column("label", "Condition"), Column("worth", "Utility", "effect"),
    Column("ci", "95 % interval", "effects"),
    Column("score", "Best − worst", "effect"), Column("score", "95 % interval", "effects"),
    Column("best", "Best", "count"), Column("worst", "Worst", "count"), Column("shown", "Shown", "count"),
]  # fmt: skip


def describe_extremes(frame: pd.DataFrame, options: Options) -> Findings:
    """Analyse choices of best and worst and put the result into words.

    Args:
        frame: Tidy ratings with the attribute `choice`.
        options: Not needed: nothing about these intervals is chosen.

    Raises:
        DesignError: See `sets_of` and `best_worst`.
    """
    sets = sets_of(frame)
    table = best_worst(sets)
    roles = frame.drop_duplicates("condition").set_index("condition")["role"]
    table = table.assign(
        label=table["condition"].map(words.labels_of(frame)), role=table["condition"].map(roles),
        simulated=is_simulated(frame),
    )  # fmt: skip
    n_trials = sets.groupby(["listener", "item", "trial"]).ngroups
    return Findings(
        test="which of several sounds is best and which worst",
        headline=[*_headline(table), "Intervals are about new listeners and these items."],
        counts=[
            ("listeners", str(sets["listener"].nunique())), ("items", str(sets["item"].nunique())),
            ("conditions", str(len(table))), ("trials", group_digits(n_trials)),
        ],
        sections=[_section(table)],
        methods=_methods(sets, table, n_trials),
        latex=_latex(table),
        listeners=sets["listener"].nunique(),
    )  # fmt: skip


def _headline(table: pd.DataFrame) -> list[str]:
    return [
        f"{row.label} was best in {row.best} and worst in {row.worst} of {words.count(row.shown, 'trial')} "
        f"with it (utility {number(row.worth, 2)}, 95 % interval {words.ends(row.ci_low, row.ci_high)})."
        for row in iter_rows(table)
    ]


def _section(table: pd.DataFrame) -> Section:
    from analysis.figures.choices import plot_scale

    drawn = table.assign(
        name=table["label"], centre=table["worth"], low=table["ci_low"], high=table["ci_high"]
    )
    spoken = "; ".join(
        f"{label} {number(worth, 2)} ({words.ends(low, high)})"
        for label, worth, low, high in zip(
            table["label"], table["worth"], table["ci_low"], table["ci_high"], strict=True
        )
    )
    return Section(
        "Utilities",
        [],
        [
            Drawing(
                "utilities", lambda: plot_scale(drawn, label="Utility (mean 0)"),
                "Utilities by a conditional logit of the choices of best and worst, with 95 % intervals "
                "about new listeners and these items.",
                f"Utilities: {spoken}.",
            )
        ],
        [
            Listing(
                "utilities", table, _COLUMNS, "Choices and utilities",
                "Best − worst: times best minus times worst, over times shown. Intervals are jackknives "
                "over listeners.",
            )
        ],
    )  # fmt: skip


def _methods(sets: pd.DataFrame, table: pd.DataFrame, n_trials: int) -> str:
    return (
        f"{sets['listener'].nunique()} listeners chose the best and the worst of several sounds in "
        f"{n_trials} trials with {len(table)} conditions of {sets['item'].nunique()} items (best-worst "
        "scaling). Utilities are maximum-likelihood estimates of a conditional logit in which the best is "
        "chosen first and then the worst of the rest (Marley and Louviere, 2005), their mean being 0; the "
        f"95 % intervals are {words.JACKKNIFE}."
    )


def _latex(table: pd.DataFrame) -> Latex:
    rows = [
        [row.label, str(row.best), str(row.worst), str(row.shown), number(row.worth, 2),
         words.ends(row.ci_low, row.ci_high)]
        for row in iter_rows(table)
    ]  # fmt: skip
    return Latex(
        "Best-worst scaling: choices and utilities.", "lrrrrc",
        ["Condition", "Best", "Worst", "Shown", "Utility", r"95\,\% interval"], rows,
    )  # fmt: skip

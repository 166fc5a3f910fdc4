"""The report on ABX, and on pages that ask which of two sounds is the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.choices.discrimination import CHANCE, discrimination
from analysis.choices.power import smallest_share
from analysis.errors import DesignError
from analysis.formatting import group_digits, number, percent
from analysis.ratings.choices import REFERENCE, trials_of
from analysis.ratings.tidy import is_simulated, iter_rows
from analysis.report.choices import words
from analysis.report.choices.findings import Drawing, Findings, Latex, Listing, Section
from analysis.report.choices.pair_tables import (
    IF_INDEPENDENT,
    NOTE,
    PANEL,
    RIGHT,
    P,
    in_percent,
    list_shares,
)
from analysis.report.html_tables import Column
from analysis.report.results import Options

_ALPHA = 0.05
_COUNTS = [Column("correct", "Right", "count"), Column("n", "Answers", "count")]
_PAIRS = [
    Column("name", "Sounds"), *RIGHT, *_COUNTS, Column("needed", "Needed", "count"),
    Column("d_prime", "d′", "effect"), Column("d", "95 % interval of d′", "effects"), *PANEL,
    *IF_INDEPENDENT, Column("undecided", "Undecided", "count"), NOTE,
]  # fmt: skip
_LISTENERS = [
    Column("listener", "Listener"), Column("percent", "Right (%)", "score"),
    Column("percent_ci", "Wilson (%)", "interval"), P, *_COUNTS,
]  # fmt: skip


def describe_discrimination(frame: pd.DataFrame, options: Options) -> Findings:
    """Analyse right and wrong answers and put the result into words.

    Args:
        frame: Tidy ratings with the attribute `correct`.
        options: Interval and correction.

    Raises:
        DesignError: See `trials_of` and `discrimination`.
    """
    labels = words.labels_of(frame)
    trials = trials_of(frame)
    a, b = (trials[f"condition_{end}"].map(labels) for end in "ab")
    trials = trials.assign(pair=a + " and " + b)
    table = discrimination(trials, interval=options.interval, correction=options.correction)
    table = in_percent(table).assign(name=table["pair"], simulated=is_simulated(frame))
    by_listener = discrimination(trials, by="listener", correction=options.correction)
    by_listener = in_percent(by_listener).assign(simulated=is_simulated(frame))
    n_conditions = len({*trials["condition_a"], *trials["condition_b"]})
    return Findings(
        test="whether a difference can be heard",
        headline=_headline(table, options),
        counts=[
            ("listeners", str(trials["listener"].nunique())), ("items", str(trials["item"].nunique())),
            ("conditions", str(n_conditions)), ("answers", group_digits(len(trials))),
        ],
        sections=[_section(table, options), _listeners(by_listener, options)],
        methods=_methods(trials, table, options),
        latex=_latex(table, options),
        listeners=trials["listener"].nunique(),
    )  # fmt: skip


def _headline(table: pd.DataFrame, options: Options) -> list[str]:
    found = []
    for row in iter_rows(table):
        share = (
            f"{percent(row.share)} of {words.count(row.n, 'answer')} were right (exact test against "
            f"guessing: {words.describe_p(row.p, options, len(table))}; these listeners and items)"
        )
        if row.p < 0.05:
            found.append(
                f"Listeners heard the difference between {row.name}: {share}.{_describe_others(row, options)}"
            )
        else:
            found.append(
                f"The answers do not show that the difference between {row.name} can be heard: {share}."
                f"{_describe_others(row, options)}{_could_find(row.n)}"
            )
    return found


def _describe_others(row: Any, options: Options) -> str:
    """Return the sentence on the interval, which is about other listeners or items than the exact test."""
    if row.ci_low != row.ci_low:
        return ""
    down = ", which reaches down to guessing" if row.p < 0.05 and row.ci_low <= CHANCE else ""
    return (
        f" For {words.about(options)} the 95 % interval is {words.share_ends(row.ci_low, row.ci_high)}{down};"
        f" d′ = {_d(row.d_prime)} ({_d(row.d_low)} to {_d(row.d_high)})."
    )


def _could_find(n: int) -> str:
    try:
        share = smallest_share(n)
    except DesignError:
        return f" {words.count(n, 'answer')} are too few to show anything."
    return (
        f" This does not prove that it cannot: with {words.count(n, 'answer')}, a true share of "
        f"{percent(share)} is found with a power of 80 %."
    )


def _d(value: float) -> str:
    return "∞" if np.isinf(value) else number(value, 2)


def _section(table: pd.DataFrame, options: Options) -> Section:
    from analysis.figures.choices import plot_shares

    said = []
    undecided = int(table["undecided"].sum())
    if undecided:
        said = [
            f"Listeners could not say in {undecided} of {words.count(int(table['n'].sum()), 'answer')}; "
            "each of these counts as half a right answer, and not at all in the exact test."
        ]
    note = (
        "p: exact binomial test, better than guessing"
        + words.correction_in_words(options, len(table), "pairs")
        + ". Needed: right answers from which on p is below 0.05 without correction. d′ for an unbiased "
        "listener who compares X with A and with B. The last two intervals treat all answers as "
        "independent."
    )
    return Section(
        "Right answers",
        said,
        [
            Drawing(
                "answers", lambda: plot_shares(table),
                f"Share of right answers with 95 % intervals about {words.about(options)}.",
                f"Shares of right answers: {list_shares(table)}.",
            )
        ],
        [Listing("answers", table, _PAIRS, "Answers about each pair of sounds", note)],
    )  # fmt: skip


def _listeners(table: pd.DataFrame, options: Options) -> Section:
    better = int((table["p"] < 0.05).sum())
    tests = len(table)
    said = (
        f"{better} of {words.count(tests, 'listener')}, taken singly, did better than guessing (p < 0.05"
        f"{words.correction_in_words(options, tests, 'listeners')})."
    )
    # Everything right, by whoever gave most answers: the smallest p value that any listener could have.
    if 0.5 ** int(table["n"].max()) * (1 if options.correction == "none" else tests) >= _ALPHA:
        said += " With so few answers of each nobody could: not even if all of them were right."
    return Section(
        "Listeners", [said], [], [Listing("listeners", table, _LISTENERS, "Answers of each listener")]
    )


def _methods(trials: pd.DataFrame, table: pd.DataFrame, options: Options) -> str:
    return " ".join(
        [
            f"{trials['listener'].nunique()} listeners gave {len(trials)} answers about {len(table)} "
            f"{'pair' if len(table) == 1 else 'pairs'} of sounds and {trials['item'].nunique()} items in "
            f"{_task(trials)}, in which the share of right answers by guessing is one half.",
            "p values are those of the exact one-sided binomial test of all answers, which are independent "
            "if nobody hears a difference" + words.correction_in_words(options, len(table), "pairs") + ".",
            f"For shares of right answers, {words.share_model(options)}.",
            "d′ is that of an unbiased listener under the differencing model (Macmillan and Creelman, 2005).",
        ]
    )


def _task(trials: pd.DataFrame) -> str:
    if (trials["condition_b"] == REFERENCE).all():
        return "trials that ask which of two sounds is the reference (as ABX: Clark, 1982)"
    return "an ABX test (Clark, 1982)"


def _latex(table: pd.DataFrame, options: Options) -> Latex:
    rows = [
        [row.name, f"{row.correct} of {row.n}", number(row.percent, 1),
         f"{row.percent_ci_low:.1f} to {row.percent_ci_high:.1f}", _d(row.d_prime),
         words.bare_p(row.p)]
        for row in table.rename(columns={"name": "sounds"}).assign(name=table["name"]).pipe(iter_rows)
    ]  # fmt: skip
    head = ["Sounds", "Right", r"\%", r"95\,\% interval", "$d'$", "$p$"]
    caption = "Right answers in the ABX test; exact binomial test" + words.correction_in_words(
        options, len(table), "pairs"
    )
    return Latex(caption + ".", "lrrcrr", head, rows)

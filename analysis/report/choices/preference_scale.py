"""The parts of the report on preferences about their scale: strengths, how well they fit, circular triads."""

from __future__ import annotations

import pandas as pd

from analysis.choices.pair_scale import PairScale
from analysis.choices.pairs import PairCounts
from analysis.choices.transitivity import circular_triads, transitivity
from analysis.formatting import p_in_words, percent
from analysis.ratings.names import UNKNOWN
from analysis.ratings.tidy import is_simulated
from analysis.report.choices import words
from analysis.report.choices.active_pairs import WITHOUT_TEST
from analysis.report.choices.findings import Drawing, Listing, Section
from analysis.report.choices.pair_tables import list_values
from analysis.report.html_tables import Column

_SCALE = [
    Column("label", "Condition"), Column("strength", "Strength", "effect"),
    Column("strength", "95 % interval", "effects"), Column("worth", "Log strength", "effect"),
    Column("ci", "95 % interval", "effects"), Column("wins", "Preferred", "count"),
    Column("losses", "Not preferred", "count"), Column("ties", "Neither", "count"),
]  # fmt: skip


def describe_scale(scale: PairScale, frame: pd.DataFrame, labels: dict[str, str], *, active: bool) -> Section:
    """Return the section on strengths: figure, table, and whether one scale describes the choices.

    Args:
        scale: The scale.
        frame: Tidy ratings.
        labels: What each condition is called.
        active: Whether the answers chose the pairs, so that the fit cannot be tested.
    """
    from analysis.figures.choices import plot_scale

    table = scale.table.assign(label=scale.table["condition"].map(labels), simulated=is_simulated(frame))
    roles = frame.drop_duplicates("condition").set_index("condition")["role"]
    drawn = table.assign(
        name=table["label"], role=table["condition"].map(roles).fillna("hidden_reference"),
        centre=table["worth"], low=table["ci_low"], high=table["ci_high"],
    )  # fmt: skip
    model = "Davidson's model with ties" if scale.model == "davidson" else "Bradley and Terry's model"
    if active:
        said = [WITHOUT_TEST]
    elif scale.test.df == 0:
        said = ["The pairs leave nothing to test the scale by."]
    elif scale.test.p < 0.05:
        said = [describe_rejection(scale)]
    else:
        said = [f"Nothing speaks against a single scale ({fit_in_words(scale)})."]
    if scale.fit.padded:
        said.append(
            "A condition, or a group of them, won or lost every comparison with the rest: half a choice "
            "was added on both sides of each pair, and the length of the scale is arbitrary there."
        )
    how = (
        "Intervals are jackknives over listeners, about new listeners and these items."
        if scale.interval != "wald"
        else "Intervals treat all choices as independent, since they are one listener's, or it is not known "
        "whose they are."
    )
    return Section(
        "One scale for all conditions",
        said,
        [
            Drawing(
                "scale", lambda: plot_scale(drawn, label="Log strength (mean 0)"),
                f"Log strengths by {model} with 95 % intervals; one unit apart means that the one is "
                "preferred to the other in 73 % of choices that prefer either.",
                f"Log strengths: {list_values(table, 'label', 'worth')}.",
            )
        ],
        [Listing("scale", table, _SCALE, f"Strengths by {model}; their sum is 1", how)],
    )  # fmt: skip


def describe_consistency(counts: PairCounts) -> Section:
    """Return the section on circular triads and stochastic transitivity."""
    panel = counts.halved.sum(axis=0)
    circular, triads = circular_triads(panel)
    own = [circular_triads(wins) for wins in counts.halved]
    own_circular, own_triads = sum(one for one, _ in own), sum(all_ for _, all_ in own)
    found = transitivity(panel)
    said = [
        f"Of {words.count(triads, 'triad')} of conditions whose pairs all have a majority, {circular} "
        f"{'is' if circular == 1 else 'are'} circular in the panel's choices (a preferred to b, b to c, c "
        "to a)."
    ]
    if own_triads and counts.listeners != [UNKNOWN]:
        said.append(
            f"Of the {words.count(own_triads, 'triad')} of single listeners {own_circular} "
            f"({percent(own_circular / own_triads)}) are circular; answering at random makes a "
            "quarter of them circular."
        )
    said.append(
        f"Shares violate weak stochastic transitivity in {found.weak}, moderate in {found.moderate} and "
        f"strong in {found.strong} of {words.count(found.triads, 'triad')}."
    )
    return Section("Consistency", said)


def describe_rejection(scale: PairScale) -> str:
    """Return the sentence that no scale fits."""
    return (
        f"No single scale describes these choices ({fit_in_words(scale)}): do not use the strengths, but "
        "the share of each pair."
    )


def fit_in_words(scale: PairScale) -> str:
    """Return the test of fit as `G²(21) = 24.21, p = 0.283`; its p value may allow for dependent choices."""
    corrected = ", corrected for dependent choices" if scale.interval != "wald" else ""
    return f"G²({scale.test.df}) = {scale.test.g2:.2f}, {p_in_words(scale.test.p)}{corrected}"

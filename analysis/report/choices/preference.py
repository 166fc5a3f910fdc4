"""The report on preferences (`ab`)."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis.choices.pair_scale import PairScale, pair_scale
from analysis.choices.pairs import PairCounts, count_pairs
from analysis.choices.preferences import order_effect, preferences
from analysis.errors import DesignError
from analysis.formatting import group_digits, number, p_in_words, percent
from analysis.ratings.choices import pairs_of
from analysis.ratings.names import UNKNOWN
from analysis.ratings.tidy import is_simulated, iter_rows
from analysis.report.choices import words
from analysis.report.choices.active_pairs import active_pairs_section, list_strengths, tabulate_strengths
from analysis.report.choices.findings import Drawing, Findings, Latex, Listing, Section
from analysis.report.choices.pair_tables import (
    IF_INDEPENDENT,
    NOTE,
    PANEL,
    SHARE,
    describe_pairs,
    in_percent,
    list_shares,
    put_better_first,
    swap_columns,
)
from analysis.report.choices.preference_methods import write_methods
from analysis.report.choices.preference_scale import (
    describe_consistency,
    describe_rejection,
    describe_scale,
)
from analysis.report.html_tables import Column
from analysis.report.results import Options
from analysis.statistics.shares import INDEPENDENT

_PAIRS = [
    Column("label_a", "Preferred"), Column("label_b", "to"), *SHARE,
    Column("preferred_a", "Choices", "count"), Column("preferred_b", "Against", "count"),
    Column("ties", "Neither", "count"), *PANEL, Column("p_exact", "p exact", "p"), *IF_INDEPENDENT, NOTE,
]  # fmt: skip


def describe_preferences(frame: pd.DataFrame, options: Options) -> Findings:
    """Analyse preferences and put the result into words.

    Args:
        frame: Tidy ratings with the attribute `preferred`.
        options: Interval, correction, draws and seed.

    Raises:
        DesignError: See `pairs_of` and `preferences`.
    """
    pairs = pairs_of(frame)
    counted = bool(pairs["listener"].str.endswith(UNKNOWN).any())
    if counted:
        # Pooled studies put their name before it; together with counts nobody's choices can be told apart.
        pairs, options = pairs.assign(listener=UNKNOWN, item=UNKNOWN), _adapt_to_counts(options)
    labels = words.labels_of(frame)
    scale, missing = _scale(count_pairs(pairs), options)
    order = options.order or (list(scale.table["condition"]) if scale else _order_by_wins(count_pairs(pairs)))
    table = _add_labels(
        preferences(pairs, order=order, interval=options.interval, correction=options.correction), labels
    ).assign(simulated=is_simulated(frame))
    if counted:
        table = table.drop(columns=["n_listeners", "n_items"])
    active = bool(frame.attrs.get("active")) and scale is not None
    sections = [active_pairs_section(table) if active else _pairs_section(table, options)]
    if not counted:  # counts do not say which sound came first
        sections.append(_order_section(pairs, options))
    if scale:
        sections.insert(1, describe_scale(scale, frame, labels, active=active))
        if not active:
            sections.insert(2, describe_consistency(count_pairs(pairs, order)))
    elif missing:
        sections.append(Section("Scale", [f"There is no scale: {missing}."]))
    return Findings(
        test="which of two sounds is preferred",
        headline=(list_strengths(scale, labels) if scale and active else _headline(table, scale, options)),
        counts=_counts(pairs, len(order)),
        sections=sections,
        methods=write_methods(pairs, table, scale, options, active=active),
        latex=tabulate_strengths(scale, labels) if scale and active else _latex(table, options),
        listeners=0 if counted else pairs["listener"].nunique(),
    )


def _adapt_to_counts(options: Options) -> Options:
    """Return the options for choices that came as counts, which are analysed as independent.

    Raises:
        DesignError: An interval over listeners or items, which are not known.
    """
    if options.interval != "two-way":
        raise DesignError(
            f"--interval {options.interval} needs to know who chose about which item, and a pair matrix does "
            "not say; leave it out, or give a row per choice with the columns listener, item, first, second "
            "and choice"
        )
    return replace(options, interval=INDEPENDENT)


def _scale(counts: PairCounts, options: Options) -> tuple[PairScale | None, str]:
    if len(counts.conditions) < 3:
        return None, ""
    try:
        model = "davidson" if counts.has_ties else "bradley-terry"
        return pair_scale(counts, model=model), ""
    except DesignError as error:
        return None, str(error)


def _order_by_wins(counts: PairCounts) -> list[str]:
    wins = counts.wins.sum(axis=(0, 2)) - counts.wins.sum(axis=(0, 1))
    return [counts.conditions[place] for place in (-wins).argsort(kind="stable")]


def _add_labels(table: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """Put the preferred condition first in each row, and add what the page shows."""
    flip = table["share"] < 0.5
    out = swap_columns(put_better_first(table, flip, labels), flip, "preferred_a", "preferred_b")
    out["share"] = table["share"].where(~flip, 1 - table["share"])
    for name in ("ci", "exact", "wilson"):
        low, high = table[f"{name}_low"], table[f"{name}_high"]
        out[f"{name}_low"], out[f"{name}_high"] = low.where(~flip, 1 - high), high.where(~flip, 1 - low)
    return in_percent(out).assign(name=out["label_a"] + " over " + out["label_b"])


def _headline(table: pd.DataFrame, scale: PairScale | None, options: Options) -> list[str]:
    found = describe_pairs(
        table,
        lambda row: (
            f"{percent(row.share)} of {words.count(row.n, 'choice')} (95 % interval "
            f"{words.share_ends(row.ci_low, row.ci_high)}, {words.describe_p(row.p, options, len(table))})"
        ),
        lambda row, share: f"{row.label_a} was preferred to {row.label_b} in {share}.",
        lambda row, share: (
            f"The choices do not distinguish {row.label_a} and {row.label_b}: the former got {share}."
        ),
        "choices",
    )
    if options.interval != INDEPENDENT:
        found.append(words.whom(options))
    if scale and scale.test.p < 0.05:
        found.append(describe_rejection(scale))
    if options.interval == INDEPENDENT:
        found.append(
            "Intervals and p values are about more choices of this panel. The table does not say who "
            "chose, so that every choice counts as independent: intervals that allow for differences between "
            "listeners "
            "would usually be wider, and p values larger."
        )
    return found


def _pairs_section(table: pd.DataFrame, options: Options) -> Section:
    from analysis.figures.choices import plot_shares

    ties = int(table["ties"].sum())
    said = []
    if ties:
        said = [
            f"Neither sound was preferred in {ties} of {words.count(int(table['n'].sum()), 'choice')}; each "
            "of these counts as half a choice for both, and not at all in the exact test."
        ]
    corrected = words.correction_in_words(options, len(table), "pairs")
    shown = [column for column in _PAIRS if column.key in table or f"{column.key}_low" in table]
    note = (
        f"p belongs to Wilson's interval{corrected}; the exact test is not corrected. All of them treat the "
        "choices as independent, which choices of one listener and about one item are not."
        if options.interval == INDEPENDENT
        else f"p belongs to the clustered interval{corrected}. The exact test and the last two intervals "
        "treat all choices as independent, which choices of one listener and about one item are not."
    )
    return Section(
        "Preferences",
        said,
        [
            Drawing(
                "preferences", lambda: plot_shares(table),
                "Share of choices for the first of each pair with 95 % intervals about "
                f"{words.about(options)}.",
                f"Shares of preference: {list_shares(table)}.",
            )
        ],
        [Listing("preferences", table, shown, "Choices of each pair", note)],
    )  # fmt: skip


def _order_section(pairs: pd.DataFrame, options: Options) -> Section:
    found = order_effect(pairs, interval=options.interval)
    share = (
        f"{percent(found.share)} of choices (95 % interval {words.share_ends(found.low, found.high)}, "
        f"{p_in_words(found.p)})"
    )
    if found.p < 0.05:
        which = "first" if found.share > 0.5 else "second"
        shown = (
            f"The order mattered: the sound that came first was preferred in {share}, so that coming {which} "
            "is an advantage."
        )
    else:
        shown = (
            f"There is no sign that the order mattered: the sound that came first was preferred in {share}."
        )
    return Section("Order", [shown])


def _counts(pairs: pd.DataFrame, conditions: int) -> list[tuple[str, str]]:
    whose = [(f"{name}s", str(pairs[name].nunique())) for name in ("listener", "item")]
    if pairs["listener"].eq(UNKNOWN).all():
        whose = []
    return [*whose, ("conditions", str(conditions)), ("choices", group_digits(len(pairs)))]


def _latex(table: pd.DataFrame, options: Options) -> Latex:
    rows = [
        [row.label_a, row.label_b, number(row.percent, 1),
         f"{row.percent_ci_low:.1f} to {row.percent_ci_high:.1f}", str(row.n),
         words.bare_p(row.p)]
        for row in iter_rows(table)
    ]  # fmt: skip
    head = ["Preferred", "to", r"Share (\%)", r"95\,\% interval", "Choices", "$p$"]
    corrected = words.correction_in_words(options, len(table), "pairs")
    caption = (
        f"Shares of preference with 95 % intervals, and p values{corrected}, about {words.about(options)}."
    )
    return Latex(caption, "llrcrr", head, rows)

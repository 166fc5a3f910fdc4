"""The report on comparison category ratings (`ccr`)."""

from __future__ import annotations

import pandas as pd

from analysis.choices.comparison_category import category_differences
from analysis.formatting import group_digits, number, p_in_words
from analysis.ratings.choices import comparisons_of
from analysis.ratings.tidy import is_simulated, iter_rows
from analysis.report.choices import words
from analysis.report.choices.findings import Drawing, Findings, Latex, Listing, Section
from analysis.report.choices.pair_tables import (
    DIFFERENCE_COLUMNS,
    NOTE,
    PANEL,
    describe_pairs,
    list_values,
    put_better_first,
)
from analysis.report.html_tables import Column
from analysis.report.results import Options

_COLUMNS = [
    *DIFFERENCE_COLUMNS, Column("order_effect", "Effect of the order", "score"),
    Column("order", "95 % interval", "interval"), Column("order_p", "p (order)", "p"),
    Column("n", "Ratings", "count"), *PANEL, NOTE,
]  # fmt: skip

_ENOUGH = 10  # ratings of a listener who uses three of seven points


def describe_comparisons(frame: pd.DataFrame, options: Options) -> Findings:
    """Analyse comparison ratings and put the result into words.

    Args:
        frame: Tidy ratings with the attribute `comparison`.
        options: Interval and correction.

    Raises:
        DesignError: See `comparisons_of` and `category_differences`.
    """
    comparisons = comparisons_of(frame)
    order = options.order or _order_by_score(comparisons)
    table = category_differences(
        comparisons, order=order, interval=options.interval, correction=options.correction
    )
    table = _better_first(table, words.labels_of(frame)).assign(simulated=is_simulated(frame))
    n_conditions = len({*comparisons["first"], *comparisons["second"]})
    return Findings(
        test="how much better one of two sounds is",
        headline=_headline(table, options),
        counts=[
            ("listeners", str(comparisons["listener"].nunique())),
            ("items", str(comparisons["item"].nunique())), ("conditions", str(n_conditions)),
            ("ratings", group_digits(len(comparisons))),
        ],
        sections=[
            _section(table, options, _describe_short_scales(comparisons)), Section("Order", _order(table)),
        ],
        methods=_methods(comparisons, table, options),
        latex=_latex(table, options),
        listeners=comparisons["listener"].nunique(),
    )  # fmt: skip


def _order_by_score(comparisons: pd.DataFrame) -> list[str]:
    """Return the conditions, the one that is rated highest against others first."""
    sides = [
        comparisons.rename(columns={"second": "condition"})[["condition", "score"]],
        comparisons.rename(columns={"first": "condition"}).assign(score=-comparisons["score"])[
            ["condition", "score"]
        ],
    ]
    means = pd.concat(sides).groupby("condition")["score"].mean()
    return [str(name) for name in means.sort_values(ascending=False, kind="stable").index]


def _better_first(table: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    flip = table["difference"] < 0
    out = put_better_first(table, flip, labels).assign(
        difference=table["difference"].abs(),
        ci_low=table["ci_low"].where(~flip, -table["ci_high"]),
        ci_high=table["ci_high"].where(~flip, -table["ci_low"]),
    )
    return out.assign(name=out["label_a"] + " − " + out["label_b"])


def _headline(table: pd.DataFrame, options: Options) -> list[str]:
    tests = int(table["p"].notna().sum())
    found = describe_pairs(
        table[table["difference"].notna()],
        lambda row: (
            f"{number(row.difference, 2)} on the scale from −3 to 3 (95 % interval "
            f"{words.ends(row.ci_low, row.ci_high)}, {words.describe_p(row.p, options, tests)})"
        ),
        lambda row, size: f"{row.label_a} is better than {row.label_b} by {size}.",
        lambda row, size: (
            f"The ratings do not distinguish {row.label_a} and {row.label_b}: the former is ahead by {size}."
        ),
        "ratings",
    )
    return [*found, words.whom(options)] if found else []


def _order(table: pd.DataFrame) -> list[str]:
    found = []
    for row in iter_rows(table):
        pair = f"{row.label_a} and {row.label_b}" if row.condition_a != row.condition_b else row.label_a
        if row.order_effect != row.order_effect:
            found.append(f"{pair}: {row.note}.")
            continue
        side = "higher" if row.order_effect > 0 else "lower"
        amount = (
            f"{number(abs(row.order_effect), 2)} {side} than the first (95 % interval of the effect "
            f"{words.ends(row.order_low, row.order_high)}, {p_in_words(row.order_p)})"
        )
        start = "" if row.order_p < 0.05 else "no sign of an effect of the order; "
        found.append(f"{pair}: {start}whatever it was, the second sound was rated {amount}.")
    return found


def _describe_short_scales(comparisons: pd.DataFrame) -> list[str]:
    """Say how many listeners may have had a scale of three points, which does not mix with seven."""
    by_listener = comparisons.assign(size=comparisons["score"].abs()).groupby("listener")["size"]
    short = (by_listener.max() <= 1) & (by_listener.count() >= _ENOUGH)
    if not short.any() or (by_listener.max() <= 1).all():
        return []
    return [
        f"{short.sum()} of {len(short)} listeners gave no rating below −1 or above 1. If they had a scale of "
        "three points (worse, same, better), their ratings do not mix with those on seven points: analyse "
        "each group from a separate file."
    ]


def _section(table: pd.DataFrame, options: Options, said: list[str]) -> Section:
    from analysis.figures.choices import plot_category_differences

    known = table[table["difference"].notna()]
    known.attrs |= table.attrs
    figures = [
        Drawing(
            "comparisons", lambda: plot_category_differences(known),
            "How much better the first of each pair is, on the scale from −3 (much worse) to 3 (much "
            f"better), with 95 % intervals about {words.about(options)}.",
            f"Differences: {list_values(known, 'name', 'difference')}.",
        )
    ]  # fmt: skip
    note = (
        "The difference is free of the effect of the order, which is given apart: by how much the second "
        "sound is rated higher, whatever it is. p values of the differences are"
        + (
            words.correction_in_words(options, int(table["p"].notna().sum()), "pairs").removeprefix(",")
            or " of one test"
        )
        + "; those of the order are uncorrected."
    )
    return Section(
        "Differences", said, figures if len(known) else [],
        [Listing("comparisons", table, _COLUMNS, "Comparison ratings of each pair", note, 2)],
    )  # fmt: skip


def _methods(comparisons: pd.DataFrame, table: pd.DataFrame, options: Options) -> str:
    pairs = int((table["condition_a"] != table["condition_b"]).sum())
    same = len(table) - pairs
    itself = (
        f", {words.count(same, 'condition')} also with {'itself' if same == 1 else 'themselves'},"
        if same
        else ""
    )
    tests = int(table["p"].notna().sum())
    return " ".join(
        [
            f"{comparisons['listener'].nunique()} listeners gave {len(comparisons)} comparison category "
            f"ratings (CCR, ITU-T P.800, annex E) of {words.count(pairs, 'pair')} "
            f"of conditions{itself} and {comparisons['item'].nunique()} items: the second sound against the "
            "first, from −3 (much worse) to 3 (much better).",
            "The comparison mean opinion score (CMOS) of a pair is half the gap between the mean ratings "
            "of its two orders, and their mean is the effect of the order.",
            f"95 % intervals {words.mean_model(options)}, and speak about {words.about(options)}; p values "
            f"test a difference of 0 in the same way{words.correction_in_words(options, tests, 'pairs')}.",
        ]
    )


def _latex(table: pd.DataFrame, options: Options) -> Latex:
    rows = [
        [row.label_a, row.label_b, number(row.difference, 2), words.ends(row.ci_low, row.ci_high),
         number(row.order_effect, 2), words.bare_p(row.p)]
        for row in iter_rows(table[table["difference"].notna()])
    ]  # fmt: skip
    head = ["Better", "Worse", "CMOS", r"95\,\% interval", "Order", "$p$"]
    tests = int(table["p"].notna().sum())
    caption = (
        "Comparison category ratings (ITU-T P.800, annex E): CMOS with 95 % intervals and p values"
        f"{words.correction_in_words(options, tests, 'pairs')}, about {words.about(options)}, and the effect "
        "of the order."
    )
    return Latex(caption, "llrcrr", head, rows)

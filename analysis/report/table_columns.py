"""Which columns the tables of the report's page have: what a reader needs first; the CSV files have all.

Units are in the headers, once. What a symbol means is in the table's caption, because phones show no hints.
"""

from __future__ import annotations

import pandas as pd

from analysis.formatting import number
from analysis.models.screening import limit_of
from analysis.ratings.tidy import records
from analysis.report.html_tables import Column
from analysis.report.results import Options

MOS = [
    Column("label", "Condition"),
    Column("mos", "MOS", "score"),
    Column("ci", "95 % interval", "interval"),
    Column("median", "Median", "score"),
    Column("q1", "Q1", "score", "Lower hinge"),
    Column("q3", "Q3", "score", "Upper hinge"),
    Column("n_listeners", "Listeners", "count"),
    Column("n_items", "Items", "count"),
    Column("n_ratings", "Ratings", "count"),
    Column("note", "Note", spare=True),
]
OMNIBUS = [
    Column("test", "Test"),
    Column("effect", "Effect"),
    Column("shown", "Statistic"),
    Column("p", "p", "p", "Without correction for sphericity"),
    Column("p_gg", "p GG", "p", "Greenhouse and Geisser"),
    Column("epsilon_hf", "ε HF", "effect", "Huynh and Feldt"),
    Column("p_hf", "p HF", "p", "Huynh and Feldt"),
    Column("p_multivariate", "p T²", "p", "Hotelling, without assuming sphericity", spare=True),
    Column("partial_eta2", "Partial η²", "effect"),
    Column("advised", "To report"),
]
MIXED = [
    Column("label_a", "Higher"),
    Column("label_b", "Lower"),
    Column("difference", "Difference", "score"),
    Column("ci", "95 % interval", "interval"),
    Column("p", "p", "p"),
    Column("df", "df", "score", "Satterthwaite’s degrees of freedom"),
]
MIXED_MEANS = [
    Column("label", "Condition"),
    Column("mean", "Mean", "score"),
    Column("ci", "95 % interval", "interval"),
    Column("df", "df", "score", "Satterthwaite’s degrees of freedom"),
]
VARIANCE = [
    Column("component", "Component"),
    Column("label", "Condition", spare=True),
    Column("sd", "SD", "score"),
    Column("share", "Share of variance (%)", "share"),
    Column("note", "Note", spare=True),
]
RELIABILITY = [
    Column("measure", "Measure"),
    Column("value", "Value", "effect"),
    Column("ci", "95 % interval", "effects"),
    Column("n_listeners", "Listeners", "count"),
    Column("n_stimuli", "Stimuli", "count"),
    Column("note", "Note", spare=True),
]
LISTENERS = [
    Column("listener", "Listener"),
    Column("agreement", "Agreement", "effect", "Correlation with the mean of the others"),
    Column("bias", "Bias", "score", "Mean distance from the others"),
    Column("sd", "SD", "score"),
    Column("lowest", "Lowest", "score"),
    Column("highest", "Highest", "score"),
    Column("repeatability", "Repeat SD", "score", "Of hidden repeats", spare=True),
]
LETTERS = [
    Column("label", "Condition"),
    Column("letters", "Letters"),
]
METRICS = [
    Column("metric", "Metric"),
    Column("pearson", "Pearson", "effect"),
    Column("pearson", "95 % interval", "effects"),
    Column("spearman", "Spearman", "effect"),
    Column("spearman", "95 % interval", "effects"),
    Column("kendall", "Kendall", "effect"),
    Column("kendall", "95 % interval", "effects"),
    Column("rmse_first", "RMSE, first order", "score"),
    Column("rmse_third", "RMSE, third order", "score"),
    Column("rmse_star_third", "RMSE*, third order", "score"),
    Column("outliers_third", "Outliers (%)", "share"),
    Column("n_stimuli", "Stimuli", "count"),
    Column("note", "Note", spare=True),
]
ITEMS = [
    Column("item_label", "Item"),
    Column("label", "Condition"),
    Column("mos", "Mean", "score"),
    Column("ci", "95 % interval", "interval"),
    Column("median", "Median", "score"),
    Column("q1", "Q1", "score", "Lower hinge"),
    Column("q3", "Q3", "score", "Upper hinge"),
    Column("n_listeners", "Listeners", "count"),
]
OUTLIERS = [
    Column("item_label", "Item"),
    Column("label", "Condition"),
    Column("listener", "Listener"),
    Column("score", "Score", "score"),
    Column("median", "Median", "score"),
    Column("q1", "Q1", "score", "Lower hinge"),
    Column("q3", "Q3", "score", "Upper hinge"),
]
PANEL = [
    Column("question", "Question"),
    Column("answers", "Answers"),
    Column("n_listeners", "Listeners", "count"),
]
ORDINAL = [
    Column("label_a", "Higher"),
    Column("label_b", "Lower"),
    Column("odds", "Odds ratio", "effect"),
    Column("odds", "95 % interval", "effects"),
    Column("p", "p", "p"),
]
GROUPS = [
    Column("effect", "Effect"),
    Column("shown", "Statistic"),
    Column("p", "p", "p", "Without correction for sphericity"),
    Column("p_gg", "p GG", "p", "Greenhouse and Geisser"),
]
GROUP_DIFFERENCES = [
    Column("label", "Condition"),
    Column("group_a", "First"),
    Column("mean_a", "Mean", "score"),
    Column("group_b", "Second"),
    Column("mean_b", "Mean", "score"),
    Column("difference", "Difference", "score"),
    Column("ci", "95 % interval", "interval"),
    Column("p", "p", "p"),
]
INFLUENCE = [
    Column("factor", "Left out"),
    Column("left_out", "Name"),
    Column("pair", "Pair that changes most"),
    Column("change", "Change", "score"),
    Column("findings", "Findings without it", "count"),
    Column("lost", "Lost", "count"),
    Column("gained", "Gained", "count"),
]
SUBJECTS = [
    Column("listener", "Listener"),
    Column("bias", "Bias", "score"),
    Column("inconsistency", "Inconsistency", "score"),
    Column("n_ratings", "Ratings", "count"),
]
ASSUMPTIONS = [
    Column("sentence", "Finding"),
    Column("check", "Check"),
    Column("warns", "Warns"),
    Column("clause", "Clause", spare=True),
]
_ADVICE = {"p": "p", "p_hf": "p HF", "p_gg": "p GG", "p_multivariate": "p T²"}


def differences(options: Options) -> list[Column]:
    """Return the columns of the paired differences; the corrected p value names its correction."""
    corrected = "p" if options.correction == "none" else f"p, {options.correction.capitalize()}"
    return [
        *_sides(options),
        Column("difference", "Difference", "score"),
        Column("ci", "95 % interval", "interval"),
        Column("p", corrected, "p"),
        Column("p_two_way", "Two-way p", "p", "Uncorrected; new listeners and new items"),
        Column("p_wilcoxon", "Wilcoxon p", "p", "Uncorrected; over listeners"),
        Column("p_permutation", "Sign-flip p", "p", "Uncorrected; over listeners"),
        Column("dz", "Cohen’s dz", "effect", "Mean over SD of the listeners' mean differences"),
        Column("superiority", "Rate it higher (%)", "share", "Share of listeners, ties half"),
    ]


def equivalence(options: Options) -> list[Column]:
    """Return the columns of the tests of equivalence."""
    return [
        *_sides(options),
        Column("difference", "Difference", "score"),
        Column("ci", "90 % interval", "interval"),
        Column("p_equivalent", "p, equivalent", "p"),
        Column("p_not_worse", "p, not worse", "p"),
        Column("sentence", "Finding"),
    ]


def _sides(options: Options) -> list[Column]:
    """Return the columns of the two conditions, of which a difference is the first minus the second."""
    titles = ("Higher", "Lower") if options.against is None else ("Condition", "Minus")
    return [Column(f"label_{end}", title) for end, title in zip("ab", titles, strict=True)]


def screening_columns(scale: tuple[float, float]) -> list[Column]:
    """Return the columns of the screening, whose limit is a score on the scale."""
    limit = f"{limit_of(scale):g}"
    return [
        Column("listener", "Listener"),
        Column("kept", "Kept"),
        Column("reason", "Why excluded", spare=True),
        Column("flags", "Flags", spare=True),
        Column("n_trials", "Trials", "count"),
        Column("reference_share", f"Reference < {limit} (%)", "share", spare=True),
        Column("mid_anchor_share", f"Mid anchor > {limit} (%)", "share", spare=True),
    ]


def add_words(tests: pd.DataFrame) -> pd.DataFrame:
    """Add to tests each statistic as papers print it, and the p value to report by its header."""
    shown = []
    for row in records(tests):
        freedom = f"{row['df1']:.0f}" if row["df2"] != row["df2"] else f"{row['df1']:.0f}, {row['df2']:.0f}"
        name = "χ²" if row["df2"] != row["df2"] else "F"
        known = row["statistic"] == row["statistic"]
        text = f"{name}({freedom}) = {number(row['statistic'], 2)}" if known else "–"
        shown.append(text.replace(" ", "\u00a0"))
    advised = tests["advice"].map(_ADVICE) if "advice" in tests else ""
    return tests.assign(shown=shown, advised=advised)

"""Differences between conditions: paired, with an interval, three tests, effect sizes and a sentence each."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from analysis.errors import DesignError
from analysis.models.compared_pair import EFFECTS, ComparedPair
from analysis.models.comparison_text import sentence
from analysis.models.pair_table import PairTable
from analysis.ratings.selection import choose_conditions
from analysis.ratings.tidy import cells, conditions, fill_columns, is_simulated, records, select_rated
from analysis.statistics.corrections import adjust
from analysis.statistics.crossed import CrossedMean, crossed_mean
from analysis.statistics.intervals import LEVEL
from analysis.statistics.moderation import share_variances
from analysis.statistics.permutation import medians, sign_flip
from analysis.statistics.populations import of_test

TESTS = ("two-way", "wilcoxon", "permutation", "medians")


def compare(
    frame: pd.DataFrame,
    *,
    against: str | None = None,
    among: list[str] | None = None,
    test: str = "two-way",
    correction: str = "holm",
    attribute: str | None = None,
    level: float = LEVEL,
    draws: int = 10_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare conditions in pairs on the cells (listener x item) that have both.

    The difference, its interval and `p` speak about one population, named in `about`: new listeners and new
    items for `two-way` (the variances of all differences between the compared conditions moderate one
    another, see `statistics.moderation`), new listeners and these items for the Wilcoxon signed-rank test
    (Pratt's treatment of zeros, average ranks for ties; exact for up to 15 differences that are not zero) and
    the sign-flip permutation test, which take a listener's mean difference, or sum of differences, as one
    observation. `medians` is the permutation test of BS.1534-3, attachment 3, which ignores the pairing; it
    is slow, and computed only if it is the `test`.

    If `p` is corrected, all intervals hold at once with probability `level` or more (Bonferroni's, over the
    pairs that could be tested); they are as wide as `together` pairs need. Holm's and Hochberg's corrections
    may find a difference that such an interval does not: with `two-way` the interval then ends at 0, so that
    an interval leaves out 0 if and only if its corrected p is below 1 - `level`.

    If all differences of a pair are equal their variance is unknown, and both the interval and its p value
    are `nan`; so they are for a pair of which no listener rated a common item. If that is so for every pair
    (each condition has its own items, or its own listeners), means over different items are compared by
    `statistics.nested`.

    Args:
        frame: Tidy ratings; `listener, item, condition, score` will do.
        against: Compare each other condition with this one, by the difference condition minus `against`;
            otherwise all pairs.
        among: Conditions to compare; by default the methods (all conditions if `against` is given).
        test: The test behind `p` and the sentence: one of `TESTS`.
        correction: `holm`, `hochberg` or `none`, over all rows.
        attribute: The scale, if the frame has several.
        level: Coverage of the intervals.
        draws: Draws of the permutation tests.
        seed: Seed of the permutation tests.

    Returns:
        One row per pair, the higher condition first, or `against` always second: `difference` is
        `condition_a` minus `condition_b`, so that it and the effect sizes are negative for a condition below
        `against`. Columns `condition_a, condition_b, label_a, label_b, n_listeners, n_items, n_pairs,
        difference, ci_low, ci_high, together, df, p` (corrected), `test, correction, about, p_two_way,
        p_wilcoxon, p_permutation, p_medians` (uncorrected), `rank_biserial, dz, superiority` each with `_low`
        and `_high`, `note, sentence, simulated`.

    Raises:
        DesignError: An unknown condition, test or correction, or nothing to compare.
    """
    if test not in TESTS:
        raise DesignError(f"unknown test {test!r}; expected one of {', '.join(TESTS)}")
    rows = select_rated(fill_columns(frame), attribute)
    listed = conditions(rows)
    pairs = list_pairs(rows, against, among)
    table = PairTable.of(cells(rows))
    compared = compare_pairs(table, pairs, keep_sides=against is not None)
    if not any(len(one.gaps) for one in compared):
        compared = [one.compare_between(table) for one in compared]
    if not any(one.can_be_compared for one in compared):
        a, b = pairs[0]
        raise DesignError(
            f"no listener rated both {a!r} and {b!r} of an item; they cannot be compared in pairs"
        )
    out = pd.DataFrame([one.record(level) for one in compared])
    sums = np.column_stack([one.sums(int(table.listeners.max()) + 1) for one in compared])
    shared = out["n_pairs"] > 0
    out["p_permutation"] = np.where(shared, sign_flip(sums, draws=draws, seed=seed), np.nan)
    out["p_medians"] = [
        medians(table.of_condition(a), table.of_condition(b), draws=draws, seed=seed)
        if test == "medians" and is_shared
        else np.nan
        for (a, b), is_shared in zip(pairs, shared, strict=True)
    ]
    p = out[f"p_{test.replace('-', '_')}"].to_numpy(float)
    out["p"], out["test"], out["correction"] = adjust(p, correction), test, correction
    out["about"] = of_test(test)
    out["together"] = 1 if correction == "none" else max(int(np.isfinite(p).sum()), 1)
    labels = dict(zip(listed["condition"], listed["label"], strict=True))
    out["label_a"], out["label_b"] = out["condition_a"].map(labels), out["condition_b"].map(labels)
    out["simulated"] = is_simulated(rows)
    ends = [one.interval(test, level, row) for one, row in zip(compared, records(out), strict=True)]
    out["ci_low"], out["ci_high"] = [end.low for end in ends], [end.high for end in ends]
    out["note"] = [end.note for end in ends]
    digits = 1 if rows["score"].max() > 10 else 2
    out["sentence"] = [sentence(row, level, digits) for row in records(out)]
    out.attrs["level"] = level
    return out[_columns()]


def _columns() -> list[str]:
    sizes = [f"{name}{end}" for name in EFFECTS for end in ("", "_low", "_high")]
    return [
        "condition_a", "condition_b", "label_a", "label_b", "n_listeners", "n_items", "n_pairs", "difference",
        "ci_low", "ci_high", "together", "df", "p", "test", "correction", "about", "p_two_way", "p_wilcoxon",
        "p_permutation", "p_medians", *sizes, "note", "sentence", "simulated",
    ]  # fmt: skip


def list_pairs(rows: pd.DataFrame, against: str | None, among: list[str] | None) -> list[tuple[str, str]]:
    """Return the pairs to compare, in the order of the tables: all, or each other one with `against`.

    Raises:
        DesignError: There is only one condition, or one that is named is not there.
    """
    known = list(conditions(rows)["condition"])
    chosen = choose_conditions(rows, [*(among or known), against] if against else among)
    pairs = (
        [(name, against) for name in chosen if name != against]
        if against
        else list(itertools.combinations(chosen, 2))
    )
    if not pairs:
        raise DesignError(f"there is only one condition, {known[0]!r}; nothing to compare")
    return pairs


def compare_pairs(
    table: PairTable, pairs: list[tuple[str, str]], *, keep_sides: bool = False
) -> list[ComparedPair]:
    """Return each pair with the mean difference that inference rests on.

    Args:
        table: The scores.
        pairs: Two conditions each.
        keep_sides: Whether the first of a pair stays the first; otherwise the higher one is.
    """
    means = _moderate(table, pairs)
    return [ComparedPair.of(table, a, b, mean, keep_sides) for (a, b), mean in zip(pairs, means, strict=True)]


def _moderate(table: PairTable, pairs: list[tuple[str, str]]) -> list[CrossedMean]:
    """Return each pair's mean difference, its variances moderated by those of all compared pairs."""
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    means = {pair: crossed_mean(*table.differences(*pair)) for pair in itertools.combinations(names, 2)}
    shared = dict(zip(means, share_variances(list(means.values()), len(names)), strict=True))
    return [shared[pair] if pair in shared else shared[pair[::-1]].reversed() for pair in pairs]

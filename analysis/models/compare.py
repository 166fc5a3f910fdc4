"""Differences between conditions: paired, with an interval, three tests, effect sizes and a sentence each."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import DesignError
from analysis.formatting import p_in_words
from analysis.ratings.selection import choose_conditions
from analysis.ratings.tidy import cells, conditions, fill_columns, is_simulated, records, select_rated
from analysis.statistics import effect_sizes as effects
from analysis.statistics.corrections import adjust
from analysis.statistics.crossed import CrossedMean, crossed_mean
from analysis.statistics.intervals import LEVEL, Interval
from analysis.statistics.moderation import share_variances
from analysis.statistics.permutation import medians, sign_flip
from analysis.statistics.variance import Floats, Ints

_FEW = 15  # listeners whose patterns of signs are counted one by one
_EFFECTS = {
    "rank_biserial": effects.rank_biserial,
    "dz": effects.cohens_dz,
    "superiority": effects.superiority,
}
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

    The difference and its interval speak about new listeners and new items (`two-way`: the variances of all
    differences between the compared conditions moderate one another, see `statistics.moderation`). If all
    differences are equal their variance is unknown, and both the interval and its p value are `nan`; so they
    are for a pair of which no listener rated a common item. The Wilcoxon
    signed-rank test (Pratt's treatment of zeros, average ranks for ties; exact for up to 15 differences that
    are not zero) and the sign-flip permutation test speak about new listeners: a listener's mean difference,
    or sum of differences, is one observation. `p_medians` is the permutation test of BS.1534-3, attachment 3,
    which ignores the pairing; it is slow, and computed only if it is the `test`.

    Args:
        frame: Tidy ratings; `listener, item, condition, score` will do.
        against: Compare this condition with each other one; otherwise all pairs.
        among: Conditions to compare; by default the methods (all conditions if `against` is given).
        test: The test behind `p` and the sentence: one of `TESTS`.
        correction: `holm`, `hochberg` or `none`, over all rows.
        attribute: The scale, if the frame has several.
        level: Coverage of the intervals.
        draws: Draws of the permutation tests.
        seed: Seed of the permutation tests.

    Returns:
        One row per pair, the higher condition first: `condition_a, condition_b, label_a, label_b,
        n_listeners, n_items, n_pairs, difference, ci_low, ci_high, df, p` (corrected), `test, correction,
        p_two_way, p_wilcoxon, p_permutation, p_medians` (uncorrected), `rank_biserial, dz, superiority` each
        with `_low` and `_high`, `note, sentence, simulated`.

    Raises:
        DesignError: An unknown condition, test or correction, or nothing to compare.
    """
    if test not in TESTS:
        raise DesignError(f"unknown test {test!r}; expected one of {', '.join(TESTS)}")
    rows = select_rated(fill_columns(frame), attribute)
    listed = conditions(rows)
    pairs = _pairs(rows, against, among)
    table = _Table.of(cells(rows))
    means = _moderate(table, pairs)
    found = [_pair(table, means[pair], pair, level) for pair in pairs]
    if not any(record["n_pairs"] for record, _ in found):
        a, b = pairs[0]
        raise DesignError(
            f"no listener rated both {a!r} and {b!r} of an item; they cannot be compared in pairs"
        )
    out = pd.DataFrame([record for record, _ in found])
    shared = out["n_pairs"] > 0
    flipped = sign_flip(np.column_stack([sums for _, sums in found]), draws=draws, seed=seed)
    out["p_permutation"] = np.where(shared, flipped, np.nan)
    out["p_medians"] = [
        medians(table.of_condition(a), table.of_condition(b), draws=draws, seed=seed)
        if test == "medians" and is_shared
        else np.nan
        for (a, b), is_shared in zip(pairs, shared, strict=True)
    ]
    p = out[f"p_{test.replace('-', '_')}"].to_numpy(float)
    out["p"], out["test"], out["correction"] = adjust(p, correction), test, correction
    labels = dict(zip(listed["condition"], listed["label"], strict=True))
    out["label_a"], out["label_b"] = out["condition_a"].map(labels), out["condition_b"].map(labels)
    out["simulated"] = is_simulated(rows)
    digits = 1 if rows["score"].max() > 10 else 2
    out["sentence"] = [_sentence(row, level, digits) for row in records(out)]
    out.attrs["level"] = level
    return out[_columns()]


def _columns() -> list[str]:
    sizes = [f"{name}{end}" for name in _EFFECTS for end in ("", "_low", "_high")]
    return [
        "condition_a", "condition_b", "label_a", "label_b", "n_listeners", "n_items", "n_pairs", "difference",
        "ci_low", "ci_high", "df", "p", "test", "correction", "p_two_way", "p_wilcoxon", "p_permutation",
        "p_medians", *sizes, "note", "sentence", "simulated",
    ]  # fmt: skip


def _pairs(rows: pd.DataFrame, against: str | None, among: list[str] | None) -> list[tuple[str, str]]:
    """The pairs to compare, in the order of the tables."""
    known = list(conditions(rows)["condition"])
    chosen = choose_conditions(rows, [*(among or known), against] if against else among)
    pairs = (
        [(against, name) for name in chosen if name != against]
        if against
        else list(itertools.combinations(chosen, 2))
    )
    if not pairs:
        raise DesignError(f"there is only one condition, {known[0]!r}; nothing to compare")
    return pairs


@dataclass(frozen=True)
class _Table:
    """Scores [cells, conditions], `nan` if a listener did not rate a condition of an item."""

    scores: Floats
    listeners: Ints
    items: Ints
    names: list[str]

    @classmethod
    def of(cls, table: pd.DataFrame) -> _Table:
        wide = table.pivot(index=["listener", "item"], columns="condition", values="score")
        listener, item = (pd.factorize(wide.index.get_level_values(k))[0] for k in (0, 1))
        return cls(wide.to_numpy(float), listener, item, [str(name) for name in wide.columns])

    def of_condition(self, name: str) -> Floats:
        column = self.scores[:, self.names.index(name)]
        return column[~np.isnan(column)]

    def differences(self, a: str, b: str) -> tuple[Floats, Ints, Ints]:
        gap = self.scores[:, self.names.index(a)] - self.scores[:, self.names.index(b)]
        there = ~np.isnan(gap)
        return gap[there], self.listeners[there], self.items[there]


def _moderate(table: _Table, pairs: list[tuple[str, str]]) -> dict[tuple[str, str], CrossedMean]:
    """Return each pair's mean difference, its variances moderated by those of all compared pairs."""
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    means = {pair: crossed_mean(*table.differences(*pair)) for pair in itertools.combinations(names, 2)}
    shared = dict(zip(means, share_variances(list(means.values()), len(names)), strict=True))
    return {(a, b): shared[a, b] if (a, b) in shared else shared[b, a].reversed() for a, b in pairs}


def _pair(
    table: _Table, mean: CrossedMean, pair: tuple[str, str], level: float
) -> tuple[dict[str, object], Floats]:
    """One comparison, and the sum of each listener's differences for the permutation test."""
    (a, b), (gaps, listeners, items) = pair, table.differences(*pair)
    n_listeners = int(table.listeners.max()) + 1
    if len(gaps) == 0:
        return _fill_without_common_items(a, b), np.zeros(n_listeners)
    if mean.mean < 0:
        a, b, gaps, mean = b, a, -gaps, mean.reversed()
    found = Interval.crossed(mean, level)
    counts = np.bincount(listeners, minlength=n_listeners)
    sums: Floats = np.bincount(listeners, gaps, minlength=len(counts)).astype(float)
    # Rounded, so that differences that are equal up to the last bit tie.
    means = np.round(sums[counts > 0] / counts[counts > 0], 10)
    record: dict[str, object] = {
        "condition_a": a,
        "condition_b": b,
        "n_listeners": len(means),
        "n_items": len(np.unique(items)),
        "n_pairs": len(gaps),
        "difference": found.mean,
        "ci_low": found.low,
        "ci_high": found.high,
        "df": found.df,
        "p_two_way": found.p_of_zero,
        "p_wilcoxon": _wilcoxon(means),
        "note": found.note.replace("scores", "differences"),
    }
    for name, effect in _EFFECTS.items():
        record[name], record[f"{name}_low"], record[f"{name}_high"] = effect(means, level)
    return record, sums


def _fill_without_common_items(a: str, b: str) -> dict[str, object]:
    nan = dict.fromkeys(
        ["difference", "ci_low", "ci_high", "df", "p_two_way", "p_wilcoxon"]
        + [f"{name}{end}" for name in _EFFECTS for end in ("", "_low", "_high")],
        float("nan"),
    )
    counts = dict.fromkeys(["n_listeners", "n_items", "n_pairs"], 0)
    note = "not estimable, since no listener rated both of an item"
    return {"condition_a": a, "condition_b": b, **counts, **nan, "note": note}


def _wilcoxon(differences: Floats) -> float:
    """Two-sided signed-rank test; 1 if no listener hears a difference, `nan` for a single listener.

    Ranks as in Pratt 1959, Journal of the American Statistical Association 54:655-667: zeros are ranked, then
    dropped. Given the ranks, every pattern of signs is equally likely, with or without ties.
    """
    if len(differences) < 2:
        return float("nan")
    moved = differences != 0
    if not moved.any():
        return 1.0
    if (n := int(moved.sum())) <= _FEW:
        ranks = stats.rankdata(np.abs(differences)) * np.sign(differences)
        return float(sign_flip(ranks[moved, None], draws=2**n)[0])
    tied = len(np.unique(np.abs(differences))) < len(differences) or not moved.all()
    method = "approx" if tied or len(differences) > 50 else "exact"
    return float(stats.wilcoxon(differences, zero_method="pratt", method=method).pvalue)


def _sentence(row: dict[str, Any], level: float, digits: int) -> str:
    difference, low, high, p = row["difference"], row["ci_low"], row["ci_high"], row["p"]
    a, b = row["label_a"], row["label_b"]
    if np.isnan(difference):
        return f"{a} and {b}: the difference is {row['note']}."
    where = (
        f"{a} is {difference:.{digits}f} points above {b}"
        if difference > 0
        else f"{a} and {b} have the same mean"
    )
    correction = "" if row["correction"] == "none" else f", {str(row['correction']).capitalize()}"
    if np.isnan(low):
        tested = "" if np.isnan(p) else f"; {p_in_words(p)}{correction}"
        return f"{where}; an interval is {row['note']}{tested}."
    ends = f"{low:.{digits}f} to {high:.{digits}f}".replace("-", "\N{MINUS SIGN}")
    return f"{where}, {level * 100:g} % interval {ends}, {p_in_words(p)}{correction}."

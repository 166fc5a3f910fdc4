"""One pair of conditions: the difference, what each test says about it, and the interval that fits a test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from analysis.models.pair_table import PairTable
from analysis.statistics import effect_sizes as effects
from analysis.statistics.crossed import CrossedMean
from analysis.statistics.intervals import Interval, interval
from analysis.statistics.nested import compute_nested_difference
from analysis.statistics.permutation import sign_flip
from analysis.statistics.populations import INTERVAL_OF_TEST
from analysis.statistics.variance import Floats, Ints

EFFECTS = {
    "rank_biserial": effects.rank_biserial,
    "dz": effects.cohens_dz,
    "superiority": effects.superiority,
}
_FEW = 15  # listeners whose patterns of signs are counted one by one
_NOTHING_SHARED = "not estimable, since no listener rated both of an item"
_APART = "means over different listeners or items, compared without pairing"


@dataclass(frozen=True)
class ComparedPair:
    """Two conditions, the higher one first unless their sides are kept.

    Attributes:
        a: The condition with the higher mean, or the first if sides are kept or the two cannot be compared.
        b: The other one.
        gaps: Score of `a` minus that of `b`, for each listener and item that have both [n].
        listeners: Index of the listener of each [n].
        items: Index of the item of each [n].
        mean: Their mean, for new listeners and items, if there are any.
        apart: All scores, if means over different items or by different listeners are compared.
        keep_sides: Whether `a` stays the first even if it is the lower one.
    """

    a: str
    b: str
    gaps: Floats
    listeners: Ints
    items: Ints
    mean: CrossedMean
    apart: PairTable | None = None
    keep_sides: bool = False

    @classmethod
    def of(
        cls, table: PairTable, a: str, b: str, mean: CrossedMean, keep_sides: bool = False
    ) -> ComparedPair:
        """Compare on what both have, the higher first unless sides are kept."""
        gaps, listeners, items = table.differences(a, b)
        if len(gaps) and mean.mean < 0 and not keep_sides:
            return cls(b, a, -gaps, listeners, items, mean.reversed())
        return cls(a, b, gaps, listeners, items, mean, keep_sides=keep_sides)

    def compare_between(self, table: PairTable) -> ComparedPair:
        """Compare the means over different items, or by different listeners."""
        found = replace(self, apart=table)
        if self.keep_sides or found._compute_nested(0.95).mean >= 0:
            return found
        return replace(found, a=self.b, b=self.a)

    @property
    def can_be_compared(self) -> bool:
        """Whether the two have common cells, or a difference of means with an interval."""
        return len(self.gaps) > 0 or (self.apart is not None and not np.isnan(self._compute_nested(0.95).low))

    def record(self, level: float) -> dict[str, Any]:
        """Return the row of the table, without intervals and without the tests that need all pairs."""
        listeners = np.unique(self.listeners)
        row: dict[str, Any] = {"condition_a": self.a, "condition_b": self.b, "n_pairs": len(self.gaps)}
        row |= {"n_listeners": len(listeners), "n_items": len(np.unique(self.items))}
        nan = float("nan")
        row |= dict.fromkeys(["difference", "df", "p_two_way", "p_wilcoxon"], nan)
        row |= {f"{name}{end}": nan for name in EFFECTS for end in ("", "_low", "_high")}
        if self.apart is not None:
            found, both = self._compute_nested(level), [self.apart.sample(name) for name in (self.a, self.b)]
            for key, codes in (("n_listeners", "listeners"), ("n_items", "items")):
                row[key] = len(np.unique(np.concatenate([getattr(one, codes) for one in both])))
            return row | {"difference": found.mean, "df": found.df, "p_two_way": found.p_of_zero}
        if len(self.gaps) == 0:
            return row
        two_way = Interval.crossed(self.mean, level)
        means = self._listener_means()
        row |= {
            "difference": two_way.mean, "df": two_way.df, "p_two_way": two_way.p_of_zero,
            "p_wilcoxon": wilcoxon(means),
        }  # fmt: skip
        for name, effect in EFFECTS.items():
            row[name], row[f"{name}_low"], row[f"{name}_high"] = effect(means, level)
        return row

    def interval(self, test: str, level: float, row: dict[str, Any]) -> Interval:
        """Return the interval that speaks about what the test speaks about.

        Args:
            test: One of `compare`'s.
            level: Coverage of all intervals `together`.
            row: The row of the table, with its corrected `p`.
        """
        each = 1 - (1 - level) / row["together"]
        if self.apart is not None:
            found = self._compute_nested(each)
            found = replace(found, note=found.note or _APART)
        elif len(self.gaps) == 0:
            return Interval.missing(float("nan"), each, _NOTHING_SHARED)
        elif test == "two-way" or np.ptp(self.gaps) <= 1e-12 * np.abs(self.gaps).max():
            found = Interval.crossed(self.mean, each)
        else:
            kind = INTERVAL_OF_TEST[test]
            found = interval(kind, self.gaps, self.listeners, self.items, level=each)
        found = replace(found, note=found.note.replace("scores", "differences"))
        rejected = test == "two-way" and row["p"] < 1 - level
        if not rejected:
            return found
        if found.mean < 0:
            return replace(found, high=min(found.high, 0.0))
        return replace(found, low=max(found.low, 0.0))

    def sums(self, n_listeners: int) -> Floats:
        """Return the sum of each listener's differences, for the permutation test [n_listeners]."""
        return np.bincount(self.listeners, self.gaps, minlength=n_listeners).astype(float)

    def _listener_means(self) -> Floats:
        """Mean difference of each listener, rounded so that those that are equal up to the last bit tie."""
        counts = np.bincount(self.listeners)
        sums = np.bincount(self.listeners, self.gaps)
        return np.asarray(np.round(sums[counts > 0] / counts[counts > 0], 10))

    def _compute_nested(self, level: float) -> Interval:
        assert self.apart is not None
        return compute_nested_difference(self.apart.sample(self.a), self.apart.sample(self.b), level)


def wilcoxon(differences: Floats) -> float:
    """Return p of the two-sided signed-rank test; 1 if nobody hears a difference, `nan` for one listener.

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

"""Intervals of a mean score: seven answers to the question of what would vary in a repetition of the study.

| name | what would vary | method |
|---|---|---|
| `two-way` | listeners and items | random effects of both, generalised (`analysis.statistics.crossed`) |
| `logit` | listeners and items | the same on the logit scale of the mean, between the ends of the scale |
| `listener` | listeners | t over listeners; the items are taken as fixed |
| `item` | items | t over items; the listeners are taken as fixed |
| `crowdmos` | listeners and items | Ribeiro et al., CrowdMOS, ICASSP 2011; min(I, J) - 1 degrees of freedom |
| `naive-t` | single ratings | t over all ratings as if independent, as in the LMAC-TD paper's figure |
| `bootstrap` | listeners and items | both resampled together, BCa (`analysis.statistics.bootstrap`) |
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import special, stats

from analysis.errors import DesignError
from analysis.statistics.crossed import CrossedMean, crossed_mean
from analysis.statistics.variance import Floats, Ints

LEVEL = 0.95  # coverage of every interval, unless a caller asks for another
INTERVALS = ("two-way", "listener", "item", "crowdmos", "naive-t", "logit", "bootstrap")


@dataclass(frozen=True)
class Interval:
    """A mean with its interval, and what the interval was made of.

    Attributes:
        mean: The mean.
        low: Lower end; `nan` if the design does not allow an interval.
        high: Upper end.
        level: Coverage of the two ends.
        standard_error: Of the mean; `nan` if there is no interval, or one that no standard error gave
            (bootstrap).
        df: Degrees of freedom of the t interval, or of the one that is as wide at 95 %; `nan` if there is no
            standard error.
        note: Why there is no interval, or what to know about it.
        p_of_zero: Two-sided p value of a mean of zero by the same rule, whatever the level; `nan` if there is
            no standard error.
    """

    mean: float
    low: float
    high: float
    level: float
    standard_error: float = float("nan")
    df: float = float("nan")
    note: str = ""
    p_of_zero: float = float("nan")

    @classmethod
    def around(cls, mean: float, variance: float, df: float, level: float, note: str = "") -> Interval:
        """Return the t interval of a mean with this variance, if it has any."""
        if not (variance > 0 and df > 0):
            return cls.missing(mean, level, note or "not estimable if all scores are equal")
        error = variance**0.5
        half = float(stats.t.ppf(0.5 + level / 2, df)) * error
        p = float(2 * stats.t.sf(abs(mean) / error, df))
        return cls(mean, mean - half, mean + half, level, error, df, note, p)

    @classmethod
    def crossed(cls, found: CrossedMean, level: float) -> Interval:
        """Return the interval of a mean over new listeners and new items."""
        if found.residual is None:
            return cls.missing(found.mean, level, found.note)
        half, error, df = found.half_width(level), found.variance**0.5, found.equivalent_df()
        low, high = found.mean - half, found.mean + half
        return cls(found.mean, low, high, level, error, df, found.note, found.p_value())

    def cut_to(self, scale: tuple[float, float]) -> Interval:
        """Return the interval without what lies beyond the scale, where no mean can be: the same coverage."""
        low, high = scale
        return replace(
            self, low=float(np.clip(self.low, low, high)), high=float(np.clip(self.high, low, high))
        )

    def use_logit(self, scale: tuple[float, float]) -> Interval:
        """Return the interval that is symmetric on the logit scale of the mean, by the delta method."""
        low, high = scale
        width, share = high - low, (self.mean - low) / (high - low)
        if np.isnan(self.low) or not 0 < share < 1:
            return self
        half = (self.high - self.mean) / width / (share * (1 - share))
        ends = special.expit(special.logit(share) + np.array([-half, half]))
        return replace(self, low=low + width * float(ends[0]), high=low + width * float(ends[1]))

    @classmethod
    def missing(cls, mean: float, level: float, why: str) -> Interval:
        """Return a mean whose interval cannot be estimated."""
        return cls(mean, float("nan"), float("nan"), level, note=why)


def interval(
    method: str,
    scores: Floats,
    listeners: Ints,
    items: Ints,
    *,
    level: float = LEVEL,
    panel: tuple[int, int] | None = None,
) -> Interval:
    """Compute one closed-form interval of a mean.

    Args:
        method: One of `INTERVALS` except `bootstrap`; `logit` is `two-way` before `Interval.use_logit`.
        scores: Mean rating of each listener x item cell [n].
        listeners: Index of the listener of each cell [n].
        items: Index of the item of each cell [n].
        level: Coverage wanted.
        panel: Listeners and items of the whole study, which `crowdmos` counts; by default those of the cells.

    Raises:
        DesignError: An unknown method.
    """
    if method in ("two-way", "logit"):
        return Interval.crossed(crossed_mean(scores, listeners, items), level)
    if method == "listener":
        return _cluster_interval(scores, listeners, level, "listener")
    if method == "item":
        return _cluster_interval(scores, items, level, "item")
    if method == "crowdmos":
        return _crowdmos(scores, listeners, items, level, panel)
    if method == "naive-t":
        return _cluster_interval(scores, np.arange(len(scores)), level, "rating")
    raise DesignError(f"unknown interval {method!r}; expected one of {', '.join(INTERVALS)}")


def _cluster_interval(scores: Floats, clusters: Ints, level: float, what: str) -> Interval:
    """The t interval over cluster means, for clusters of any size, from the clusters' summed residuals."""
    _, codes = np.unique(clusters, return_inverse=True)
    mean, n_clusters = float(scores.mean()), int(codes.max()) + 1
    if n_clusters < 2:
        return Interval.missing(mean, level, f"not estimable from one {what}")
    residuals = np.bincount(codes, scores - mean)
    variance = n_clusters / (n_clusters - 1) * float((residuals**2).sum()) / len(scores) ** 2
    return Interval.around(mean, variance, n_clusters - 1.0, level)


def _crowdmos(
    scores: Floats, listeners: Ints, items: Ints, level: float, panel: tuple[int, int] | None
) -> Interval:
    """Ribeiro et al. 2011: components from the mean variances within items, within listeners and over all."""
    _, i = np.unique(listeners, return_inverse=True)
    _, j = np.unique(items, return_inverse=True)
    mean, n = float(scores.mean()), len(scores)
    df = min(panel or (int(i.max()) + 1, int(j.max()) + 1)) - 1.0
    if df < 1:
        return Interval.missing(mean, level, "not estimable from one listener or item")
    within_item, within_listener = _mean_variance(scores, j), _mean_variance(scores, i)
    if np.isnan(within_item) or np.isnan(within_listener):
        # One factor is nested in the other: all that is known is the total.
        return Interval.around(
            mean, float(scores.var()) / n, df, level, "listeners and items cannot be separated"
        )
    matrix = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    parts = np.maximum(np.linalg.solve(matrix, [within_item, within_listener, scores.var()]), 0.0)
    weights = [(np.bincount(i) ** 2).sum() / n**2, (np.bincount(j) ** 2).sum() / n**2, 1 / n]
    return Interval.around(mean, float(parts @ weights), df, level)


def _mean_variance(scores: Floats, groups: Ints) -> float:
    """Mean over the groups with two or more ratings of the population variance within."""
    n = np.bincount(groups)
    means = np.bincount(groups, scores) / n
    variances = np.bincount(groups, (scores - means[groups]) ** 2) / n
    return float(variances[n >= 2].mean()) if (n >= 2).any() else float("nan")

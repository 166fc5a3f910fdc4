"""How sure a mean over items is: the percentile bootstrap."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_RESAMPLES = 2000
_AT_A_TIME = 200  # resamples, to bound memory


@dataclass(frozen=True)
class Interval:
    """A mean with its interval; both ends are NaN if there is nothing to resample."""

    mean: float
    low: float
    high: float


def bootstrap_mean(
    values: npt.ArrayLike,
    groups: Sequence[Hashable] | None = None,
    *,
    level: float = 0.95,
    resamples: int = _RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Return the mean of `values` and its percentile bootstrap interval.

    Items that share something (two mixtures of one clip) are not independent: with `groups`, groups are drawn
    with replacement instead of items. Values that are NaN are left out.

    Args:
        values: one for each item, `[n]`.
        groups: each item's group; None makes every item its own.
        level: of the interval.
        resamples: how often the mean is re-drawn.
        seed: of the draws.

    Source: Efron, Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3.
    """
    numbers = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(numbers)
    if not known.any():
        return Interval(np.nan, np.nan, np.nan)
    names = range(len(numbers)) if groups is None else groups
    codes: dict[Hashable, int] = {}
    code = np.array(
        [codes.setdefault(name, len(codes)) for name, keep in zip(names, known, strict=True) if keep]
    )
    totals, counts = np.bincount(code, weights=numbers[known]), np.bincount(code)
    mean = float(totals.sum() / counts.sum())
    if len(codes) < 2:
        return Interval(mean, np.nan, np.nan)
    rng = np.random.default_rng(seed)
    means = []
    for start in range(0, resamples, _AT_A_TIME):
        drawn = rng.integers(len(codes), size=(min(_AT_A_TIME, resamples - start), len(codes)))
        means.append(totals[drawn].sum(axis=1) / counts[drawn].sum(axis=1))
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return Interval(mean, float(low), float(high))

"""Permutation tests: the sign flip of paired differences, and the test of medians of BS.1534-3."""

from __future__ import annotations

import numpy as np

from analysis.statistics.variance import Floats

_CHUNK = 1000  # draws at once: bounds the memory, does not change the numbers
_TIE = 1e-9  # statistics this close are equal: they differ only by rounding


def sign_flip(differences: Floats, *, draws: int = 10_000, seed: int = 0) -> Floats:
    """Two-sided p values of paired differences by flipping the signs of whole listeners.

    Under the hypothesis of no difference a listener could as well have named the two conditions the other way
    round. If there are no more than `draws` sign patterns all of them are tried, and the p value is exact.

    Args:
        differences: Sum of each listener's differences, one column per comparison [listeners, comparisons];
            `nan` counts as a listener who did not take part.
        draws: Number of random sign patterns.
        seed: Seed of the patterns.

    Returns:
        P values [comparisons]: the share of patterns with a mean at least as far from zero, the observed one
        among them.
    """
    sums = np.nan_to_num(np.asarray(differences, dtype=float))
    n = sums.shape[0]
    limit = np.abs(sums.sum(axis=0)) - _TIE * np.abs(sums).sum(axis=0)
    if 2**n <= draws:
        signs = 1.0 - 2.0 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
        return np.asarray((np.abs(signs @ sums) >= limit).mean(axis=0))
    rng = np.random.default_rng(seed)
    hits = np.zeros(sums.shape[1])
    for start in range(0, draws, _CHUNK):
        size = min(_CHUNK, draws - start)
        signs = rng.integers(0, 2, size=(size, n), dtype=np.int8) * 2.0 - 1.0
        hits += (np.abs(signs @ sums) >= limit).sum(axis=0)
    return (hits + 1) / (draws + 1)


def medians(a: Floats, b: Floats, *, draws: int = 10_000, seed: int = 0) -> float:
    """Two-sided p value of a difference of medians when all ratings are pooled and dealt out again.

    The test of ITU-R BS.1534-3, attachment 3, which takes the ratings of the two conditions as independent
    samples. Ratings of one listener are not: `sign_flip` is the sound version, this one is for those who must
    report it. Only the counts of equal scores are drawn, so that the cost does not grow with the ratings.

    Args:
        a: All ratings of one condition.
        b: All ratings of the other.
        draws: Number of times the ratings are dealt.
        seed: Seed of the deals.
    """
    values, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    counts = np.bincount(codes)
    rng = np.random.default_rng(seed)
    observed = abs(float(np.median(a) - np.median(b)))
    hits = 0
    for start in range(0, draws, _CHUNK):
        size = min(_CHUNK, draws - start)
        dealt = rng.multivariate_hypergeometric(counts, len(a), size=size, method="marginals")
        gap = np.abs(_medians_of_counts(values, dealt) - _medians_of_counts(values, counts - dealt))
        hits += int((gap >= observed - _TIE * max(observed, 1.0)).sum())
    return (hits + 1) / (draws + 1)


def _medians_of_counts(values: Floats, counts: np.ndarray) -> Floats:
    """Median of each row's sample, given how often it holds each value [draws, values]."""
    up_to = np.cumsum(counts, axis=1)
    n = int(up_to[0, -1])
    lower = (up_to <= (n - 1) // 2).sum(axis=1)
    upper = (up_to <= n // 2).sum(axis=1)
    return np.asarray((values[lower] + values[upper]) / 2)

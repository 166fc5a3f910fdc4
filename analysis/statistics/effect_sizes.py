"""Effect sizes of paired differences, each with an interval; one difference per listener."""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, special, stats

from analysis.statistics.intervals import LEVEL
from analysis.statistics.variance import Floats

_FAR, _QUANTILES = 30.0, 4000
Effect = tuple[float, float, float]
_NONE: Effect = (float("nan"), float("nan"), float("nan"))


def cohens_dz(differences: Floats, level: float = LEVEL) -> Effect:
    """Mean difference in standard deviations of the differences, with the noncentral t interval.

    Returns:
        Estimate, low, high; `nan` for fewer than two listeners or equal differences.
    """
    n = len(differences)
    if n < 2 or differences.std(ddof=1) <= 1e-12 * max(1.0, abs(float(differences.mean()))):
        return _NONE
    dz = float(differences.mean() / differences.std(ddof=1))
    t, tail = dz * n**0.5, (1 - level) / 2
    low, high = (_noncentrality(t, n - 1, q) / n**0.5 for q in (1 - tail, tail))
    return dz, low, high


def rank_biserial(differences: Floats, level: float = LEVEL) -> Effect:
    """Matched-pairs rank-biserial correlation: share of favourable less unfavourable signed ranks.

    Differences of zero are left out. The interval is Fisher's z with the standard error of the signed-rank
    sum, `sqrt((2n^3 + 3n^2 + n) / 6) / ((n^2 + n) / 2)`; at -1 and 1, where z is not finite, it is `nan`.
    """
    moved = differences[differences != 0]
    n = len(moved)
    if n < 2:
        return _NONE
    ranks = stats.rankdata(np.abs(moved))
    r = float((ranks * np.sign(moved)).sum() / ranks.sum())
    if abs(r) == 1:
        return r, float("nan"), float("nan")
    error = ((2 * n**3 + 3 * n**2 + n) / 6) ** 0.5 / ((n**2 + n) / 2)
    z, half = np.arctanh(r), float(stats.norm.ppf(0.5 + level / 2)) * error
    return r, float(np.tanh(z - half)), float(np.tanh(z + half))


def superiority(differences: Floats, level: float = LEVEL) -> Effect:
    """Probability that a listener rates the first condition higher, with Wilson's score interval."""
    n = len(differences)
    if n < 2:
        return _NONE
    p = float((differences > 0).mean() + 0.5 * (differences == 0).mean())
    z = float(stats.norm.ppf(0.5 + level / 2))
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5 / (1 + z**2 / n)
    return p, centre - half, centre + half


def _noncentrality(t: float, df: int, q: float) -> float:
    """Noncentrality under which `t` is the q quantile."""
    if t < 0:
        return -_noncentrality(-t, df, 1 - q)
    exact = float(special.nctdtrinc(df, q, t)) if t <= _FAR else float("nan")
    if math.isfinite(exact):
        return exact
    # So far out the distribution function at hand has no digits. Noncentral t is (z + noncentrality) / s: its
    # share below a value is that of z below value * s - noncentrality, over the quantiles of s.
    s = np.sqrt(stats.chi2.ppf((np.arange(_QUANTILES) + 0.5) / _QUANTILES, df) / df)
    return float(
        optimize.brentq(lambda far: special.ndtr(t * s - far).mean() - q, t * s[0] - 10, t * s[-1] + 10)
    )

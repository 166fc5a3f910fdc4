"""Intervals over new listeners for a scale that is fitted to a whole panel's choices.

Each listener weighs how often the panel has them, and the scale is fitted again for other weights:

- `jackknife`: every listener is left out in turn (Tukey 1958, Annals of Mathematical Statistics 29:614), with
  Student's t of `n - 1` degrees of freedom, as MacKinnon, Nielsen & Webb 2023 (Journal of Applied
  Econometrics 38:671-694) recommend for few clusters;
- `bootstrap`: who took part is drawn again. Percentiles of few listeners are too narrow, and are widened as
  Hesterberg 2015 (American Statistician 69:371-386) does: to the tail that a t quantile and the factor
  `sqrt(n / (n - 1))` have.

The jackknife is the default: on average as wide, it covers the truth more often if listeners are few or one
of them is unlike the others (docs/benchmarks.md), and the same choices give the same interval.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from analysis.errors import DesignError
from analysis.statistics.intervals import LEVEL
from analysis.statistics.variance import Floats

SCALE_INTERVALS = ("jackknife", "bootstrap")
_CHUNK = 500  # panels at once: bounds the memory, does not change the numbers


def resample_listeners(
    refit: Callable[[Floats], Floats],
    n: int,
    *,
    interval: str = "jackknife",
    level: float = LEVEL,
    draws: int = 2000,
    seed: int = 0,
) -> Floats:
    """Return the lower and the upper ends of the estimates of a panel `[2, estimates]`.

    Args:
        refit: The estimates `[panels, estimates]` for weights of the listeners `[panels, n]`.
        n: Number of listeners, at least two.
        interval: One of `SCALE_INTERVALS`.
        level: Coverage wanted.
        draws: Draws of the bootstrap.
        seed: Seed of the draws.

    Raises:
        DesignError: An unknown interval.
    """
    if interval not in SCALE_INTERVALS:
        raise DesignError(f"unknown interval {interval!r}; expected {' or '.join(SCALE_INTERVALS)}")
    if interval == "bootstrap":
        drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws).astype(float)
        return np.asarray(np.nanquantile(_refit_all(refit, drawn), widen_tails(n, level), axis=0))
    estimate = refit(np.ones((1, n)))[0]
    without = _refit_all(refit, 1 - np.eye(n))
    error = np.sqrt((n - 1) / n * np.square(without - estimate).sum(axis=0))
    half = float(stats.t.ppf(0.5 + level / 2, n - 1)) * error
    return np.stack([estimate - half, estimate + half])


def widen_tails(n: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the shares of draws at which a bootstrap's interval over `n` listeners ends."""
    tail = float(stats.norm.cdf(np.sqrt(n / (n - 1)) * stats.t.ppf((1 - level) / 2, n - 1)))
    return tail, 1 - tail


def _refit_all(refit: Callable[[Floats], Floats], weights: Floats) -> Floats:
    parts = np.array_split(weights, max(1, -(-len(weights) // _CHUNK)))
    return np.concatenate([refit(part) for part in parts])

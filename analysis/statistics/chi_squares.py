"""Chi-squares at the same evenly spread points each time: the same ratings give the same interval."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import special
from scipy.stats import qmc

from analysis.statistics.variance import Floats, Ints

_DRAWS = 2048
_FEWER_DRAWS = 512  # for each of many simulated studies


@lru_cache(maxsize=64)
def chi_squares(df: float, factor: int) -> Floats:
    """Return the draws of one of the three factors, `[draws]`; all pairs of a complete study share them."""
    return _inverse(df, _uniform()[:, factor])


def chi_squares_of_each(dfs: Floats, factor: int) -> tuple[Floats, Ints]:
    """Return fewer draws for each different number of degrees of freedom, and the row of each number.

    Shape:
        - dfs: `[studies]`, distinguished to a tenth
        - result: `[different, draws]`, `[studies]`
    """
    values, index = np.unique(np.round(dfs, 1), return_inverse=True)
    return _inverse(values[:, None], _uniform()[:_FEWER_DRAWS, factor]), index


def _inverse(df: float | Floats, uniform: Floats) -> Floats:
    drawn: Floats = 2 * special.gammaincinv(df / 2, uniform)
    return drawn


@lru_cache(maxsize=1)
def _uniform() -> Floats:
    """The points of the unit cube, `[draws, 3]`."""
    drawn: Floats = qmc.Sobol(3, scramble=True, rng=1).random(_DRAWS)
    return np.clip(drawn, 1e-12, 1 - 1e-12)

"""Ratings drawn from the model that the intervals assume."""

from __future__ import annotations

import numpy as np


def crossed_ratings(
    i: int, j: int, share: float = 1.0, *, seed: int = 0, sds: tuple[float, float, float] = (10, 6, 12)
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores, listeners and items `[n]`; each of `i` x `j` pairs is rated with chance `share`."""
    rng = np.random.default_rng(seed)
    a, b = np.nonzero(rng.random((i, j)) < share)
    y = 5 + sds[0] * rng.normal(size=i)[a] + sds[1] * rng.normal(size=j)[b] + sds[2] * rng.normal(size=len(a))
    return y, a, b

"""Satterthwaite's degrees of freedom of contrasts of the conditions' means, as lmerTest computes them.

The variance of a contrast is a function of the estimated variances. How uncertain it is follows from the
curvature of the restricted likelihood by the delta method; the degrees of freedom are those of a chi-square
of that mean and variance (Giesbrecht & Burns 1985, Biometrics 41:477-486; Kuznetsova, Brockhoff & Christensen
2017, Journal of Statistical Software 82(13)). A component estimated at zero is treated as known to be zero.
"""

from __future__ import annotations

import numpy as np

from analysis.models.likelihood.ratios import SMALLEST
from analysis.models.likelihood.reml import Problem
from analysis.statistics.variance import Floats

_STEP = 0.01  # share of a standard deviation by which it is moved
_FLOOR = 0.2  # of the residual's standard deviation: steps are never shares of less


def degrees_of_freedom(problem: Problem, n: int, ratios: Floats, contrasts: Floats) -> Floats:
    """Return the degrees of freedom of each contrast.

    Args:
        problem: The ratings.
        n: Number of ratings.
        ratios: The estimated variances over the residual's.
        contrasts: Weights of the conditions' means [contrasts, conditions].
    """
    free = np.flatnonzero(ratios > 2 * SMALLEST)
    roots = np.sqrt(ratios[free])  # the deviance is even and smooth in them, also next to zero
    steps = _STEP * np.maximum(roots, _FLOOR)
    df = n - contrasts.shape[1]
    residual = problem.solve(ratios)[1]

    def at(shift: Floats) -> tuple[float, float, Floats]:
        """Deviance, sum of squares and variances of contrasts, all at the estimated residual variance."""
        moved = ratios.copy()
        moved[free] = np.maximum((roots + shift) ** 2, SMALLEST)
        deviance, own, _, covariance = problem.solve(moved)
        rest = df * own / residual
        spread = np.einsum("ck,kl,cl->c", contrasts, covariance / own, contrasts)
        return deviance - df * float(np.log(own)) + rest, rest, spread

    size = len(free)
    shifts = np.diag(steps)
    middle = at(np.zeros(size))
    above, below = ([at(sign * shift) for shift in shifts] for sign in (1, -1))
    curvature = np.zeros((size + 1, size + 1))
    slopes = np.zeros((len(contrasts), size + 1))
    curvature[size, size] = middle[1]  # the last parameter is the logarithm of the residual variance
    slopes[:, size] = middle[2]
    for a in range(size):
        curvature[a, a] = (above[a][0] - 2 * middle[0] + below[a][0]) / steps[a] ** 2
        curvature[a, size] = curvature[size, a] = -(above[a][1] - below[a][1]) / (2 * steps[a])
        slopes[:, a] = (above[a][2] - below[a][2]) / (2 * steps[a])
        for b in range(a):
            corners = [at(s * shifts[a] + t * shifts[b])[0] for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
            corner = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * steps[a] * steps[b])
            curvature[a, b] = curvature[b, a] = corner
    # Directions in which the likelihood does not fall are left out, as lmerTest does.
    values, vectors = np.linalg.eigh(curvature)
    kept = values > 1e-8 * values.max()
    turned = slopes @ vectors[:, kept]
    variance = 2 * (turned**2 / values[kept]).sum(axis=1)
    return np.asarray(2 * middle[2] ** 2 / variance)

"""From a metric to the scale of the listeners, and how far off it then is (ITU-T P.1401, 01/2020).

A first-order mapping `a + b x`, and one of third order that rises, or falls, over the whole range of the
metric, both by least squares. Errors (clause 7): RMSE with `N - d` in the denominator (`d` coefficients),
RMSE* of what is left of each error beyond the 95 % interval of the stimulus' mean score, and the outlier
ratio, the share of errors beyond that interval.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import optimize

from analysis.statistics.variance import Floats

_PLACES = 64  # of the range at which the slope must have one sign


class Errors(NamedTuple):
    """How far mapped values are from mean scores, in points; `outliers` is a share."""

    rmse: float
    rmse_star: float
    outliers: float


def fit_first(x: Floats, y: Floats) -> Floats:
    """Return the coefficients of the straight line, constant first."""
    return np.asarray(np.polynomial.polynomial.polyfit(x, y, 1), dtype=np.float64)


def fit_third(x: Floats, y: Floats) -> Floats:
    """Return the coefficients of the cubic that is monotone on the range of `x`, constant first."""
    middle, half = (x.max() + x.min()) / 2, (x.max() - x.min()) / 2
    z, scale = (x - middle) / half, float(np.std(y)) or 1.0
    target = (y - y.mean()) / scale
    matrix = np.vander(z, 4, increasing=True)
    sign = 1.0 if np.corrcoef(z, target)[0, 1] >= 0 else -1.0
    places = np.linspace(-1, 1, _PLACES)
    slopes = sign * np.column_stack([np.zeros(_PLACES), np.ones(_PLACES), 2 * places, 3 * places**2])
    start = np.append(fit_first(z, target), [0.0, 0.0])
    found = optimize.minimize(
        lambda c: float(((matrix @ c - target) ** 2).sum()), start,
        jac=lambda c: 2 * matrix.T @ (matrix @ c - target), method="SLSQP",
        constraints={"type": "ineq", "fun": lambda c: slopes @ c, "jac": lambda c: slopes},
        options={"maxiter": 500, "ftol": 1e-12},
    )  # fmt: skip
    cubic = np.polynomial.Polynomial(found.x * scale, domain=[x.min(), x.max()]).convert()
    coefficients = np.zeros(4)
    coefficients[: len(cubic.coef)] = cubic.coef
    coefficients[0] += y.mean()
    return coefficients


def errors_of(mapped: Floats, scores: Floats, halves: Floats, coefficients: int) -> Errors:
    """Return RMSE, RMSE* and outlier ratio.

    Args:
        mapped: Values of the metric on the listeners' scale [stimuli].
        scores: Mean scores [stimuli].
        halves: Half widths of the 95 % intervals of the mean scores [stimuli]; `nan` counts as 0.
        coefficients: Number of coefficients of the mapping.
    """
    errors, half = np.abs(mapped - scores), np.nan_to_num(halves)
    free = len(errors) - coefficients
    beyond = np.maximum(errors - half, 0.0)
    if free < 1:
        return Errors(float("nan"), float("nan"), float((errors > half).mean()))
    rmse, star = (float((part**2).sum() / free) ** 0.5 for part in (errors, beyond))
    return Errors(rmse, star, float((errors > half).mean()))

"""Thurstone's case V: `P(a preferred to b) = Phi(u_a - u_b)`.

Thurstone 1927, Psychological Review 34:273-286. Impressions are normal with equal variances, without
correlation; the unit of the scale is the standard deviation of the difference of two of them, so that one
unit apart means preferred in 84 % of comparisons. Fitted by maximum likelihood (Fisher's scoring), not by
averaging quantiles of shares, which breaks down at shares of 0 and 1.
"""

from __future__ import annotations

import numpy as np
from scipy import special, stats

from analysis.choices.bradley_terry import PairFit, find_compared_pairs, half_wins, sum_zero_basis
from analysis.errors import DesignError
from analysis.statistics.variance import Floats

_MOST_STEPS = 200
_TOLERANCE = 1e-9
_LONGEST_STEP = 1.0


def fit_thurstone(wins: Floats) -> PairFit:
    """Fit Thurstone's case V to wins.

    Args:
        wins: Times the row was preferred to the column `[..., conditions, conditions]`; a tie may count half
            for both.

    Raises:
        DesignError: Fewer than two conditions, or conditions that no chain of comparisons connects.
    """
    size, lead = wins.shape[-1], wins.shape[:-2]
    flat = wins.reshape(-1, size, size)
    pairs = find_compared_pairs(flat)
    added = half_wins(flat, pairs)
    flat = flat + added
    i, j = pairs.T
    basis = sum_zero_basis(size)
    design = basis[i] - basis[j]
    won, totals = flat[:, i, j], flat[:, i, j] + flat[:, j, i]
    parameters = np.zeros((len(flat), size - 1))
    for _ in range(_MOST_STEPS):
        weights, residuals = _compute_working(parameters @ design.T, won, totals)
        information = np.einsum("ns,sp,sq->npq", weights, design, design, optimize=True)
        step = np.linalg.solve(information, (residuals @ design)[:, :, None])[:, :, 0]
        longest = np.abs(step).max(axis=1, keepdims=True)
        parameters = parameters + step * np.minimum(1.0, _LONGEST_STEP / np.maximum(longest, 1e-300))
        if longest.max() < _TOLERANCE:
            break
    else:
        raise DesignError("the choices have no finite estimate; some condition is always or never preferred")
    linear = parameters @ design.T
    chance, density = special.ndtr(linear), stats.norm.pdf(linear)
    slopes = np.stack([density / chance, -density / (1 - chance)], axis=2)
    covariance = basis @ np.linalg.inv(information) @ basis.T
    return PairFit(
        worths=(parameters @ basis.T).reshape(*lead, size),
        log_tie=None,
        covariance=covariance.reshape(*lead, size, size),
        pairs=pairs,
        observed=np.stack([won, totals - won], axis=2).reshape(*lead, len(pairs), 2),
        probabilities=np.stack([chance, 1 - chance], axis=2).reshape(*lead, len(pairs), 2),
        slopes=(slopes[..., None] * design[:, None]).reshape(*lead, len(pairs), 2, size - 1),
        padded=bool(added.any()),
    )


def _compute_working(linear: Floats, won: Floats, totals: Floats) -> tuple[Floats, Floats]:
    """Weights of Fisher's information and the score of the linear predictor `[tables, pairs]`."""
    chance = special.ndtr(linear)
    density = stats.norm.pdf(linear)
    spread = np.maximum(chance * (1 - chance), 1e-12)
    return totals * density**2 / spread, density * (won - totals * chance) / spread

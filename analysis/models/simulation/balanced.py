"""Studies in which every listener rates every item.

The mean and the mean squares have known distributions, so that these are drawn rather than single ratings.
"""

from __future__ import annotations

import numpy as np

from analysis.models.simulation.studies import SimulatedStudies, Spread
from analysis.statistics.moderation import Layout
from analysis.statistics.variance import Floats, Ints


def simulate_balanced(
    difference: float, n_listeners: int, n_items: int, spread: Spread, conditions: int, draws: int, seed: int
) -> SimulatedStudies:
    """Draw studies in which the first condition is `difference` points above all others.

    The conditions' listener, item and residual effects are independent, each with half of the variance that a
    difference has. Their sums of squares and products are Wishart matrices, drawn in place of ratings.

    Args:
        difference: True difference in points.
        n_listeners: Listeners of each study.
        n_items: Items of each study.
        spread: Standard deviations of a paired difference.
        conditions: Conditions of each study.
        draws: Studies.
        seed: Seed of the simulation.
    """
    rng = np.random.default_rng(seed)
    a, b, e = (sd**2 / 2 for sd in (spread.listener_sd, spread.item_sd, spread.residual_sd))
    n, da, db = n_listeners * n_items, n_listeners - 1, n_items - 1
    means = rng.standard_normal((draws, conditions)) * (a / n_listeners + b / n_items + e / n) ** 0.5
    means[:, 0] += difference
    first, second = np.triu_indices(conditions, 1)
    expected = ((n_items * a + e, da), (n_listeners * b + e, db), (e, da * db))
    totals = [square * _pair_squares(rng, draws, df, first, second) for square, df in expected]
    return SimulatedStudies(
        Layout.balanced(n_listeners, n_items),
        conditions,
        means[:, first] - means[:, second],
        (totals[0], totals[1], totals[2]),
    )


def _pair_squares(rng: np.random.Generator, draws: int, df: int, first: Ints, second: Ints) -> Floats:
    """Sums of squares of the pairs' differences of `df` rows of standard normals, `[draws, pairs]`.

    The rows matter only through their products, a Wishart matrix L L' (Bartlett 1934): with more rows than
    conditions L is triangular, with chi variates on its diagonal.
    """
    conditions = int(second.max()) + 1
    if df < conditions:
        rows = rng.standard_normal((draws, df, conditions))
    else:
        lower = np.tril(rng.standard_normal((draws, conditions, conditions)), -1)
        diagonal = np.arange(conditions)
        lower[:, diagonal, diagonal] = rng.chisquare(df - diagonal, (draws, conditions)) ** 0.5
        rows = lower.transpose(0, 2, 1)
    squares: Floats = ((rows[:, :, first] - rows[:, :, second]) ** 2).sum(axis=1)
    return squares

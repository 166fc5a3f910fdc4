"""Predicted effects (BLUPs) of listeners and items, by the mixed-model equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from analysis.models.likelihood.reml import Pages, prior
from analysis.statistics.variance import Floats


@dataclass(frozen=True)
class Effects:
    """Effects of listeners [listeners], with conditions [listeners, conditions], and the same of items."""

    listener: Floats
    listener_condition: Floats
    item: Floats
    item_condition: Floats


def predict_effects(pages: Pages, ratios: Floats) -> Effects:
    """Predict the effects by the best linear unbiased predictors (Henderson 1973).

    Args:
        pages: The ratings.
        ratios: Variances over the residual's, in the order of `COMPONENTS`.
    """
    n_items, k = pages.counts.shape[1:]
    matrix, right, shrink = pages.reduce(ratios)
    solution = linalg.cho_solve(linalg.cho_factor(matrix, lower=True), right).reshape(n_items + 1, k)
    fitted = pages.counts * (solution[0] + solution[1:])
    rest = pages.sums - fitted
    rest = rest - (shrink * rest.sum(axis=2))[..., None] * pages.counts
    listener_prior, _ = prior(ratios[0], ratios[1], k)
    precision = pages.counts.sum(axis=1)[..., None] * np.eye(k)
    precision -= np.einsum("ij,ijk,ijl->ikl", shrink, pages.counts, pages.counts, optimize=True)
    of_listener = np.linalg.solve(precision + listener_prior, rest.sum(axis=1)[..., None])[..., 0]
    return Effects(*_split(of_listener, ratios[0], ratios[1]), *_split(solution[1:], ratios[2], ratios[3]))


def _split(total: Floats, common: float, own: float) -> tuple[Floats, Floats]:
    """Split what is predicted of each condition [n, conditions] into what is common and what is its own."""
    shared = common / (own + total.shape[1] * common) * total.sum(axis=1)
    return shared, total - shared[:, None]

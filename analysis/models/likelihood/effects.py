"""Predicted effects (BLUPs) of listeners and items, by the mixed-model equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from analysis.models.likelihood.ratios import Ratios, prior
from analysis.models.likelihood.reml import Pages
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
        ratios: Variances over the residual's, see `Ratios.of`.
    """
    n_items, k = pages.counts.shape[1:]
    parts = Ratios.of(ratios, k)
    weights = pages.weigh(pages.counts, parts)
    matrix, right, shrink = pages.reduce(ratios)
    solution = linalg.cho_solve(linalg.cho_factor(matrix, lower=True), right).reshape(n_items + 1, k)
    rest = pages.weigh(pages.sums, parts) - weights * (solution[0] + solution[1:])
    rest = rest - (shrink * rest.sum(axis=2))[..., None] * weights
    listener_prior, _ = prior(parts.listener, parts.listener_condition)
    precision = weights.sum(axis=1)[..., None] * np.eye(k)
    precision -= np.einsum("ij,ijk,ijl->ikl", shrink, weights, weights, optimize=True)
    of_listener = np.linalg.solve(precision + listener_prior, rest.sum(axis=1)[..., None])[..., 0]
    return Effects(
        *_split(of_listener, parts.listener, parts.listener_condition),
        *_split(solution[1:], parts.item, parts.item_condition),
    )


def _split(total: Floats, common: float, own: Floats) -> tuple[Floats, Floats]:
    """Split what is predicted of each condition [n, conditions] into what is common and what is its own."""
    shared = common / (1 + common * float((1 / own).sum())) * (total @ (1 / own))
    return shared, total - shared[:, None]

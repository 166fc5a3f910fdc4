"""Studies in which each listener hears some of the items, all conditions of each.

Which ones differs from listener to listener, and all items are heard equally often, up to one. The sums of
squares then have no simple joint distribution, so that ratings are drawn, and the sums of squares of
`analysis.statistics.crossed` computed for all studies at once.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from analysis.errors import DesignError
from analysis.models.simulation.studies import SimulatedStudies, Spread
from analysis.statistics.crossed import count_parts
from analysis.statistics.moderation import Layout
from analysis.statistics.variance import Floats, Ints

_CHUNK = 4_000_000  # ratings in memory at once


def simulate_incomplete(
    difference: float,
    n_listeners: int,
    n_items: int,
    items_each: int,
    spread: Spread,
    conditions: int,
    draws: int,
    seed: int,
) -> SimulatedStudies:
    """Draw studies in which the first condition is `difference` points above all others.

    Args:
        difference: True difference in points.
        n_listeners: Listeners of each study.
        n_items: Items of each study.
        items_each: Items that a listener hears.
        spread: Standard deviations of a paired difference.
        conditions: Conditions of each study.
        draws: Studies.
        seed: Seed of the design and of the simulation.

    Raises:
        DesignError: Too few ratings to tell listeners, items and the rest apart.
    """
    rng = np.random.default_rng(seed)
    design = _Design.draw(n_listeners, n_items, items_each, rng)
    sds = [sd / 2**0.5 for sd in (spread.listener_sd, spread.item_sd, spread.residual_sd)]
    first, second = np.triu_indices(conditions, 1)
    size = max(1, _CHUNK // (design.n * max(len(first), conditions)))
    parts = []
    for start in range(0, draws, size):
        shape = (min(size, draws - start), conditions)
        scores = sds[0] * rng.standard_normal((*shape, n_listeners))[..., design.listeners]
        scores += sds[1] * rng.standard_normal((*shape, n_items))[..., design.items]
        scores += sds[2] * rng.standard_normal((*shape, design.n))
        scores[:, 0] += difference
        parts.append(design.reduce(scores[:, first] - scores[:, second]))
    means, *totals = (np.concatenate(column) for column in zip(*parts, strict=True))
    return SimulatedStudies(design.layout, conditions, means, (totals[0], totals[1], totals[2]))


class _Design:
    """Who hears what, and what the sums of squares need of it."""

    def __init__(self, listeners: Ints, items: Ints, n_items: int) -> None:
        """Take the listener and the item of each rating [n], and the number of items."""
        self.listeners, self.items, self.n = listeners, items, len(listeners)
        a, b = int(listeners.max()) + 1, n_items
        if self.n < a + b:
            raise DesignError(
                f"{a} listeners who each hear {self.n // a} of {b} items give too few ratings to tell "
                "listeners, items and the rest apart"
            )
        ones, rows = np.ones(self.n), np.arange(self.n)
        self.of_listener = sparse.csr_array((ones, (rows, listeners)), shape=(self.n, a))
        self.of_item = sparse.csr_array((ones, (rows, items)), shape=(self.n, b))
        self.per_listener, self.per_item = np.bincount(listeners), np.bincount(items)
        self.shared = (self.of_listener.T @ self.of_item).toarray() / self.per_listener[:, None]
        # Items after listeners: their equations, listeners eliminated, which all constants solve with 0.
        left = np.diag(self.per_item.astype(float)) - self.shared.T @ (
            self.shared * self.per_listener[:, None]
        )
        self.inverse = np.linalg.pinv(left, rcond=1e-10, hermitian=True)
        parts = count_parts(listeners, items, a, b)
        dfs = (a - parts, b - parts, self.n - a - b + parts)
        weights = [
            float((counts.astype(float) ** 2).sum()) / self.n for counts in (self.per_listener, self.per_item)
        ]
        self.layout = Layout(
            self.n,
            (float(dfs[0]), float(dfs[1]), float(dfs[2])),
            (weights[0] * dfs[0] / (self.n - b), weights[1] * dfs[1] / (self.n - a)),
        )

    @classmethod
    def draw(cls, n_listeners: int, n_items: int, items_each: int, rng: np.random.Generator) -> _Design:
        """Give each listener the items that were heard least so far, ties by chance."""
        heard = np.zeros(n_items)
        chosen = np.empty((n_listeners, items_each), dtype=np.intp)
        for row in chosen:
            row[:] = np.lexsort((rng.random(n_items), heard))[:items_each]
            heard[row] += 1
        return cls(np.repeat(np.arange(n_listeners), items_each), chosen.ravel(), n_items)

    def reduce(self, scores: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return means and sums of squares of listeners, items and the rest `[studies, pairs]` each.

        Args:
            scores: `[studies, pairs, n]`.
        """
        means = scores.mean(axis=-1)
        y = (scores - means[..., None]).reshape(-1, self.n)
        by_listener, by_item = y @ self.of_listener, y @ self.of_item
        square = (y**2).sum(axis=1)
        right = by_item - by_listener @ self.shared
        items = np.einsum("mj,mj->m", right @ self.inverse, right)
        rest = square - (by_listener**2 / self.per_listener).sum(axis=1) - items
        listeners = square - (by_item**2 / self.per_item).sum(axis=1) - rest
        shape = means.shape
        return means, listeners.reshape(shape), items.reshape(shape), np.maximum(rest, 0.0).reshape(shape)

"""The restricted likelihood (REML) of crossed listeners and items, through Henderson's mixed-model equations.

A page is what one listener gave to one item. What the listener thinks of the item is shared by the page's
conditions and makes its residuals correlate; the page's precision has a closed form. The listeners' effects
are eliminated listener by listener, which leaves a system in only the conditions and items.
Source: Henderson 1973, Journal of Animal Science, Symposium 1973:10-41.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import Protocol

import numpy as np
from scipy import linalg

from analysis.models.likelihood.ratios import Ratios, prior
from analysis.statistics.variance import Floats

_CHUNK = 2_000_000  # entries of the precision matrices in memory at once
Solution = tuple[float, float, Floats, Floats]


class Problem(Protocol):
    """What can be solved for given ratios of the variances to the residual's."""

    def solve(self, ratios: Floats) -> Solution:
        """Return -2 log-likelihood, residual variance, means and their covariance."""


@dataclass(frozen=True)
class Solved:
    """-2 log-likelihood is `df log v + rest / v + logs` for the residual variance v; covariance per v."""

    logs: float
    rest: float
    means: Floats
    covariance: Floats


@dataclass(frozen=True)
class Pages:
    """Counts (0 or 1) and sums of scores [listeners, items, conditions], and who and what they are of.

    `noise` is the variance of each cell's residual over that of its condition [listeners, items, conditions],
    1 if there is none.
    """

    counts: Floats
    sums: Floats
    listeners: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    noise: Floats | None = None

    @property
    def per_page(self) -> Floats:
        """Number of conditions that each listener rated of each item [listeners, items]."""
        return np.asarray(self.counts.sum(axis=2))

    def are_full(self) -> bool:
        """Return whether every page that was rated at all has all its conditions rated."""
        return bool(np.isin(self.per_page, (0, self.counts.shape[2])).all())

    def full_part(self) -> Pages | None:
        """Return the pages without gaps if they make up a design of two listeners and two items."""
        full = self.per_page == self.counts.shape[2]
        listeners, items = full.any(axis=1), full.any(axis=0)
        if min(int(listeners.sum()), int(items.sum())) < 2:
            return None
        counts, sums = (np.where(full[..., None], table, 0.0) for table in (self.counts, self.sums))
        return Pages(
            counts[listeners][:, items], sums[listeners][:, items],
            tuple(compress(self.listeners, listeners)), tuple(compress(self.items, items)),
        )  # fmt: skip

    def solve(self, ratios: Floats) -> Solution:
        """Solve the equations for given ratios of the variances to the residual's, see `Ratios.of`.

        Returns:
            -2 REML log-likelihood (up to a constant), the residual variance, the conditions' means and
            their covariance, both with their scale.
        """
        found = self.equations(ratios)
        df = float(self.counts.sum()) - self.counts.shape[2]
        residual = found.rest / df
        deviance = df * float(np.log(residual)) + found.logs
        return deviance, residual, found.means, found.covariance * residual

    def weigh(self, table: Floats, ratios: Ratios) -> Floats:
        """Return counts or sums times the precision of their cells, 1 for the residual's variance."""
        weighted = table / ratios.residual
        return weighted if self.noise is None else weighted / self.noise

    def equations(self, ratios: Floats) -> Solved:
        """Solve for the means, without an estimate of the residual variance."""
        n_listeners, n_items, k = self.counts.shape
        parts = Ratios.of(ratios, k)
        within, shrink = self._precision(parts)
        system = self._system(parts, shrink)
        listener_logs = prior(parts.listener, parts.listener_condition)[1]
        item_prior, item_logs = prior(parts.item, parts.item_condition)
        matrix, right = system.equations(item_prior)
        factor = linalg.cho_factor(matrix, lower=True)
        solution = linalg.cho_solve(factor, right)
        weighted = self.weigh(self.sums, parts)
        square = float((self.sums * weighted).sum() - (shrink * weighted.sum(axis=2) ** 2).sum())
        rest = max(square - system.explained - float(right @ solution), 1e-12)
        logs = system.logs + 2 * np.log(np.diag(factor[0])).sum() + np.log(within).sum()
        logs += n_listeners * listener_logs + n_items * item_logs
        logs += float(self.counts.sum(axis=(0, 1)) @ np.log(parts.residual))
        if self.noise is not None:
            logs += float((self.counts * np.log(self.noise)).sum())
        covariance = linalg.cho_solve(factor, np.eye(len(right), k))[:k]
        return Solved(float(logs), rest, solution[:k], covariance)

    def reduce(self, ratios: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the equations of conditions and items, their right side, and `shrink` [listeners, items]."""
        parts = Ratios.of(ratios, self.counts.shape[2])
        shrink = self._precision(parts)[1]
        item_prior = prior(parts.item, parts.item_condition)[0]
        return *self._system(parts, shrink).equations(item_prior), shrink

    def _precision(self, ratios: Ratios) -> tuple[Floats, Floats]:
        """Of a page whose conditions' precisions w sum to m: 1 + rm and r / (1 + rm).

        Its residuals have the covariance diag(1/w) + rJ, whose inverse is diag(w) - r / (1 + rm) ww'.
        """
        within = 1 + ratios.page * self.weigh(self.counts, ratios).sum(axis=2)
        return within, ratios.page / within

    def _system(self, ratios: Ratios, shrink: Floats) -> _System:
        n_listeners, n_items, k = self.counts.shape
        listener_prior = prior(ratios.listener, ratios.listener_condition)[0]
        counts, sums = self.weigh(self.counts, ratios), self.weigh(self.sums, ratios)
        system = _System.empty(n_items + 1, k)
        step = max(1, _CHUNK // (n_items * k * k))
        for start in range(0, n_listeners, step):
            part = slice(start, start + step)
            system.add(counts[part], sums[part], shrink[part], listener_prior)
        return system


@dataclass
class _System:
    """The equations of conditions and items, summed over the listeners whose effects are eliminated.

    Unknowns: the conditions' means [k], then the items' effects [items x k]. The conditions behave as one
    more "item", the first, that every rating belongs to.
    """

    matrix: Floats
    per_item: Floats
    right: Floats
    explained: float = 0.0
    logs: float = 0.0

    @classmethod
    def empty(cls, size: int, k: int) -> _System:
        return cls(np.zeros((size * k, size * k)), np.zeros((size, k, k)), np.zeros((size, k)))

    def add(self, counts: Floats, sums: Floats, shrink: Floats, listener_prior: Floats) -> None:
        """Add listeners.

        Args:
            counts: Weighted [listeners, items, conditions].
            sums: Weighted [listeners, items, conditions].
            shrink: [listeners, items].
            listener_prior: [conditions, conditions].
        """
        n, n_items, k = counts.shape
        size = n_items + 1
        precision = counts[..., None] * np.eye(k)
        precision -= shrink[..., None, None] * counts[..., :, None] * counts[..., None, :]
        weighted = sums - (shrink * sums.sum(axis=2))[..., None] * counts
        precision = np.concatenate([precision.sum(axis=1, keepdims=True), precision], axis=1)
        weighted = np.concatenate([weighted.sum(axis=1, keepdims=True), weighted], axis=1)
        blocks = precision[:, 0] + listener_prior
        inverse = np.linalg.inv(blocks)
        root = np.linalg.cholesky((inverse + inverse.transpose(0, 2, 1)) / 2)
        half = (precision @ root[:, None]).transpose(1, 2, 0, 3).reshape(size * k, n * k)
        self.matrix -= half @ half.T
        self.per_item += precision.sum(axis=0)
        fitted = np.einsum("ikl,il->ik", inverse, weighted[:, 0])
        self.right += weighted.sum(axis=0) - np.einsum("ijkl,il->jk", precision, fitted, optimize=True)
        self.explained += float((weighted[:, 0] * fitted).sum())
        self.logs += float(np.linalg.slogdet(blocks)[1].sum())

    def equations(self, item_prior: Floats) -> tuple[Floats, Floats]:
        """Return the matrix (its lower triangle counts) and the right side, with the items' prior."""
        size, k, _ = self.per_item.shape
        matrix = self.matrix.reshape(size, k, size, k).copy()
        matrix[0, :, 0, :] += self.per_item[0]
        for j in range(1, size):
            matrix[j, :, 0, :] += self.per_item[j]
            matrix[j, :, j, :] += self.per_item[j] + item_prior
        return matrix.reshape(size * k, size * k), self.right.ravel()

"""The restricted likelihood (REML) of crossed listeners and items, through Henderson's mixed-model equations.

A page is what one listener gave to one item. What the listener thinks of the item is shared by the page's
conditions and makes its residuals correlate; the page's precision has a closed form. The listeners' effects
are eliminated listener by listener, which leaves a system in only the conditions and items.

If every page has all its conditions rated (a page cannot be sent otherwise), the conditions are turned by
an orthonormal Helmert matrix: the mean of the page and the k - 1 contrasts are then independent, each with
only listeners and items, and the k times smaller systems give the same likelihood in a fraction of the time.
Source: Henderson 1973, Journal of Animal Science, Symposium 1973:10-41.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress

import numpy as np
from scipy import linalg

from analysis.statistics.variance import Floats

_CHUNK = 2_000_000  # entries of the precision matrices in memory at once
Solution = tuple[float, float, Floats, Floats]


@dataclass(frozen=True)
class Solved:
    """-2 log-likelihood is `df log v + rest / v + logs` for the residual variance v; covariance per v."""

    logs: float
    rest: float
    means: Floats
    covariance: Floats


@dataclass(frozen=True)
class Pages:
    """Counts (0 or 1) and sums of scores [listeners, items, conditions], and who and what they are of."""

    counts: Floats
    sums: Floats
    listeners: tuple[str, ...] = ()
    items: tuple[str, ...] = ()

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
        """Solve the equations for given ratios of the five variances to the residual's.

        Returns:
            -2 REML log-likelihood (up to a constant), the residual variance, the conditions' means and
            their covariance, both with their scale.
        """
        found = self.equations(ratios)
        df = float(self.counts.sum()) - self.counts.shape[2]
        residual = found.rest / df
        deviance = df * float(np.log(residual)) + found.logs
        return deviance, residual, found.means, found.covariance * residual

    def equations(self, ratios: Floats) -> Solved:
        """Solve for the means, without an estimate of the residual variance."""
        n_listeners, n_items, k = self.counts.shape
        within, shrink = self._precision(ratios)
        system = self._system(ratios, shrink)
        listener_logs, (item_prior, item_logs) = (
            prior(ratios[0], ratios[1], k)[1],
            prior(ratios[2], ratios[3], k),
        )
        matrix, right = system.equations(item_prior)
        factor = linalg.cho_factor(matrix, lower=True)
        solution = linalg.cho_solve(factor, right)
        square = float((self.sums**2).sum() - (shrink * self.sums.sum(axis=2) ** 2).sum())
        rest = max(square - system.explained - float(right @ solution), 1e-12)
        logs = system.logs + 2 * np.log(np.diag(factor[0])).sum() + np.log(within).sum()
        logs += n_listeners * listener_logs + n_items * item_logs
        covariance = linalg.cho_solve(factor, np.eye(len(right), k))[:k]
        return Solved(float(logs), rest, solution[:k], covariance)

    def reduce(self, ratios: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the equations of conditions and items, their right side, and `shrink` [listeners, items]."""
        shrink = self._precision(ratios)[1]
        item_prior = prior(ratios[2], ratios[3], self.counts.shape[2])[0]
        return *self._system(ratios, shrink).equations(item_prior), shrink

    def _precision(self, ratios: Floats) -> tuple[Floats, Floats]:
        """Of a page with m conditions: 1 + rm and r / (1 + rm).

        Its residuals have the covariance I + rJ, whose inverse is I - r / (1 + rm) J.
        """
        within = 1 + ratios[4] * self.per_page
        return within, ratios[4] / within

    def _system(self, ratios: Floats, shrink: Floats) -> _System:
        n_listeners, n_items, k = self.counts.shape
        listener_prior = prior(ratios[0], ratios[1], k)[0]
        system = _System.empty(n_items + 1, k)
        step = max(1, _CHUNK // (n_items * k * k))
        for start in range(0, n_listeners, step):
            part = slice(start, start + step)
            system.add(self.counts[part], self.sums[part], shrink[part], listener_prior)
        return system


@dataclass(frozen=True)
class FullPages:
    """Pages without gaps: the mean of each page and its contrasts, each a study of one condition.

    Attributes:
        rated: Which listener rated which item, 0 or 1 [listeners, items].
        turned: Sums of the mean and the contrasts [listeners, items, conditions].
        turn: What turns conditions into them [conditions, conditions].
    """

    rated: Floats
    turned: Floats
    turn: Floats

    @classmethod
    def of(cls, pages: Pages) -> FullPages:
        """Turn the conditions; every page must be full."""
        turn = linalg.helmert(pages.counts.shape[2], full=True)
        return cls(np.ascontiguousarray(pages.counts[:, :, 0]), pages.sums @ turn.T, turn)

    def solve(self, ratios: Floats) -> Solution:
        """Do what `Pages.solve` does."""
        k = len(self.turn)
        scale = 1 + k * ratios[4]  # residual variance of a page's mean over that of a contrast
        common = (k * ratios[0] + ratios[1]) / scale, (k * ratios[2] + ratios[3]) / scale
        mean = _solve_crossed(self.rated, self.turned[:, :, :1], *common)
        contrasts = _solve_crossed(self.rated, self.turned[:, :, 1:], ratios[1], ratios[3])
        df_each = float(self.rated.sum()) - 1
        residual = (mean.rest / scale + contrasts.rest) / (k * df_each)
        deviance = k * df_each * float(np.log(residual)) + df_each * float(np.log(scale))
        deviance += mean.logs + (k - 1) * contrasts.logs
        turned = np.concatenate([mean.means, contrasts.means])
        spread = np.diag([scale * mean.covariance[0, 0], *np.diag(contrasts.covariance)])
        return deviance, residual, self.turn.T @ turned, self.turn.T @ spread @ self.turn * residual


def _solve_crossed(rated: Floats, sums: Floats, listeners: float, items: float) -> Solved:
    """Solve independent studies of one condition that have the same pages and the same ratios of variances.

    Args:
        rated: Which listener rated which item, 0 or 1 [listeners, items].
        sums: The scores [listeners, items, studies], 0 where not rated.
        listeners: Variance of the listeners over the residual's.
        items: Variance of the items over the residual's.

    Returns:
        Each study's mean and its variance on the diagonal, the sum of their `rest`s, the `logs` of one.
    """
    n_listeners, n_items = rated.shape
    of_listener, of_item = rated.sum(axis=1), rated.sum(axis=0)
    pivots = of_listener + 1 / listeners
    members = np.column_stack([of_listener, rated])  # the mean behaves as an item that all pages belong to
    matrix = np.zeros((n_items + 1, n_items + 1))
    matrix[0, 0] = of_listener.sum()
    matrix[0, 1:] = matrix[1:, 0] = of_item
    matrix[1:, 1:] = np.diag(of_item + 1 / items)
    matrix -= members.T @ (members / pivots[:, None])
    by_listener = sums.sum(axis=1)
    right = np.concatenate([by_listener.sum(axis=0, keepdims=True), sums.sum(axis=0)])
    right -= members.T @ (by_listener / pivots[:, None])
    factor = linalg.cho_factor(matrix, lower=True)
    solution = linalg.cho_solve(factor, right)
    explained = (by_listener**2 / pivots[:, None]).sum() + (right * solution).sum()
    logs = 2 * np.log(np.diag(factor[0])).sum() + np.log(pivots).sum()
    logs += n_listeners * np.log(listeners) + n_items * np.log(items)
    variance = linalg.cho_solve(factor, np.eye(n_items + 1, 1))[0, 0]
    rest = max(float((sums**2).sum() - explained), 1e-12)
    return Solved(float(logs), rest, solution[0], variance * np.eye(sums.shape[2]))


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
        """Add listeners: counts and sums [listeners, items, conditions], shrink [listeners, items]."""
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
        """Return the matrix and the right side, with the items' prior precision added."""
        size, k, _ = self.per_item.shape
        matrix = self.matrix.reshape(size, k, size, k).copy()
        matrix[0, :, 0, :] += self.per_item[0]
        for j in range(1, size):
            matrix[0, :, j, :] += self.per_item[j]
            matrix[j, :, 0, :] += self.per_item[j]
            matrix[j, :, j, :] += self.per_item[j] + item_prior
        return matrix.reshape(size * k, size * k), self.right.ravel()


def prior(common: float, own: float, k: int) -> tuple[Floats, float]:
    """Precision and log determinant of the covariance `common J + own I` of a listener's or item's effects.

    In closed form, since `common` may be so much larger than `own` that an inversion would lose precision.
    """
    mean = np.full((k, k), 1 / k)
    whole = own + k * common
    return (np.eye(k) - mean) / own + mean / whole, float((k - 1) * np.log(own) + np.log(whole))

"""The restricted likelihood of pages without gaps, whose conditions are turned into independent contrasts.

If every page has all its conditions rated (a page cannot be sent otherwise), the conditions are turned by
an orthonormal Helmert matrix: the mean of the page and the k - 1 contrasts are then independent, each with
only listeners and items, and the k times smaller systems give the same likelihood in a fraction of the time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from analysis.models.likelihood.reml import Pages, Solution, Solved
from analysis.statistics.variance import Floats


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
        sums: The scores [listeners, items, studies], 0 if not rated.
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

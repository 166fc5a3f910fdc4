"""A linear mixed model of all conditions at once, with crossed listeners and items.

    score_ijk = mean_k + (listener)_i + (listener x condition)_ik + (item)_j + (item x condition)_jk +
    residual

Random effects are normal and independent. The variances are estimated by restricted maximum likelihood (REML)
through Henderson's mixed-model equations: the listeners' effects are eliminated listener by listener, which
leaves a system in the conditions and items alone. The cost therefore grows linearly with the listeners, where
`statsmodels.MixedLM`, which gives the same numbers, inverts a matrix of all ratings. Omitting the terms with
condition would make the tests of differences too bold (Barr, Levy, Scheepers & Tily 2013, Journal of Memory
and Language 68:255-278).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg, optimize, stats

from analysis.errors import DesignError
from analysis.ratings import cells, conditions, is_simulated
from analysis.variance import Floats

COMPONENTS = ("listener", "listener x condition", "item", "item x condition", "residual")
_LARGEST_ITEMS, _LARGEST_TABLE = 4000, 50_000_000
_FLOOR = 1e-6  # smallest ratio of a variance to the residual's: as good as zero


@dataclass(frozen=True)
class MixedModel:
    """Estimates: means of the conditions, their covariance, and the variance components in squared points."""

    names: list[str]
    means: Floats
    covariance: Floats
    components: dict[str, float]
    df: float
    simulated: bool

    def variance_components(self) -> pd.DataFrame:
        """Return `component, variance, sd, share, simulated`."""
        table = pd.DataFrame({"component": list(self.components), "variance": list(self.components.values())})
        table["sd"] = np.sqrt(table["variance"])
        total = table["variance"].sum()
        return table.assign(
            share=table["variance"] / total if total > 0 else np.nan, simulated=self.simulated
        )

    def differences(self, level: float = 0.95) -> pd.DataFrame:
        """Return all pairs: `condition_a, condition_b, difference, se, df, ci_low, ci_high, p, simulated`.

        The degrees of freedom are the smaller number of listeners or items less one, on the safe side.
        """
        order = np.argsort(-self.means, kind="stable")
        rows = []
        for place, a in enumerate(order):
            for b in order[place + 1 :]:
                gap = float(self.means[a] - self.means[b])
                se = float(self.covariance[a, a] + self.covariance[b, b] - 2 * self.covariance[a, b]) ** 0.5
                half = float(stats.t.ppf(0.5 + level / 2, self.df)) * se
                p = float(2 * stats.t.sf(gap / se, self.df))
                rows.append((self.names[a], self.names[b], gap, se, self.df, gap - half, gap + half, p))
        columns = ["condition_a", "condition_b", "difference", "se", "df", "ci_low", "ci_high", "p"]
        return pd.DataFrame(rows, columns=columns).assign(simulated=self.simulated)


def mixed_model(
    frame: pd.DataFrame, *, attribute: str | None = None, among: list[str] | None = None
) -> MixedModel:
    """Fit the model to the methods (or the conditions named).

    Args:
        frame: Tidy ratings; unbalanced and incomplete designs are fine.
        attribute: The scale, where the frame has several.
        among: Conditions of the model; by default the methods, all conditions where there are fewer than two.

    Raises:
        DesignError: Fewer than two conditions, listeners or items, or a design too large to solve.
    """
    listed = conditions(frame)
    methods = list(listed.loc[listed["role"] == "method", "condition"])
    chosen = among or (methods if len(methods) >= 2 else list(listed["condition"]))
    table = cells(frame, attribute)
    problem = _Problem.of(table[table["condition"].isin(chosen)], chosen)
    start = np.log(np.full(4, 0.3))
    bounds = [(np.log(_FLOOR), np.log(1e4))] * 4
    found = optimize.minimize(lambda x: problem.solve(np.exp(x))[0], start, method="L-BFGS-B", bounds=bounds)
    ratios = np.exp(found.x)
    _, residual, means, covariance = problem.solve(ratios)
    variances = [*np.where(ratios <= 2 * _FLOOR, 0.0, ratios) * residual, residual]
    n_listeners, n_items, _ = problem.counts.shape
    return MixedModel(
        names=chosen,
        means=means,
        covariance=covariance * residual,
        components=dict(zip(COMPONENTS, map(float, variances), strict=True)),
        df=float(min(n_listeners, n_items) - 1),
        simulated=is_simulated(frame),
    )


@dataclass(frozen=True)
class _Problem:
    """Counts and sums of scores [listeners, items, conditions]."""

    counts: Floats
    sums: Floats
    square: float

    @classmethod
    def of(cls, table: pd.DataFrame, chosen: list[str]) -> _Problem:
        listener, listeners = pd.factorize(table["listener"])
        item, items = pd.factorize(table["item"])
        shape = (len(listeners), len(items), len(chosen))
        if min(shape) < 2:
            raise DesignError(
                f"A mixed model needs two conditions, listeners and items; found {shape[2]}, {shape[0]} "
                f"and {shape[1]}."
            )
        if shape[1] * shape[2] > _LARGEST_ITEMS or np.prod(shape, dtype=float) > _LARGEST_TABLE:
            raise DesignError(
                f"A mixed model of {shape[0]} listeners x {shape[1]} items x {shape[2]} conditions is "
                "too large."
            )
        condition = pd.Index(chosen).get_indexer(pd.Index(table["condition"]))
        scores = table["score"].to_numpy(float)
        at = np.ravel_multi_index((listener, item, condition), shape)
        size = int(np.prod(shape))
        counts = np.bincount(at, minlength=size).astype(np.float64).reshape(shape)
        sums = np.bincount(at, scores, minlength=size).astype(np.float64).reshape(shape)
        return cls(counts, sums, float((scores**2).sum()))

    def solve(self, ratios: Floats) -> tuple[float, float, Floats, Floats]:
        """Solve the equations for given ratios of the four variances to the residual's.

        Returns:
            -2 REML log-likelihood (but for a constant), the residual variance, the conditions' means and
            their covariance per unit of residual variance.
        """
        n_listeners, n_items, k = self.counts.shape
        by_listener, by_item = _prior(ratios[0], ratios[1], k), _prior(ratios[2], ratios[3], k)
        per_listener = self.counts.sum(axis=1)
        blocks = per_listener[:, :, None] * np.eye(k) + np.linalg.inv(by_listener)
        inverse = np.asarray(np.linalg.inv(blocks), dtype=np.float64)
        matrix, right, explained = self._reduced(
            inverse, np.asarray(np.linalg.inv(by_item), dtype=np.float64)
        )
        factor = linalg.cho_factor(matrix, lower=True)
        solution = linalg.cho_solve(factor, right)
        n = float(self.counts.sum())
        rest = max(self.square - explained - float(right @ solution), 1e-12)
        residual = rest / (n - k)
        logs = np.linalg.slogdet(blocks)[1].sum() + 2 * np.log(np.diag(factor[0])).sum()
        logs += n_listeners * np.linalg.slogdet(by_listener)[1] + n_items * np.linalg.slogdet(by_item)[1]
        covariance = linalg.cho_solve(factor, np.eye(len(right), k))[:k]
        return float((n - k) * np.log(residual) + logs), residual, solution[:k], covariance

    def _reduced(self, inverse: Floats, item_prior: Floats) -> tuple[Floats, Floats, float]:
        """The equations of conditions and items once the listeners' effects are eliminated.

        Unknowns: the conditions' means [k], then the items' effects [items x k].
        """
        _, n_items, k = self.counts.shape
        # The conditions behave as one more "item" that every rating belongs to.
        counts = np.concatenate([self.counts.sum(axis=1, keepdims=True), self.counts], axis=1)
        sums = np.concatenate([self.sums.sum(axis=1, keepdims=True), self.sums], axis=1)
        per_item = counts.sum(axis=0)
        size = n_items + 1
        matrix = np.zeros((size, k, size, k))
        for c in range(k):
            for d in range(k):
                matrix[:, c, :, d] = -((counts[:, :, c] * inverse[:, c, d, None]).T @ counts[:, :, d])
            own = np.diag(per_item[:, c])
            own[0, :] = own[:, 0] = per_item[:, c]
            matrix[:, c, :, c] += own
        for j in range(1, size):
            matrix[j, :, j, :] += item_prior
        fitted = np.einsum("ikl,il->ik", inverse, sums[:, 0])
        right = sums.sum(axis=0) - np.einsum("ijk,ik->jk", counts, fitted)
        return matrix.reshape(size * k, size * k), right.ravel(), float((sums[:, 0] * fitted).sum())


def _prior(common: float, own: float, k: int) -> Floats:
    return common * np.ones((k, k)) + own * np.eye(k)

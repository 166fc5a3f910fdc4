"""The likelihood of ordered grades with crossed random effects, by Laplace's approximation.

    P(grade <= g) = logistic(threshold_g - eta),  eta = X beta + sum over factors of sd * standard effect

The random effects are integrated out at the mode of their joint density with the grades (Tutz & Hennevogl
1996, Computational Statistics & Data Analysis 22:537-557), as R's `ordinal::clmm` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import linalg
from scipy.special import expit

from analysis.statistics.variance import Floats

_ROUNDING = 1e-13
_STEPS, _TOLERANCE = 100, 1e-18  # the determinant needs a mode that is exact to nine digits


@dataclass
class Grades:
    """Ordered grades 0 to n - 1, the fixed part of eta, and which level of each random factor they belong to.

    The mode of the last call is where the next search for it starts: the same value in fewer steps.

    Attributes:
        grade: [ratings]; every grade below `n_grades` occurs.
        design: [ratings, columns], without an intercept, which the thresholds contain.
        levels: Codes from 0 of each random factor, [factors][ratings].
        n_grades: Number of grades.
    """

    grade: np.ndarray
    design: Floats
    levels: list[np.ndarray]
    n_grades: int
    _mode: Floats = field(init=False)

    def __post_init__(self) -> None:
        sizes = [int(codes.max()) + 1 for codes in self.levels]
        first = np.cumsum([0, *sizes[:-1]])
        # Each rating belongs to one level of each factor: adding up by number replaces sparse matrices,
        # which for a usual study take ten times as long.
        self._factor = np.repeat(np.arange(len(sizes)), sizes)  # [effects]
        self._effects = np.stack(self.levels, axis=1) + first  # [ratings, factors]
        pairs = self._effects[:, :, None] * sum(sizes) + self._effects[:, None, :]
        self._pairs = pairs.reshape(-1)  # [ratings * factors * factors], places in the curvature
        self._mode = np.zeros(sum(sizes))

    def deviance(self, parameters: Floats) -> float:
        """Return -2 log-likelihood of rising thresholds, coefficients and standard deviations."""
        n, columns = self.n_grades - 1, self.design.shape[1]
        thresholds, beta = parameters[:n], parameters[n : n + columns]
        if (np.diff(thresholds) <= 0).any():
            return np.inf
        ends = np.concatenate([[-np.inf], thresholds, [np.inf]])
        above, below = ends[self.grade + 1], ends[self.grade]
        fixed = self.design @ beta
        sds = parameters[n + columns :][self._factor]
        mode = self._mode
        for _ in range(_STEPS):
            eta = fixed + self._add_up(sds * mode)
            up, down = expit(above - eta), expit(below - eta)
            weight = up * (1 - up) + down * (1 - down)
            slope = sds * self._spread(up + down - 1) - mode
            curvature = sds[:, None] * self._cross(weight) * sds
            curvature[np.diag_indices_from(curvature)] += 1
            factor = linalg.cho_factor(curvature, lower=True)
            step = linalg.cho_solve(factor, slope)
            if float(slope @ step) < _TOLERANCE:
                break
            mode = self._climb(mode, step, fixed, sds, above, below)
        self._mode = mode
        value = self._joint(mode, fixed, sds, above, below)
        return float(-2 * value + 2 * np.log(np.diag(factor[0])).sum())

    def _climb(
        self, mode: Floats, step: Floats, fixed: Floats, sds: Floats, above: Floats, below: Floats
    ) -> Floats:
        """Walk along Newton's step, half of it as long as the joint density falls."""
        before = self._joint(mode, fixed, sds, above, below)
        for _ in range(30):
            after = self._joint(mode + step, fixed, sds, above, below)
            if after >= before - _ROUNDING * abs(before):
                break
            step = step / 2
        return mode + step

    def _joint(self, mode: Floats, fixed: Floats, sds: Floats, above: Floats, below: Floats) -> float:
        eta = fixed + self._add_up(sds * mode)
        share = np.maximum(expit(above - eta) - expit(below - eta), 1e-300)
        return float(np.log(share).sum() - mode @ mode / 2)

    def _add_up(self, effects: Floats) -> Floats:
        """Return the sum of the effects that each rating belongs to, [ratings]."""
        return np.asarray(effects[self._effects].sum(axis=1), float)

    def _spread(self, values: Floats) -> Floats:
        """Return the sum of a value per rating over the ratings of each effect, [effects]."""
        repeated = np.repeat(values, self._effects.shape[1])
        return np.asarray(np.bincount(self._effects.reshape(-1), repeated, len(self._factor)), float)

    def _cross(self, weights: Floats) -> Floats:
        """Return the weight of the ratings that two effects share, [effects, effects]."""
        n = len(self._factor)
        repeated = np.repeat(weights, self._effects.shape[1] ** 2)
        return np.asarray(np.bincount(self._pairs, repeated, n * n).reshape(n, n), float)

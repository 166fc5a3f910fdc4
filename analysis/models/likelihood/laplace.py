"""The likelihood of ordered grades with crossed random effects, by Laplace's approximation.

    P(grade <= g) = logistic(threshold_g - eta),  eta = X beta + sum over factors of sd * standard effect

The random effects are integrated out at the mode of their joint density with the grades (Tutz & Hennevogl
1996, Computational Statistics & Data Analysis 22:537-557), as R's `ordinal::clmm` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import linalg, sparse
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
        ones = np.ones(len(self.grade))
        rows = np.arange(len(self.grade))
        self._members = [sparse.csr_matrix((ones, (rows, codes))) for codes in self.levels]
        self._mode = np.zeros(sum(part.shape[1] for part in self._members))

    def deviance(self, parameters: Floats) -> float:
        """Return -2 log-likelihood of rising thresholds, coefficients and standard deviations."""
        n, columns = self.n_grades - 1, self.design.shape[1]
        thresholds, beta = parameters[:n], parameters[n : n + columns]
        if (np.diff(thresholds) <= 0).any():
            return np.inf
        ends = np.concatenate([[-np.inf], thresholds, [np.inf]])
        above, below = ends[self.grade + 1], ends[self.grade]
        fixed = self.design @ beta
        loads = sparse.hstack(
            [sd * part for sd, part in zip(parameters[n + columns :], self._members, strict=True)],
            format="csr",
        )
        mode, value = self._mode, np.inf
        for _ in range(_STEPS):
            eta = fixed + loads @ mode
            up, down = expit(above - eta), expit(below - eta)
            weight = up * (1 - up) + down * (1 - down)
            slope = loads.T @ (up + down - 1) - mode
            curvature = (loads.T @ loads.multiply(weight[:, None]).tocsr()).toarray()
            curvature[np.diag_indices_from(curvature)] += 1
            factor = linalg.cho_factor(curvature, lower=True)
            step = linalg.cho_solve(factor, slope)
            if float(slope @ step) < _TOLERANCE:
                break
            mode, value = self._climb(mode, step, fixed, loads, above, below)
        self._mode = mode
        value = _joint(mode, fixed, loads, above, below)
        return float(-2 * value + 2 * np.log(np.diag(factor[0])).sum())

    @staticmethod
    def _climb(
        mode: Floats, step: Floats, fixed: Floats, loads: sparse.csr_matrix, above: Floats, below: Floats
    ) -> tuple[Floats, float]:
        """Walk along Newton's step, half of it as long as the joint density falls."""
        before = _joint(mode, fixed, loads, above, below)
        for _ in range(30):
            after = _joint(mode + step, fixed, loads, above, below)
            if after >= before - _ROUNDING * abs(before):
                break
            step = step / 2
        return mode + step, after


def _joint(mode: Floats, fixed: Floats, loads: sparse.csr_matrix, above: Floats, below: Floats) -> float:
    eta = fixed + loads @ mode
    share = np.maximum(expit(above - eta) - expit(below - eta), 1e-300)
    return float(np.log(share).sum() - mode @ mode / 2)

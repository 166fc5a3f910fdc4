"""Variance components of crossed ratings, listeners and items both random.

Model: `y_ij = mu + a_i + b_j + e_ij`, listeners `a`, items `b`, and a residual `e` that holds the listener x
item interaction. The estimates are Henderson's analysis-of-variance ones (method 1, Henderson 1953,
Biometrics 9:226-252; the same quadratic forms as the U-statistics of Gao & Owen 2017, EJS 11:1235-1296,
linear in the number of ratings).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


def components(scores: Floats, listeners: Ints, items: Ints) -> Floats:
    """Estimate the variances of listeners, of items and of the rest.

    Args:
        scores: Ratings [n].
        listeners: Index of the listener of each rating [n].
        items: Index of the item of each rating [n].
    """
    design = _Design.of(listeners, items)
    return _components(design, design.sums_of_squares(scores - scores.mean()), design.separable())


@dataclass(frozen=True)
class _Design:
    """Counts of a crossed design: all that the estimates need apart from the scores."""

    listeners: Ints
    items: Ints
    per_listener: Floats
    per_item: Floats

    @classmethod
    def of(cls, listeners: Ints, items: Ints) -> _Design:
        _, a = np.unique(listeners, return_inverse=True)
        _, b = np.unique(items, return_inverse=True)
        return cls(a, b, np.bincount(a).astype(float), np.bincount(b).astype(float))

    @property
    def n(self) -> int:
        return len(self.listeners)

    @property
    def n_listeners(self) -> int:
        return len(self.per_listener)

    @property
    def n_items(self) -> int:
        return len(self.per_item)

    @property
    def weight_a(self) -> float:
        return float((self.per_listener**2).sum()) / self.n**2

    @property
    def weight_b(self) -> float:
        return float((self.per_item**2).sum()) / self.n**2

    def separable(self) -> tuple[bool, bool]:
        """Whether the listener and the item component can be separated from the residual."""
        return self.n > self.n_listeners, self.n > self.n_items

    def sums_of_squares(self, y: Floats) -> Floats:
        """The forms y'Py for P = listener means, item means, identity, grand mean."""
        a = (np.bincount(self.listeners, y) ** 2 / self.per_listener).sum()
        b = (np.bincount(self.items, y) ** 2 / self.per_item).sum()
        return np.array([a, b, (y**2).sum(), y.sum() ** 2 / self.n])

    def expectations(self) -> Floats:
        """Expected values of those forms, rows, per unit of s_a, s_b, s_e, columns (mean zero)."""
        n = float(self.n)
        ab = (1.0 / self.per_listener)[self.listeners].sum()
        ba = (1.0 / self.per_item)[self.items].sum()
        return np.array(
            [
                [n, ab, self.n_listeners],
                [ba, n, self.n_items],
                [n, n, n],
                [n * self.weight_a, n * self.weight_b, 1.0],
            ]
        )

    def contrasts(self) -> Floats:
        """Expectations of the three centred forms: listener means, item means, all; less the grand mean."""
        e = self.expectations()
        return np.asarray(e[:3] - e[3])


def _components(design: _Design, sums: Floats, free: tuple[bool, bool]) -> Floats:
    """Solve the expectations for the components; a negative one becomes zero, the rest are solved again."""
    contrasts, centred = design.contrasts(), sums[:3] - sums[3]
    used = [free[0], free[1], True]
    for _ in range(3):
        forms = np.flatnonzero(used)
        solution = np.zeros(3)
        solution[forms] = np.linalg.solve(contrasts[np.ix_(forms, forms)], centred[forms])
        negative = [k for k in (0, 1) if used[k] and solution[k] < 0]
        if not negative:
            break
        used[min(negative, key=lambda k: solution[k])] = False
    return np.maximum(solution, 0.0)

"""Variance of a mean over listeners and items, both random, in any crossed design.

Model of one condition: `y_ij = mu + a_i + b_j + e_ij`, listeners `a`, items `b`, and a residual `e` that
holds the listener x item interaction. The variance components are Henderson's analysis-of-variance estimates
(method I, Henderson 1953, Biometrics 9:226-252; the same quadratic forms as the U-statistics of Gao & Owen
2017, EJS 11:1235-1296, linear in the number of ratings). The plain mean of `n` ratings has the variance

    V = s_a * sum_i n_i.^2 / n^2 + s_b * sum_j n_.j^2 / n^2 + s_e / n

and Satterthwaite's degrees of freedom (Satterthwaite 1946, Biometrics Bulletin 2:110-114) `2 V^2 /
var(V_hat)`, where the variance of the quadratic form `V_hat` is `2 tr(Q S Q S)` at the estimated components.
In a balanced design this is the textbook `(MS_A + MS_B - MS_E) / n` with the degrees of freedom of that sum
of mean squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True)
class MeanVariance:
    """A mean, its variance and what it is made of; `nan` where a part cannot be estimated."""

    mean: float
    variance: float
    df: float
    listener: float
    item: float
    residual: float
    note: str = ""


def two_way(scores: Floats, listeners: Ints, items: Ints) -> MeanVariance:
    """Estimate the mean of crossed ratings and its variance over new listeners and new items.

    Where every listener rated one item (or every item one listener), that factor cannot be told from the
    residual and is left in it, which gives the same variance of the mean.

    Args:
        scores: Ratings [n].
        listeners: Index of the listener of each rating [n]; each pair with an item at most once.
        items: Index of the item of each rating [n].

    Returns:
        The mean with variance and degrees of freedom; a `note` says why they are `nan` where they are.
    """
    design = _Design.of(listeners, items)
    mean = float(scores.mean()) if len(scores) else float("nan")
    # Differences that are equal but for the last bit are equal.
    if len(scores) > 1 and np.ptp(scores) <= 1e-12 * np.abs(scores).max():
        return MeanVariance(mean, 0.0, float(len(scores) - 1), 0.0, 0.0, 0.0, "all scores are equal")
    if design.n_listeners < 2 or design.n_items < 2:
        what = "listener" if design.n_listeners < 2 else "item"
        nan = float("nan")
        return MeanVariance(mean, nan, nan, nan, nan, nan, f"not estimable from one {what}")
    sums = design.sums_of_squares(scores - mean)
    free = design.separable()
    components = _components(design, sums, free)
    weights = np.array([design.weight_a, design.weight_b, 1.0 / design.n])
    variance = float(weights @ components)
    df = design.degrees_of_freedom(components, weights, free)
    return MeanVariance(mean, variance, df, float(components[0]), float(components[1]), float(components[2]))


def components(scores: Floats, listeners: Ints, items: Ints) -> Floats:
    """Estimate the variances of listeners, items and the rest alone, without what the mean's interval needs.

    Args:
        scores: Ratings [n].
        listeners: Index of the listener of each rating [n].
        items: Index of the item of each rating [n].
    """
    design = _Design.of(listeners, items)
    return _components(design, design.sums_of_squares(scores - scores.mean()), design.separable())


@dataclass(frozen=True)
class _Design:
    """Counts of a crossed design; all that the estimates need besides the scores."""

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
        """Whether the listener and the item component can be told from the residual."""
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

    def degrees_of_freedom(self, components: Floats, weights: Floats, free: tuple[bool, bool]) -> float:
        """Satterthwaite's degrees of freedom of the estimated variance of the mean."""
        used = [free[0] and components[0] > 0, free[1] and components[1] > 0, True]
        forms = np.flatnonzero(used)
        solution = np.linalg.solve(self.contrasts()[np.ix_(forms, forms)].T, weights[forms])
        coefficients = np.zeros(4)
        coefficients[forms] = solution
        coefficients[3] = -solution.sum()
        spread = 2.0 * coefficients @ self._traces(components) @ coefficients
        return float(2.0 * (weights @ components) ** 2 / spread) if spread > 0 else float("nan")

    def _traces(self, components: Floats) -> Floats:
        """tr(P_k S P_l S) for the four forms, S the covariance of the ratings; see `docs/analysis.md`."""
        s_a, s_b, s_e = components
        counts = sparse.csr_array((np.ones(self.n), (self.listeners, self.items)))
        return _trace_table(counts, self.per_listener, self.per_item, s_a, s_b, s_e)


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


def _trace_table(
    counts: sparse.csr_array, na: Floats, nb: Floats, s_a: float, s_b: float, s_e: float
) -> Floats:
    """Squared Frobenius norms of U_k' S U_l, P_k = U_k U_k': listeners, items, identity, grand mean."""
    pairs = counts.tocoo()
    i, j = pairs.coords
    n = float(len(i))
    total = s_a * na[i] + s_b * nb[j] + s_e  # S times the vector of ones, one entry per rating
    out = np.empty((4, 4))
    out[0, 0] = _within(counts, na, s_a, s_b, s_e)
    out[1, 1] = _within(counts.T.tocsr(), nb, s_b, s_a, s_e)
    out[2, 2] = (
        s_a**2 * (na**2).sum()
        + s_b**2 * (nb**2).sum()
        + n * (s_e**2 + 2 * (s_a * s_b + s_a * s_e + s_b * s_e))
    )
    out[3, 3] = (total.sum() / n) ** 2
    out[0, 1] = out[1, 0] = (total**2 / (na[i] * nb[j])).sum()
    out[0, 2] = out[2, 0] = ((s_a * na + s_e + s_b) ** 2).sum() + s_b**2 * ((nb[j] - 1) / na[i]).sum()
    out[1, 2] = out[2, 1] = ((s_b * nb + s_e + s_a) ** 2).sum() + s_a**2 * ((na[i] - 1) / nb[j]).sum()
    out[0, 3] = out[3, 0] = (np.bincount(i, total) ** 2 / na).sum() / n
    out[1, 3] = out[3, 1] = (np.bincount(j, total) ** 2 / nb).sum() / n
    out[2, 3] = out[3, 2] = (total**2).sum() / n
    return out


def _within(counts: sparse.csr_array, per_row: Floats, s_row: float, s_column: float, s_e: float) -> float:
    """tr(P S P S) of the means over one factor's levels (the rows)."""
    diagonal = s_row * per_row + s_e
    scaled = sparse.diags_array(per_row**-0.5) @ counts
    # The smaller Gram matrix has the same norm as the larger one.
    gram = scaled.T @ scaled if counts.shape[1] <= counts.shape[0] else scaled @ scaled.T
    return float((diagonal**2).sum() + 2 * s_column * diagonal.sum() + s_column**2 * gram.power(2).sum())

"""Inference on the mean of crossed ratings, listeners and items both random: interval and test from one rule.

Model: `y_ij = mu + a_i + b_j + e_ij`, listeners `a`, items `b`, and a residual `e` that holds the listener x
item interaction. The sums of squares are those of fitted constants (Henderson 1953, Biometrics 9:226-252,
method 3): each factor after the other one, and what is left. Their expectations are `c s + r s_e`, with `r`
degrees of freedom and, for `n` ratings by `I` listeners of `J` items, `c = n - J` (listeners) and `n - I`
(items). The plain mean has the variance

    V = s_a * sum_i n_i.^2 / n^2 + s_b * sum_j n_.j^2 / n^2 + s_e / n.

Estimates of `V` with Satterthwaite's degrees of freedom drop a component whose estimate is not positive, and
with few items this happens by chance: the interval then halves, and p values below 0.0001 come up some 37
times too often. The generalised p value (Tsui & Weerahandi 1989, Journal of the American Statistical
Association 84:602-607; intervals: Weerahandi 1993, ibid. 88:899-905) drops nothing. It lets each expected
mean square vary as its sum of squares over a chi-square, computes `V` from each draw, and averages the
normal test over the draws. `V` is kept at or above half of what the residual alone gives (`LEAST`), the
value with which errors and coverage are nearest to what they claim: `benchmarks/coverage.py`. The interval
holds the values that the test does not reject, whatever its level.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse, special
from scipy.optimize import brentq

from analysis.statistics.chi_squares import chi_squares
from analysis.statistics.variance import Floats, Ints

LEAST = 0.5
_MOST_DF = 1e7


@dataclass(frozen=True)
class Form:
    """A sum of squares.

    Attributes:
        total: the sum.
        df: its degrees of freedom.
        per_component: how often the factor's component enters the expected mean square; 0 for the residual.
    """

    total: float
    df: float
    per_component: float = 0.0

    @property
    def mean(self) -> float:
        """The mean square."""
        return self.total / self.df


@dataclass(frozen=True)
class CrossedMean:
    """A mean over listeners and items with all that inference about it needs.

    Attributes:
        mean: the plain mean of the ratings.
        n: how many there are.
        listener: sum of squares of the listeners after the items; None if every listener rated one item,
            and the factor cannot be separated from the residual.
        item: of the items after the listeners; None in the same case.
        residual: of what is left; None if nothing can be estimated, and then `note` says why.
        weights: of a listener's and of an item's variance in the variance of the mean.
        note: why there is no interval, or nothing.
    """

    mean: float
    n: int
    listener: Form | None
    item: Form | None
    residual: Form | None
    weights: tuple[float, float]
    note: str = ""

    def reversed(self) -> CrossedMean:
        """Return the same of all scores with the opposite sign."""
        return replace(self, mean=-self.mean)

    @property
    def components(self) -> tuple[float, float, float]:
        """Variances of listeners, items and the residual, none of them below zero."""
        if self.residual is None:
            return (float("nan"),) * 3
        rest = self.residual.mean
        parts = [
            max(form.mean - rest, 0.0) / form.per_component if form else 0.0
            for form in (self.listener, self.item)
        ]
        return parts[0], parts[1], rest

    @property
    def variance(self) -> float:
        """The estimated variance of the mean, at least `LEAST` of what the residual alone gives."""
        if self.residual is None:
            return float("nan")
        squares = [
            np.array(form.mean) if form else None for form in (self.listener, self.item, self.residual)
        ]
        return float(self._variance_of(*squares))

    def p_value(self, null: float = 0.0) -> float:
        """Return the two-sided p value of a true mean of `null`; `nan` if there is no interval."""
        if self.residual is None:
            return float("nan")
        return float(_two_sided(abs(self.mean - null), self._drawn_errors))

    def half_width(self, level: float = 0.95) -> float:
        """Return half the width of the interval: the distance from the mean at which p is 1 - `level`."""
        if self.residual is None:
            return float("nan")
        errors = self._drawn_errors
        most = float(errors.max()) * 10
        return float(brentq(lambda half: _two_sided(half, errors) - (1 - level), 0.0, most, xtol=1e-12))

    def equivalent_df(self, level: float = 0.95) -> float:
        """Return the degrees of freedom of the t interval that is as wide, infinite if none is narrower."""
        if self.residual is None:
            return float("nan")
        ratio, tail = self.half_width(level) / self.variance**0.5, 0.5 + level / 2
        if ratio <= special.stdtrit(_MOST_DF, tail):
            return float("inf")
        found = brentq(lambda log: special.stdtrit(np.exp(log), tail) - ratio, -4.0, np.log(_MOST_DF))
        return float(np.exp(found))

    @cached_property
    def _drawn_errors(self) -> Floats:
        """Standard error of the mean for each draw of the expected mean squares, `[draws]`."""
        assert self.residual is not None
        squares = [
            form.total / chi_squares(form.df, k) if form else None
            for k, form in enumerate((self.listener, self.item, self.residual))
        ]
        return np.sqrt(self._variance_of(*squares))

    def _variance_of(self, listener: Floats | None, item: Floats | None, residual: Floats | None) -> Floats:
        assert residual is not None
        total = residual / self.n
        for square, form, weight in zip(
            (listener, item), (self.listener, self.item), self.weights, strict=True
        ):
            if square is not None and form is not None:
                total = total + weight * (square - residual) / form.per_component
        least: Floats = np.maximum(total, LEAST * residual / self.n)
        return least


def crossed_mean(scores: Floats, listeners: Ints, items: Ints) -> CrossedMean:
    """Return the mean of crossed ratings and the sums of squares that its interval rests on.

    Args:
        scores: Ratings [n].
        listeners: Index of the listener of each rating [n]; each pair with an item at most once.
        items: Index of the item of each rating [n].
    """
    n = len(scores)
    mean = float(scores.mean()) if n else float("nan")
    _, i = np.unique(listeners, return_inverse=True)
    _, j = np.unique(items, return_inverse=True)
    a, b = (int(index.max()) + 1 if n else 0 for index in (i, j))
    weights = (_weight(i), _weight(j)) if n else (float("nan"),) * 2
    nothing = CrossedMean(mean, n, None, None, None, weights)
    if a < 2 or b < 2:
        return replace(nothing, note=f"not estimable from one {'listener' if a < 2 else 'item'}")
    # Scores that differ only in the last bit are equal, and say nothing about how others would vary.
    if np.ptp(scores) <= 1e-12 * np.abs(scores).max():
        return replace(nothing, note="not estimable if all scores are equal")
    y = scores - mean
    within_listeners, within_items = _sum_within(y, i), _sum_within(y, j)
    if n in (a, b):
        # A factor with one rating a level is part of the residual.
        return _one_factor(nothing, y, within_listeners, within_items, a, b)
    components = 1 if n == a * b else count_parts(i, j, a, b)
    item_squares = _sum_after(y, i, j, a, b) if n < a * b else _sum_between(y, j)
    residual_df = n - a - b + components
    if residual_df < 1:
        return replace(nothing, note="not estimable from so few ratings of each listener and item")
    residual = Form(max(within_listeners - item_squares, 0.0), residual_df)
    listener = (
        Form(max(within_items - residual.total, 0.0), a - components, (n - b) / (a - components))
        if a > components
        else None
    )
    item = Form(item_squares, b - components, (n - a) / (b - components)) if b > components else None
    return replace(nothing, listener=listener, item=item, residual=residual)


def _two_sided(distance: float, errors: Floats) -> float:
    return float(special.erfc(distance / (np.sqrt(2) * errors)).mean())


def _weight(index: Ints) -> float:
    return float((np.bincount(index).astype(float) ** 2).sum()) / len(index) ** 2


def _sum_between(y: Floats, index: Ints) -> float:
    """Sum of squares of the means of groups, for scores with a mean of zero."""
    return float((np.bincount(index, y) ** 2 / np.bincount(index)).sum())


def _sum_within(y: Floats, index: Ints) -> float:
    means = np.bincount(index, y) / np.bincount(index)
    return float(((y - means[index]) ** 2).sum())


def _one_factor(
    nothing: CrossedMean, y: Floats, within_listeners: float, within_items: float, a: int, b: int
) -> CrossedMean:
    n = nothing.n
    if n == a and n == b:
        return replace(nothing, residual=Form(float((y**2).sum()), n - 1))
    levels, within = (b, within_items) if n == a else (a, within_listeners)
    squares = n * nothing.weights[1 if n == a else 0]
    factor = Form(float((y**2).sum()) - within, levels - 1, (n - squares) / (levels - 1))
    residual = Form(within, n - levels)
    if n == a:
        return replace(nothing, residual=residual, item=factor)
    return replace(nothing, residual=residual, listener=factor)


def count_parts(i: Ints, j: Ints, a: int, b: int) -> int:
    """Return how many parts of the study have no listener and no item in common.

    Args:
        i: Index of the listener of each rating [n].
        j: Index of the item of each rating [n].
        a: Number of listeners.
        b: Number of items.
    """
    graph = sparse.coo_array((np.ones(len(i)), (i, j + a)), shape=(a + b, a + b))
    return int(sparse.csgraph.connected_components(graph, directed=False)[0])


def _sum_after(y: Floats, i: Ints, j: Ints, a: int, b: int) -> float:
    """Sum of squares of the items after the listeners; solved on the smaller of the two sides."""
    if b > a:  # total = listeners + items after listeners = items + listeners after items
        return _sum_between(y, j) + _sum_after(y, j, i, b, a) - _sum_between(y, i)
    counts = sparse.csr_array((np.ones(len(i)), (i, j)), shape=(a, b))
    per_listener = np.bincount(i).astype(float)
    shared = (counts.T @ sparse.diags_array(1 / per_listener) @ counts).toarray()
    left = np.diag(np.bincount(j).astype(float)) - shared
    right = np.bincount(j, y) - counts.T @ (np.bincount(i, y) / per_listener)
    return float(right @ np.linalg.lstsq(left, right, rcond=1e-10)[0])

"""The difference of two means that no listener rated on the same item: items or listeners within conditions.

`ybar_A - ybar_B` is a sum over listeners and also a sum over items. With `u` the part of one listener, `v`
that of one item (deviations from the condition's mean over its number of ratings, with the sign of the
condition),

    V = n/(n-1) sum_i u_i^2 + m/(m-1) sum_j v_j^2,

and, for a factor whose levels are others in the two conditions, one such term per condition. In a balanced
design these are the mean squares of Clark's quasi F ratio (1973, Journal of Verbal Learning and Verbal
Behavior 12:335-359) without the residual that it subtracts: the residual counts more than once, so that the
test errs on the safe side and no component can be negative. Degrees of freedom: Satterthwaite 1946,
Biometrics Bulletin 2:110-114.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.statistics.intervals import LEVEL, Interval
from analysis.statistics.variance import Floats, Ints


class Sample(NamedTuple):
    """Ratings of one condition: scores [n], and the index of the listener and of the item of each."""

    scores: Floats
    listeners: Ints
    items: Ints


def compute_nested_difference(a: Sample, b: Sample, level: float = LEVEL) -> Interval:
    """Return the mean of `a` minus that of `b` with its interval for new listeners and items.

    Args:
        a: Ratings of one condition.
        b: Ratings of the other one; a listener and an item have the same index in both.
        level: Coverage of the interval.
    """
    difference = float(a.scores.mean() - b.scores.mean())
    shares = [(sample.scores - sample.scores.mean()) / len(sample.scores) for sample in (a, b)]
    parts = []
    for what, codes in (("listener", (a.listeners, b.listeners)), ("item", (a.items, b.items))):
        found = _clusters(codes, (shares[0], -shares[1]))
        if min(n for _, n in found) < 2:
            return Interval.missing(difference, level, f"not estimable from one {what}")
        parts += [(n / (n - 1) * square, n - 1.0) for square, n in found]
    variance = sum(part for part, _ in parts)
    scatter = sum(part**2 / df for part, df in parts)
    return Interval.around(difference, variance, variance**2 / scatter if scatter > 0 else 0.0, level)


def _clusters(codes: tuple[Ints, Ints], shares: tuple[Floats, Floats]) -> list[tuple[float, int]]:
    """Sums of squares of a factor's parts and their number: once, or per condition if no level has both."""
    if np.intersect1d(*codes).size:
        return [_squares(np.concatenate(codes), np.concatenate(shares))]
    return [_squares(code, share) for code, share in zip(codes, shares, strict=True)]


def _squares(codes: Ints, shares: Floats) -> tuple[float, int]:
    levels, index = np.unique(codes, return_inverse=True)
    return float((np.bincount(index, shares) ** 2).sum()), len(levels)

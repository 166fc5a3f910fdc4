"""Variances of many differences, moderated by one another: what each difference says about the others.

`analysis.statistics.crossed` treats one difference at a time; with few items its mean squares have few
degrees of freedom. The differences between several conditions share what they know about the variances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from analysis.statistics.chi_squares import chi_squares_of_each
from analysis.statistics.crossed import LEAST, CrossedMean, Form
from analysis.statistics.variance import Floats


def share_variances(means: Sequence[CrossedMean], conditions: int) -> list[CrossedMean]:
    """Moderate the variances of all differences between `conditions` by one another.

    A difference between two conditions that few items tell about has a mean square with few degrees of
    freedom. If the differences' mean squares scatter no more than by chance, they say the same, and
    each takes its share of the others (empirical Bayes: Smyth 2004, Statistical Applications in Genetics and
    Molecular Biology 3(1), article 3); if they scatter more, each keeps to its own. Sums of squares gain
    `d (their common expectation)`, degrees of freedom `d`, at most what all conditions have together.

    Args:
        means: of the differences of all pairs of conditions.
        conditions: how many conditions there are.
    """
    if conditions < 3:
        return list(means)
    able = [found for found in means if found.residual is not None]
    if len(able) < 3:
        return list(means)
    listener = _moderate([found.listener for found in able], conditions)
    item = _moderate([found.item for found in able], conditions)
    residual = _moderate([found.residual for found in able], conditions)
    moderated = iter(
        replace(found, listener=a, item=b, residual=e)
        for found, a, b, e in zip(able, listener, item, residual, strict=True)
    )
    return [next(moderated) if found.residual is not None else found for found in means]


def _moderate(forms: Sequence[Form | None], conditions: int) -> list[Form | None]:
    usable = [form for form in forms if form is not None and form.total > 0]
    if len(usable) < 3:
        return list(forms)
    totals, dfs = (np.array([getattr(form, name) for form in usable]) for name in ("total", "df"))
    prior = float(prior_df(totals / dfs, dfs, conditions))
    common = float(totals.sum() / dfs.sum())
    return [
        replace(form, total=form.total + prior * form.df * common, df=form.df * (1 + prior)) if form else None
        for form in forms
    ]


def prior_df(mean_squares: Floats, dfs: Floats, conditions: int) -> Floats:
    """Return the prior's degrees of freedom, in multiples of those of one mean square, `[...]`.

    The variance of the logarithms is trigamma(df / 2) by chance and trigamma(d / 2) more if the expected
    mean squares scatter. Two differences that share a condition are correlated, their mean squares by 1/4:
    over all pairs of `conditions` 1 / (conditions + 1) on average.

    Args:
        mean_squares: of the differences, `[..., pairs]`.
        dfs: their degrees of freedom, `[pairs]`.
        conditions: how many conditions there are.
    """
    scatter = np.log(mean_squares).var(axis=-1, ddof=1) * (conditions + 1) / conditions
    excess = scatter - special.polygamma(1, dfs / 2).mean()
    df = float(dfs.mean())
    low, high = np.full_like(excess, 1e-3), np.full_like(excess, (conditions - 2.0) * df)
    for _ in range(50):
        middle = (low + high) / 2
        more = special.polygamma(1, middle / 2) > excess
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    found: Floats = (low + high) / 2 / df
    return found


@dataclass(frozen=True)
class Layout:
    """What a design of crossed ratings contributes to the variance of a mean.

    Attributes:
        n: Ratings.
        dfs: Degrees of freedom of listeners, items and the residual.
        factors: `n` times the weight of a factor's variance in that of the mean, over how often it enters
            the expected mean square: listeners, items. Both are 1 if every listener rates every item.
    """

    n: int
    dfs: tuple[float, float, float]
    factors: tuple[float, float] = (1.0, 1.0)

    @classmethod
    def balanced(cls, n_listeners: int, n_items: int) -> Layout:
        """Return the layout of studies in which every listener rates every item."""
        a, b = n_listeners - 1.0, n_items - 1.0
        return cls(n_listeners * n_items, (a, b, a * b))


def p_values_of_studies(
    means: Floats, totals: tuple[Floats, Floats, Floats], layout: Layout, prior: Floats
) -> Floats:
    """Return the two-sided p values of the differences of many studies at once, `[studies, pairs]`.

    Args:
        means: The mean differences, `[studies, pairs]`.
        totals: Sums of squares of listeners, items and the residual, moderated already, `[studies, pairs]`
            each.
        layout: Of all the studies.
        prior: Degrees of freedom that each form gained, in multiples of its own, `[studies, 3]`.
    """
    size = max(512 // means.shape[1], 1)
    quantiles = [chi_squares_of_each(layout.dfs[k] * (1 + prior[:, k]), k) for k in range(3)]
    out = np.empty(means.shape)
    for start in range(0, len(means), size):
        part = slice(start, start + size)
        listener, item, residual = (
            total[part, :, None] / values[index[part], None]
            for total, (values, index) in zip(totals, quantiles, strict=True)
        )
        of_listeners, of_items = (
            factor * (square - residual)
            for factor, square in zip(layout.factors, (listener, item), strict=True)
        )
        variances = np.maximum(of_listeners + of_items + residual, LEAST * residual) / layout.n
        errors = np.sqrt(np.maximum(2 * variances, np.finfo(float).tiny))
        out[part] = special.erfc(np.abs(means[part, :, None]) / errors).mean(axis=-1)
    return out

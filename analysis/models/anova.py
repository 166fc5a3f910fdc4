"""Friedman's test and repeated-measures analysis of variance with corrections for sphericity.

An effect is a set of orthonormal contrasts of each listener's cell means, so that F, the epsilons and the
multivariate test all come from one matrix of listeners x contrasts (Maxwell, Delaney & Kelley 2018, chapters
11 to 14).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg, stats

from analysis.errors import DesignError
from analysis.models.shared_pages import average_shared_pages
from analysis.ratings.reuse import reusable
from analysis.ratings.selection import choose_conditions
from analysis.ratings.tidy import cells, is_simulated, select_rated
from analysis.statistics.variance import Floats


@dataclass(frozen=True)
class Effect:
    """One effect of a repeated-measures analysis; `nan` if it cannot be computed."""

    effect: str
    f: float
    df1: float
    df2: float
    p: float
    epsilon_gg: float
    p_gg: float
    epsilon_hf: float
    p_hf: float
    p_multivariate: float
    partial_eta2: float


def rm_anova(scores: Floats, factors: tuple[str, ...]) -> list[Effect]:
    """Analyse a complete within-listener design of one or two factors.

    Args:
        scores: [listeners, levels of the first factor] or [listeners, first, second].
        factors: Names of one or two factors.

    Returns:
        One `Effect` per factor, then the interaction. `p_gg` and `p_hf` use Greenhouse & Geisser's (1959) and
        Huynh & Feldt's (1976) epsilon, which needs three listeners; `p_multivariate` is Hotelling's T2 of
        the contrasts, which needs more listeners than contrasts.

    Raises:
        DesignError: Fewer than two listeners or levels.
    """
    n, levels = scores.shape[0], scores.shape[1:]
    if n < 2 or min(levels) < 2:
        raise DesignError(
            f"a repeated-measures analysis needs two listeners and two levels; found {n} and {min(levels)}"
        )
    flat = scores.reshape(n, -1)
    means = [np.full((1, size), size**-0.5) for size in levels]
    contrasts = [linalg.helmert(size) for size in levels]
    if len(levels) == 1:
        return [_effect(factors[0], flat @ contrasts[0].T)]
    a, b = np.kron(contrasts[0], means[1]), np.kron(means[0], contrasts[1])
    both = np.kron(contrasts[0], contrasts[1])
    names = (factors[0], factors[1], f"{factors[0]} x {factors[1]}")
    return [_effect(name, flat @ c.T) for name, c in zip(names, (a, b, both), strict=True)]


@reusable
def omnibus(
    frame: pd.DataFrame, *, attribute: str | None = None, among: list[str] | None = None
) -> pd.DataFrame:
    """Test whether the conditions differ at all: Friedman's test and repeated-measures ANOVA.

    Conditions are compared on what they share: the pages (listener x item) on which all of them were rated,
    since means over different items differ with the items. Friedman's test ranks each listener's mean scores.
    The ANOVA has the factors condition and item, over the listeners who rated every cell; if fewer than two
    did (each heard a part of the items), only condition, over the listeners' means.

    Args:
        frame: Tidy ratings.
        attribute: The scale, if the frame has several.
        among: Conditions to compare; by default the methods, all conditions if there are fewer than two.

    Returns:
        One row per test and effect: `test, effect, statistic, df1, df2, p, epsilon_gg, p_gg, epsilon_hf,
        p_hf, p_multivariate, partial_eta2, n_listeners, advice, simulated`.

    Raises:
        DesignError: Fewer than two conditions, or than two listeners who rated them all on an item, or a
            condition without a rating.
    """
    chosen = choose_conditions(select_rated(frame, attribute), among)
    table = cells(frame, attribute)
    table = table[table["condition"].isin(chosen)]
    means = average_shared_pages(frame, chosen, attribute)
    if len(chosen) < 2 or len(means) < 2:
        raise DesignError(
            f"an omnibus test needs two conditions and two listeners who rated all of them on an item; found "
            f"{len(chosen)} and {len(means)}"
        )
    effects, n = _anova(table, means, chosen)
    rows = [_friedman(means), *[_row(effect, n) for effect in effects]]
    return pd.DataFrame(rows).assign(simulated=is_simulated(frame))


def _anova(table: pd.DataFrame, means: pd.DataFrame, chosen: list[str]) -> tuple[list[Effect], int]:
    items = sorted(table["item"].unique())
    wide = table.pivot(index="listener", columns=["condition", "item"], values="score")
    wide = wide.reindex(columns=pd.MultiIndex.from_product([chosen, items])).dropna()
    if len(wide) >= 2 and len(items) >= 2:
        return rm_anova(
            wide.to_numpy(float).reshape(len(wide), len(chosen), len(items)), ("condition", "item")
        ), len(wide)
    return rm_anova(means.to_numpy(float), ("condition",)), len(means)


def _friedman(means: pd.DataFrame) -> dict[str, object]:
    values = means.to_numpy(float).round(10)
    n, k = values.shape
    ranks = stats.rankdata(values, axis=1)
    spread = ((ranks.sum(axis=0) - n * (k + 1) / 2) ** 2).sum()
    ties = sum(
        float((counts**3 - counts).sum())
        for counts in (np.unique(row, return_counts=True)[1] for row in values)
    )
    scale = n * k * (k + 1) - ties / (k - 1)
    chi2 = 12 * spread / scale if scale > 0 else 0.0
    return {
        "test": "Friedman", "effect": "condition", "statistic": chi2, "df1": float(k - 1), "df2": np.nan,
        "p": float(stats.chi2.sf(chi2, k - 1)), "epsilon_gg": np.nan, "p_gg": np.nan, "epsilon_hf": np.nan,
        "p_hf": np.nan, "p_multivariate": np.nan, "partial_eta2": np.nan, "n_listeners": n, "advice": "p",
    }  # fmt: skip


def _effect(name: str, contrasts: Floats) -> Effect:
    """F and its corrections from contrasts [listeners, q]."""
    n, q = contrasts.shape
    mean = contrasts.mean(axis=0)
    between, within = n * float(mean @ mean), float(((contrasts - mean) ** 2).sum())
    df1, df2 = float(q), float(q * (n - 1))
    if within <= 1e-12 * max(between, 1.0):
        return Effect(name, np.nan, df1, df2, *[np.nan] * 7)
    f = (between / df1) / (within / df2)
    covariance = np.atleast_2d(np.cov(contrasts, rowvar=False))
    gg = float(np.trace(covariance) ** 2 / (q * (covariance**2).sum()))
    room = q * (n - 1 - q * gg)
    hf = min(1.0, (n * q * gg - 2) / room) if room > 0 else 1.0
    if n == 2 and q > 1:
        hf = np.nan  # the contrasts of two listeners vary in one dimension: 0 / 0 up to rounding
    return Effect(
        name, f, df1, df2, _tail(f, df1, df2, 1.0), gg, _tail(f, df1, df2, gg), hf, _tail(f, df1, df2, hf),
        _hotelling(mean, covariance, n), between / (between + within),
    )  # fmt: skip


def _tail(f: float, df1: float, df2: float, epsilon: float) -> float:
    return float(stats.f.sf(f, df1 * epsilon, df2 * epsilon))


def _hotelling(mean: Floats, covariance: Floats, n: int) -> float:
    q = len(mean)
    if n <= q:
        return float("nan")
    try:
        t2 = n * float(mean @ np.linalg.solve(covariance, mean))
    except np.linalg.LinAlgError:
        return float("nan")
    return float(stats.f.sf(t2 * (n - q) / (q * (n - 1)), q, n - q))


def _row(effect: Effect, n: int) -> dict[str, object]:
    """Return a row of the table; `advice` names the p value that BS.1534-3, attachment 4, would report."""
    univariate = effect.epsilon_hf > 0.85 and n < effect.df1 + 1 + 30
    corrected = "p_gg" if np.isnan(effect.epsilon_hf) else "p_hf"
    advice = corrected if univariate or np.isnan(effect.p_multivariate) else "p_multivariate"
    values = {name: value for name, value in vars(effect).items() if name != "f"}
    return {"test": "RM-ANOVA", "statistic": effect.f, **values, "n_listeners": n, "advice": advice}

"""The scale of pairs as a table: each condition's place with an interval over listeners.

The interval is a bootstrap over listeners: who took part is drawn again, with all their choices. Percentiles
of few listeners are too narrow, and are widened as Hesterberg 2015 (American Statistician 69:371-386) does:
to the tail that a t quantile and the factor `sqrt(n / (n - 1))` have. The items are taken as fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.choices.bradley_terry import PairFit, fit_bradley_terry, fit_davidson
from analysis.choices.goodness_of_fit import GoodnessOfFit, goodness_of_fit
from analysis.choices.pairs import PairCounts
from analysis.choices.thurstone import fit_thurstone
from analysis.errors import DesignError
from analysis.statistics.intervals import LEVEL
from analysis.statistics.variance import Floats

MODELS = ("bradley-terry", "davidson", "thurstone")
_CHUNK = 1000  # draws at once: bounds the memory, does not change the numbers


@dataclass(frozen=True)
class PairScale:
    """A scale of pairs.

    Attributes:
        table: Columns `condition, worth, ci_low, ci_high`, for the first two models also `strength,
            strength_low, strength_high`, and `wins, losses, ties`, the best condition first.
        fit: The fitted model.
        test: Whether one scale describes the choices.
        model: One of `MODELS`.
        interval: What the intervals are: `bootstrap`, or `wald` of independent choices if listeners are
            not known.
    """

    table: pd.DataFrame
    fit: PairFit
    test: GoodnessOfFit
    model: str
    interval: str


def pair_scale(
    counts: PairCounts,
    *,
    model: str = "bradley-terry",
    level: float = LEVEL,
    draws: int = 2000,
    seed: int = 0,
) -> PairScale:
    """Place conditions on a scale by the choices between them.

    Args:
        counts: From `count_pairs` or `counts_from_matrix`.
        model: `bradley-terry` and `thurstone` count a tie as half a win of both; `davidson` models ties.
        level: Coverage of the intervals.
        draws: Draws of the bootstrap.
        seed: Seed of the draws.

    Raises:
        DesignError: An unknown model, or see `fit_bradley_terry` and `fit_davidson`.
    """
    if model not in MODELS:
        raise DesignError(f"unknown model {model!r}; expected one of {', '.join(MODELS)}")
    fit = _fit(model, counts.wins.sum(axis=0), counts.ties.sum(axis=0))
    n = len(counts.listeners)
    known = n > 1
    if known:
        worths = _bootstrap(model, counts, draws, seed)
        tails = widen_tails(n, level)
        ends = np.quantile(worths, tails, axis=0)
        spread = np.exp(worths - worths.max(axis=1, keepdims=True))
        strength_ends = np.quantile(spread / spread.sum(axis=1, keepdims=True), tails, axis=0)
    else:
        ends, strength_ends = _wald(fit, level)
    table = pd.DataFrame(
        {
            "condition": counts.conditions, "worth": fit.worths, "ci_low": ends[0], "ci_high": ends[1],
            "strength": fit.strengths, "strength_low": strength_ends[0], "strength_high": strength_ends[1],
            "wins": counts.wins.sum(axis=(0, 2)), "losses": counts.wins.sum(axis=(0, 1)),
            "ties": counts.ties.sum(axis=(0, 2)),
        }
    )  # fmt: skip
    if model == "thurstone":
        table = table.drop(columns=["strength", "strength_low", "strength_high"])
    table = table.sort_values("worth", ascending=False, kind="stable", ignore_index=True)
    test = goodness_of_fit(fit, _count_by_listener(fit, counts) if known else None)
    return PairScale(table, fit, test, model, "bootstrap" if known else "wald")


def _fit(model: str, wins: Floats, ties: Floats) -> PairFit:
    if model == "davidson":
        return fit_davidson(wins, ties)
    fitted: dict[str, Callable[[Floats], PairFit]] = {
        "bradley-terry": fit_bradley_terry, "thurstone": fit_thurstone,
    }  # fmt: skip
    return fitted[model](wins + ties / 2)


def _bootstrap(model: str, counts: PairCounts, draws: int, seed: int) -> Floats:
    """Return the worths of each draw of listeners `[draws, conditions]`."""
    rng = np.random.default_rng(seed)
    n, size = len(counts.listeners), len(counts.conditions)
    flat = np.stack([counts.wins, counts.ties], axis=1).reshape(n, -1)
    found: list[Floats] = []
    left = draws
    while left > 0:
        weights = rng.multinomial(n, np.full(n, 1 / n), size=min(_CHUNK, left)).astype(float)
        left -= len(weights)
        drawn = (weights @ flat).reshape(len(weights), 2, size, size)
        if model == "davidson":  # a draw without ties says nothing about the scale either
            drawn = drawn[drawn.sum(axis=(2, 3)).all(axis=1)]
        found.append(_fit(model, drawn[:, 0], drawn[:, 1]).worths)
    return np.concatenate(found)


def widen_tails(n: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the shares of draws at which an interval over `n` listeners ends."""
    tail = float(stats.norm.cdf(np.sqrt(n / (n - 1)) * stats.t.ppf((1 - level) / 2, n - 1)))
    return tail, 1 - tail


def _wald(fit: PairFit, level: float) -> tuple[Floats, Floats]:
    """Return intervals of worths and strengths from Fisher's information `[2, conditions]` each."""
    size = fit.worths.shape[-1]
    z = float(stats.norm.ppf(0.5 + level / 2))
    covariance = fit.covariance[:size, :size]
    half = z * np.sqrt(np.diag(covariance))
    strengths = fit.strengths
    # The delta method on the logit of a strength, which keeps the ends between 0 and 1.
    slopes = (np.eye(size) - strengths) / (1 - strengths[:, None])
    wide = z * np.sqrt(np.diag(slopes @ covariance @ slopes.T))
    logit = np.log(strengths / (1 - strengths))
    return (
        np.stack([fit.worths - half, fit.worths + half]),
        1 / (1 + np.exp(-np.stack([logit - wide, logit + wide]))),
    )


def _count_by_listener(fit: PairFit, counts: PairCounts) -> Floats:
    """Return each listener's counts as the model was fitted to them `[listeners, pairs, outcomes]`."""
    i, j = fit.pairs.T
    if fit.log_tie is None:
        return np.stack([counts.halved[:, i, j], counts.halved[:, j, i]], axis=2)
    return np.stack([counts.wins[:, i, j], counts.wins[:, j, i], counts.ties[:, i, j]], axis=2)

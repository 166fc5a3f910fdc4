"""The scale of pairs as a table: each condition's place with an interval over listeners.

The interval is about new listeners (`analysis.choices.resampling`); the items are taken as fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special, stats

from analysis.choices.bradley_terry import PairFit, fit_bradley_terry, fit_davidson
from analysis.choices.goodness_of_fit import GoodnessOfFit, goodness_of_fit
from analysis.choices.pairs import PairCounts
from analysis.choices.resampling import resample_listeners
from analysis.choices.thurstone import fit_thurstone
from analysis.errors import DesignError
from analysis.statistics.intervals import LEVEL
from analysis.statistics.variance import Floats

MODELS = ("bradley-terry", "davidson", "thurstone")


@dataclass(frozen=True)
class PairScale:
    """A scale of pairs.

    Attributes:
        table: Columns `condition, worth, ci_low, ci_high`, for the first two models also `strength,
            strength_low, strength_high`, and `wins, losses, ties`, the best condition first.
        fit: The fitted model.
        test: Whether one scale describes the choices.
        model: One of `MODELS`.
        interval: What the intervals are: `jackknife` or `bootstrap` over listeners, or `wald` of independent
            choices if listeners are not known.
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
    interval: str = "jackknife",
    level: float = LEVEL,
    draws: int = 2000,
    seed: int = 0,
) -> PairScale:
    """Place conditions on a scale by the choices between them.

    Args:
        counts: From `count_pairs` or `counts_from_matrix`.
        model: `bradley-terry` and `thurstone` count a tie as half a win of both; `davidson` models ties.
        interval: `jackknife` or `bootstrap`, both over listeners.
        level: Coverage of the intervals.
        draws: Draws of the bootstrap.
        seed: Seed of the draws.

    Raises:
        DesignError: An unknown model or interval, or see `fit_bradley_terry` and `fit_davidson`.
    """
    if model not in MODELS:
        raise DesignError(f"unknown model {model!r}; expected one of {', '.join(MODELS)}")
    fit = _fit(model, counts.wins.sum(axis=0), counts.ties.sum(axis=0))
    n, size = len(counts.listeners), len(counts.conditions)
    known = n > 1
    if known:
        # Strengths end where their logits do, which keeps them between 0 and 1.
        both = resample_listeners(
            lambda weights: _refit(model, counts, weights), n,
            interval=interval, level=level, draws=draws, seed=seed,
        )  # fmt: skip
        ends, strength_ends = both[:, :size], special.expit(both[:, size:])
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
    return PairScale(table, fit, test, model, interval if known else "wald")


def _fit(model: str, wins: Floats, ties: Floats) -> PairFit:
    if model == "davidson":
        return fit_davidson(wins, ties)
    fitted: dict[str, Callable[[Floats], PairFit]] = {
        "bradley-terry": fit_bradley_terry, "thurstone": fit_thurstone,
    }  # fmt: skip
    return fitted[model](wins + ties / 2)


def _refit(model: str, counts: PairCounts, weights: Floats) -> Floats:
    """Return the worths and the logits of the strengths of each panel `[panels, 2 conditions]`."""
    size = len(counts.conditions)
    flat = np.stack([counts.wins, counts.ties], axis=1).reshape(len(counts.listeners), -1)
    wins, ties = (weights @ flat).reshape(len(weights), 2, size, size).swapaxes(0, 1)
    if model == "davidson":
        # Without a tie, the estimate of nu is 0: Bradley and Terry's model. Nothing but ties prefers nobody.
        worths = np.zeros((len(weights), size))
        preferred, tied = (table.any(axis=(1, 2)) for table in (wins, ties))
        for chosen, kind in ((preferred & tied, "davidson"), (preferred & ~tied, "bradley-terry")):
            if chosen.any():
                worths[chosen] = _fit(kind, wins[chosen], ties[chosen]).worths
    else:
        worths = _fit(model, wins, ties).worths
    return np.concatenate([worths, special.logit(special.softmax(worths, axis=1))], axis=1)


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

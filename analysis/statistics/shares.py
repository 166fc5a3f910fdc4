"""Intervals of a share (a proportion) whose trials depend on each other by listener and by item.

`exact` and `wilson` treat every trial as independent. The default does not: the variance of the share is
that of a mean of crossed ratings (`analysis.statistics.crossed`), and Wilson's interval is taken for the
number of independent trials that would have this variance (Kish's effective sample size; Korn & Graubard
1998, Survey Methodology 24:193-201, take the exact interval in the same way). It never leaves 0 to 1 and is
never narrower than Wilson's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from analysis.errors import DesignError
from analysis.statistics.intervals import LEVEL, interval
from analysis.statistics.variance import Floats, Ints

SHARE_INTERVALS = ("two-way", "listener", "item")
INDEPENDENT = "independent"  # if it is not known who answered what
SIDES = ("two-sided", "greater", "less")


@dataclass(frozen=True)
class Share:
    """A share with its interval and its test against chance.

    Attributes:
        share: Successes over trials; a tie is half a success.
        low: Lower end.
        high: Upper end.
        n: Trials.
        effective_n: Independent trials that would give the share the same variance, at most `n`.
        p: Of a true share equal to chance, from the same variance.
        note: What to know about the interval, or nothing.
    """

    share: float
    low: float
    high: float
    n: int
    effective_n: float
    p: float
    note: str = ""


def clustered_share(
    outcomes: Floats,
    listeners: Ints,
    items: Ints,
    *,
    chance: float = 0.5,
    method: str = "two-way",
    sides: str = "two-sided",
    level: float = LEVEL,
) -> Share:
    """Return a share whose interval and test respect listeners and items.

    Args:
        outcomes: 1, 0, or 0.5 for a tie, per trial `[n]`.
        listeners: Index of the listener of each trial `[n]`.
        items: Index of the item of each trial `[n]`.
        chance: The share to test against.
        method: What would vary in a repetition: `two-way` (listeners and items), `listener` or `item`; or
            `independent`, Wilson's interval of all trials, if it is not known whose they are.
        sides: `two-sided`, `greater` or `less`.
        level: Coverage wanted.

    Raises:
        DesignError: No trial, or an unknown method.
    """
    if method not in (*SHARE_INTERVALS, INDEPENDENT):
        raise DesignError(f"unknown interval {method!r}; expected one of {', '.join(SHARE_INTERVALS)}")
    if len(outcomes) == 0:
        raise DesignError("there is no trial to take a share of")
    n, share = len(outcomes), float(np.mean(outcomes))
    if method == INDEPENDENT:
        low, high = wilson(share * n, n, level)
        return Share(share, low, high, n, float(n), score_p(share, n, chance, sides))
    scores, by_listener, by_item = _cells(outcomes, listeners, items)
    found = interval(method, scores, by_listener, by_item, level=level)
    z = float(stats.norm.ppf(0.5 + level / 2))
    half = found.high - found.mean
    if 0 < share < 1 and half > 0:
        effective = min(float(n), share * (1 - share) * z**2 / half**2)
        low, high = wilson(share * effective, effective, level)
        return Share(share, low, high, n, effective, score_p(share, effective, chance, sides), found.note)
    # All outcomes are equal, or there is one listener or item. The chance that somebody's trials all come
    # out in one way is at most that of one of them, so that one trial per cluster is the safe count.
    clusters = len(np.unique(items if method == "item" else listeners))
    low, high = exact(share * clusters, clusters, level)
    what = "item" if method == "item" else "listener"
    note = f"exact interval with one trial per {what}, since the spread cannot be estimated"
    return Share(
        share, low, high, n, float(clusters), exact_p(share * clusters, clusters, chance, sides), note
    )


def _cells(outcomes: Floats, listeners: Ints, items: Ints) -> tuple[Floats, Ints, Ints]:
    """Average repeated trials of a listener with an item."""
    pairs, place = np.unique(np.stack([listeners, items]), axis=1, return_inverse=True)
    place = place.ravel()
    return np.bincount(place, outcomes) / np.bincount(place), pairs[0], pairs[1]


def wilson(successes: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's interval (1927); counts need not be whole."""
    z = float(stats.norm.ppf(0.5 + level / 2))
    share = successes / n
    centre, scale = (share + z**2 / (2 * n)), 1 + z**2 / n
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(max(0.0, (centre - half) / scale)), float(min(1.0, (centre + half) / scale))


def exact(successes: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of Clopper and Pearson (1934); counts need not be whole."""
    tail = (1 - level) / 2
    low = 0.0 if successes <= 0 else float(special.betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes >= n else float(special.betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


def score_p(share: float, n: float, chance: float, sides: str = "two-sided") -> float:
    """Return the p value of the score test, which inverts Wilson's interval."""
    z = (share - chance) / np.sqrt(chance * (1 - chance) / n)
    tails = {"two-sided": 2 * stats.norm.sf(abs(z)), "greater": stats.norm.sf(z), "less": stats.norm.cdf(z)}
    return float(tails[_known(sides)])


def exact_p(successes: float, n: float, chance: float, sides: str = "two-sided") -> float:
    """Return the p value of the exact binomial test; counts are rounded towards chance."""
    expected = n * chance
    whole = int(np.floor(successes + 1e-9) if successes > expected else np.ceil(successes - 1e-9))
    return float(stats.binomtest(whole, round(n), chance, alternative=_known(sides)).pvalue)


def _known(sides: str) -> str:
    if sides not in SIDES:
        raise DesignError(f"sides is {sides!r}; expected one of {', '.join(SIDES)}")
    return sides

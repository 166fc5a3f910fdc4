"""How many listeners and trials a test of right answers or of preference needs.

Trials of one listener depend on each other if listeners differ in what they hear or like. Power is that of
the exact binomial test if they do not differ, and is simulated if they do: each listener has a share drawn
from a beta distribution with the mean `share` and the standard deviation `listener_sd`, and the test is the
one of the report.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict, Unpack

import numpy as np
from scipy import stats

from analysis.choices.discrimination import CHANCE, count_needed_right
from analysis.errors import DesignError
from analysis.statistics.variance import Floats

TESTS = ("abx", "ab", "best-worst")
_MOST = 5000
_SIMULATED_TRIALS = 400_000  # of best and worst, over all studies: bounds memory and time
_FEWEST_DRAWS = 200


class PowerSettings(TypedDict, total=False):
    """The settings of `choice_power`, which has their defaults, for the functions that invert it."""

    test: str
    alpha: float
    listener_sd: float
    draws: int
    seed: int


def choice_power(
    share: float,
    n_listeners: int,
    n_trials: int,
    *,
    test: str = "abx",
    alpha: float = 0.05,
    listener_sd: float = 0.0,
    draws: int = 4000,
    seed: int = 0,
) -> float:
    """Return the probability that a test finds a true share.

    Args:
        share: True share of right answers (`abx`) or of choices for one of the two (`ab`; `best-worst`: as if
            the two were a pair).
        n_listeners: Listeners.
        n_trials: Trials of each listener.
        test: `abx`: better than chance, the exact binomial test of all trials. `ab`: different from half;
            the exact binomial test if listeners do not differ, otherwise a t test over the listeners' shares.
            `best-worst`: pages of four that show both, and two sounds midway between them; a t test over the
            listeners' differences in best minus worst.
        alpha: Level of the test.
        listener_sd: Standard deviation of the true share between listeners.
        draws: Simulated studies, if listeners differ.
        seed: Seed of the simulation.

    Raises:
        DesignError: A share that is not between 0 and 1, a standard deviation that no share can have, no
            listener or trial, or an unknown test.
    """
    _check(share, n_listeners, n_trials, test, listener_sd)
    n = n_listeners * n_trials
    if test == "best-worst":
        studies = max(_FEWEST_DRAWS, min(draws, _SIMULATED_TRIALS // n))
        differences = _draw_extremes(share, listener_sd, (studies, n_listeners, n_trials), seed)
        return float((_t_test(CHANCE + differences / 4) < alpha).mean())
    if listener_sd == 0:
        return _exact_power(share, n, test, alpha)
    rng = np.random.default_rng(seed)
    concentration = share * (1 - share) / listener_sd**2 - 1
    shares = rng.beta(share * concentration, (1 - share) * concentration, size=(draws, n_listeners))
    right = rng.binomial(n_trials, shares)
    if test == "abx":
        needed = count_needed_right(n, CHANCE, alpha)
        return 0.0 if needed is None else float((right.sum(axis=1) >= needed).mean())
    return float((_t_test(right / n_trials) < alpha).mean())


def required_trials(
    share: float, n_listeners: int, *, wanted: float = 0.8, **settings: Unpack[PowerSettings]
) -> int:
    """Return the fewest trials per listener from which on the power is at least `wanted`.

    The power of an exact test falls a little between the counts at which one right answer more is needed;
    the number returned keeps it for the next ten counts, too.

    Raises:
        DesignError: As `choice_power`; or no number up to 5,000 is enough, as happens if listeners differ.
    """
    return _fewest(
        lambda n: choice_power(share, n_listeners, n, **settings), 1, wanted, "trials per listener"
    )


def required_choice_listeners(
    share: float, n_trials: int, *, wanted: float = 0.8, **settings: Unpack[PowerSettings]
) -> int:
    """Return the fewest listeners, two at least, with whom the power is at least `wanted`.

    Args:
        share: As in `choice_power`.
        n_trials: Trials of each listener.
        wanted: Power.
        **settings: As for `choice_power`.

    Raises:
        DesignError: As `required_trials`.
    """
    return _fewest(lambda n: choice_power(share, n, n_trials, **settings), 2, wanted, "listeners")


def smallest_share(n: int, *, test: str = "abx", wanted: float = 0.8, alpha: float = 0.05) -> float:
    """Return the smallest true share above a half that `n` independent trials find with power `wanted`.

    Raises:
        DesignError: No trial, an unknown test or one whose power is simulated, or so few trials that no share
            is enough.
    """
    if test == "best-worst":
        raise DesignError("the power of best-worst needs listeners and trials; expected abx or ab")
    _check(0.5, n, 1, test, 0.0)
    low, high = CHANCE, 1.0 - 1e-9
    if _exact_power(high, n, test, alpha) < wanted:
        raise DesignError(f"{n} trials cannot reach a power of {wanted:g} at any share; use more trials")
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if _exact_power(middle, n, test, alpha) >= wanted else (middle, high)
    return high


def _exact_power(share: float, n: int, test: str, alpha: float) -> float:
    upper = count_needed_right(n, CHANCE, alpha if test == "abx" else alpha / 2)
    if upper is None:
        return 0.0
    found = float(stats.binom.sf(upper - 1, n, share))
    return found if test == "abx" else found + float(stats.binom.cdf(n - upper, n, share))


def _draw_extremes(share: float, listener_sd: float, size: tuple[int, int, int], seed: int) -> Floats:
    """Return how much more often the first condition was best minus worst than the second, by listener.

    Marley and Louviere's choices, as `analysis.choices.best_worst` has them; utilities of a listener differ
    by the log odds of the share, and their deviation follows from that of the share.

    Args:
        share: As in `choice_power`.
        listener_sd: As in `choice_power`.
        size: Studies, listeners and trials.
        seed: Of the draws.

    Returns:
        Mean over trials, from -2 to 2 `[studies, listeners]`.
    """
    rng = np.random.default_rng(seed)
    spread = listener_sd / (share * (1 - share))
    apart = rng.normal(np.log(share / (1 - share)), spread, size=(*size[:2], 1))
    utility = np.stack([apart / 2, -apart / 2, 0 * apart, 0 * apart], axis=-1)
    best = (utility + rng.gumbel(size=(*size, 4))).argmax(axis=-1)
    against = -utility + rng.gumbel(size=(*size, 4))
    np.put_along_axis(against, best[..., None], -np.inf, axis=-1)
    worst = against.argmax(axis=-1)
    scores = (best == 0) * 1.0 - (worst == 0) - (best == 1) + (worst == 1)
    return np.asarray(scores.mean(axis=-1))


def _t_test(shares: Floats) -> Floats:
    """Two-sided p values of a mean share of a half over listeners `[studies]`."""
    n = shares.shape[1]
    spread = shares.std(axis=1, ddof=1) / np.sqrt(n)
    away = np.abs(shares.mean(axis=1) - CHANCE)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(spread > 0, away / spread, np.where(away > 0, np.inf, 0.0))
    return np.asarray(2 * stats.t.sf(t, n - 1))


def _fewest(power: Callable[[int], float], least: int, wanted: float, what: str) -> int:
    """Return the first number from `least` on with enough power that the next ten have, too."""
    low, high = least - 1, least
    while not _lasts(power, high, wanted):
        if high >= _MOST:
            raise DesignError(
                f"{_MOST} {what} do not reach a power of {wanted:g}; expected a larger share, or listeners "
                "who differ less"
            )
        low, high = high, min(2 * high, _MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _lasts(power, middle, wanted) else (middle, high)
    return high


def _lasts(power: Callable[[int], float], n: int, wanted: float) -> bool:
    return all(power(n + more) >= wanted for more in range(10))


def _check(share: float, n_listeners: int, n_trials: int, test: str, listener_sd: float) -> None:
    if test not in TESTS:
        raise DesignError(f"unknown test {test!r}; expected one of {', '.join(TESTS)}")
    if not 0 < share < 1:
        raise DesignError(f"the share is {share:g}; expected a number between 0 and 1")
    if n_listeners < 1 or n_trials < 1:
        raise DesignError(f"there are {n_listeners} listeners with {n_trials} trials; expected at least one")
    most = (share * (1 - share)) ** 0.5
    if not 0 <= listener_sd < most:
        raise DesignError(
            f"the standard deviation between listeners is {listener_sd:g}; expected 0 to less than "
            f"{most:.3f}, the most that a mean share of {share:g} allows"
        )
    if (test == "best-worst" or (test == "ab" and listener_sd > 0)) and n_listeners < 2:
        raise DesignError("one listener cannot show how listeners differ; expected at least two")

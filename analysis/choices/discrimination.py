"""ABX: can listeners hear the difference at all? Shares of right answers, their test, and d'.

In an ABX trial a listener hears A, B, and X, which is one of the two, and says which. Who hears no difference
is right in half of the trials, each independent of the others, so that the exact binomial test of all trials
is valid however many listeners gave them (Clark 1982, Journal of the Audio Engineering Society 30:330-338).
What does depend on listeners and items is how well the difference is heard, and so the interval.

`d'` by Macmillan & Creelman 2005, Detection Theory, chapter 9, for an unbiased listener. Differencing: the
listener compares X with A and with B. Independent observations: the ideal listener, who knows both sounds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq
from scipy.special import ndtr

from analysis.choices.columns import check_either_or, select_answered
from analysis.choices.preferences import share_columns, share_of
from analysis.errors import DesignError
from analysis.statistics.corrections import adjust
from analysis.statistics.intervals import LEVEL
from analysis.statistics.shares import exact_p, wilson

STRATEGIES = ("differencing", "independent")
TRIAL_COLUMNS = ("listener", "item", "correct")
CHANCE = 0.5
_MOST = 20.0


def abx_share(d_prime: float, strategy: str = "differencing") -> float:
    """Return the share of right answers of an unbiased listener.

    Args:
        d_prime: Distance of the two sounds in standard deviations of one impression.
        strategy: `differencing` or `independent`.

    Raises:
        DesignError: An unknown strategy.
    """
    if strategy not in STRATEGIES:
        raise DesignError(f"unknown strategy {strategy!r}; expected one of {', '.join(STRATEGIES)}")
    first = d_prime / np.sqrt(2)
    second = d_prime / np.sqrt(6) if strategy == "differencing" else d_prime / 2
    return float(ndtr(first) * ndtr(second) + ndtr(-first) * ndtr(-second))


def abx_d_prime(share: float, strategy: str = "differencing") -> float:
    """Return d' of a share of right answers: 0 at chance and below, infinite if all are right.

    Raises:
        DesignError: An unknown strategy, or a share outside 0 to 1.
    """
    if not 0 <= share <= 1:
        raise DesignError(f"the share of right answers is {share:g}; expected 0 to 1")
    if share <= CHANCE:
        abx_share(0.0, strategy)
        return 0.0
    if share >= abx_share(_MOST, strategy):
        return float("inf")
    return float(brentq(lambda d: abx_share(d, strategy) - share, 0.0, _MOST, xtol=1e-12))


def discrimination(
    trials: pd.DataFrame,
    *,
    by: str = "pair",
    interval: str = "two-way",
    strategy: str = "differencing",
    level: float = LEVEL,
    correction: str = "holm",
) -> pd.DataFrame:
    """Return how often each group of ABX trials was answered rightly.

    Args:
        trials: One row per trial with `listener, item, correct` (1, 0, or 0.5 for who could not
            say) and the column `by`.
        by: What to split by: `pair`, `listener`, `item` or another column.
        interval: What would vary in a repetition: `two-way`, `listener` or `item`. A split by listener or
            item has Wilson's interval, as its trials are all of that listener or item.
        strategy: Of d': `differencing` or `independent`.
        level: Coverage of the intervals.
        correction: Of the p values over the groups: `holm`, `hochberg` or `none`.

    Returns:
        One row per group: the column `by`, `correct, undecided, n, n_listeners, n_items, share, ci_low,
        ci_high, effective_n, exact_low, exact_high, wilson_low, wilson_high, p` (exact binomial of decided
        answers, better than chance, corrected), `p_uncorrected, d_prime, d_low, d_high, needed` (right
        answers that p < 0.05 takes), `note`.

    Raises:
        DesignError: A column is missing, an answer is neither right nor wrong, or an unknown choice.
    """
    rows = _check_trials(trials, by)
    found = []
    for name, group in rows.groupby(by, sort=True):
        answers = group["correct"].to_numpy(float)
        n, right, undecided = len(answers), int((answers == 1).sum()), int((answers == 0.5).sum())
        share = share_of(group, answers, interval=interval, sides="greater", level=level)
        columns = share_columns(share, level)
        if by in ("listener", "item"):
            columns |= dict(zip(("ci_low", "ci_high"), wilson(answers.sum(), n, level), strict=True))
            columns["effective_n"] = float(n)
        found.append(
            {
                by: name, "correct": right, "undecided": undecided, "n": n,
                "n_listeners": group["listener"].nunique(), "n_items": group["item"].nunique(), **columns,
                "p_uncorrected": exact_p(right, n - undecided, CHANCE, "greater") if n > undecided else 1.0,
                "d_prime": abx_d_prime(share.share, strategy),
                "d_low": abx_d_prime(columns["ci_low"], strategy),
                "d_high": abx_d_prime(columns["ci_high"], strategy),
                "needed": count_needed_right(n - undecided),
                "note": share.note if by not in ("listener", "item") else "",
            }
        )  # fmt: skip
    table = pd.DataFrame(found)
    table["p"] = adjust(table["p_uncorrected"].to_numpy(float), correction)
    table.attrs["level"] = level
    return table


def count_needed_right(n: int, chance: float = CHANCE, alpha: float = 0.05) -> int | None:
    """Return how many of `n` answers must be right for the exact one-sided p value to be below `alpha`.

    None if even `n` right answers would not do.
    """
    needed = int(stats.binom.isf(alpha, n, chance)) + 1
    if stats.binom.sf(needed - 1, n, chance) >= alpha:  # an exact tie with alpha
        needed += 1
    return needed if needed <= n else None


def _check_trials(trials: pd.DataFrame, by: str) -> pd.DataFrame:
    columns = list(dict.fromkeys((*TRIAL_COLUMNS, by)))
    rows = select_answered(trials, columns, "correct", name="trials", empty="there is no answer")
    check_either_or(rows["correct"], "an answer", "right", "wrong", "could not say")
    return rows

"""Comparison category rating (ITU-T P.800, annex E): by how much, and how far the order changes the answer.

A listener hears two sounds and rates the second against the first, from -3 (much worse) to 3 (much better).
With `s` = 1 if the condition of interest came second and -1 if it came first, a rating is

    rating = s * difference + order + noise,

so that the difference is half the gap between the means of the two orders, and the order effect is their
mean. If both orders are equally frequent, the difference is the mean of the sign-corrected ratings.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.choices.columns import select_answered
from analysis.choices.pairs import split_by_pair
from analysis.statistics import intervals
from analysis.statistics.corrections import adjust
from analysis.statistics.intervals import LEVEL, Interval
from analysis.statistics.variance import Floats

COMPARISON_COLUMNS = ("listener", "item", "first", "second", "score")


def category_differences(
    comparisons: pd.DataFrame,
    *,
    order: list[str] | None = None,
    interval: str = "two-way",
    correction: str = "holm",
    level: float = LEVEL,
) -> pd.DataFrame:
    """Return by how much one condition of each pair is better, and the effect of the order.

    Args:
        comparisons: One row per trial: `listener, item, first, second, score` (of the second against the
            first).
        order: Conditions; the difference of a pair is that of the earlier one over the later one.
        interval: `two-way` (listeners and items), `listener` or `item`.
        correction: Of the p values over the pairs: `holm`, `hochberg` or `none`.
        level: Coverage of the intervals.

    Returns:
        One row per pair: `condition_a, condition_b, n, n_listeners, n_items, difference, ci_low, ci_high, p,
        p_uncorrected, order_effect, order_low, order_high, order_p, note`. Without both orders the order
        effect is not estimable (`nan`), and the difference contains it. A condition that is compared with
        itself has no difference; its mean rating is the order effect.

    Raises:
        DesignError: A column is missing, or there is no rating.
    """
    empty = "no ratings among the comparisons"
    rows = select_answered(comparisons, COMPARISON_COLUMNS, "score", name="comparisons", empty=empty)
    table = pd.DataFrame([_row(a, b, group, interval, level) for a, b, group in split_by_pair(rows, order)])
    p = table["p_uncorrected"].to_numpy(float)
    table["p"] = np.nan
    table.loc[~np.isnan(p), "p"] = adjust(p[~np.isnan(p)], correction)
    table.attrs["level"] = level
    return table


def _row(a: str, b: str, group: pd.DataFrame, method: str, level: float) -> dict[str, object]:
    score, sign = group["score"].to_numpy(float), np.where(group["swapped"], 1.0, -1.0)
    listeners, items = (pd.factorize(group[name])[0] for name in ("listener", "item"))

    def of(scores: Floats) -> Interval:
        return intervals.interval(method, scores, listeners, items, level=level)

    unknown = Interval.missing(float("nan"), level, "")
    if a == b:
        found, effect, note = unknown, of(score), ""
    elif (sign > 0).any() and (sign < 0).any():
        later, earlier = float(score[sign > 0].mean()), float(score[sign < 0].mean())
        difference, shift = (later - earlier) / 2, (later + earlier) / 2
        # Each with the other one taken off: the plain means of these are the two estimates, however
        # frequent each order is.
        found, effect = of(sign * (score - shift)), of(score - sign * difference)
        note = found.note
    else:
        found, effect = of(sign * score), unknown
        note = "only one order was heard, so that the difference contains the effect of the order"
    return {
        "condition_a": a, "condition_b": b, "n": len(group), "n_listeners": group["listener"].nunique(),
        "n_items": group["item"].nunique(), "difference": found.mean, "ci_low": found.low,
        "ci_high": found.high, "p_uncorrected": found.p_of_zero, "order_effect": effect.mean,
        "order_low": effect.low, "order_high": effect.high, "order_p": effect.p_of_zero, "note": note,
    }  # fmt: skip

"""How often one condition was preferred to another: a share per pair, its interval, its test against half."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.choices.pairs import check_pairs, split_by_pair
from analysis.statistics.corrections import adjust
from analysis.statistics.intervals import LEVEL
from analysis.statistics.shares import Share, clustered_share, exact, exact_p, wilson
from analysis.statistics.variance import Floats

_CHANCE = 0.5


def preferences(
    pairs: pd.DataFrame,
    *,
    order: list[str] | None = None,
    interval: str = "two-way",
    correction: str = "holm",
    level: float = LEVEL,
) -> pd.DataFrame:
    """Return the share of choices for the first condition of each pair, a tie counted as half a choice.

    Under equal preference, choices of one listener still depend on each other (some like the one, others the
    other), so that `p` comes from the clustered interval. The exact test of all choices as if independent,
    ties left out, is `p_exact`.

    Args:
        pairs: A frame of pairs (`analysis.choices.pairs`).
        order: Conditions; the earlier one of a pair is the one whose share is given. By name otherwise.
        interval: What would vary in a repetition: `two-way` (listeners and items), `listener` or `item`; or
            `independent`, if listeners and items are not known.
        correction: `holm`, `hochberg` or `none`, over the pairs.
        level: Coverage of the intervals.

    Returns:
        One row per pair: `condition_a, condition_b, preferred_a, preferred_b, ties, n, n_listeners, n_items,
        share, ci_low, ci_high, effective_n, exact_low, exact_high, wilson_low, wilson_high, p, p_uncorrected,
        p_exact, note`.

    Raises:
        DesignError: See `check_pairs`, or an unknown choice.
    """
    rows = check_pairs(pairs)
    table = pd.DataFrame([_row(a, b, group, interval, level) for a, b, group in split_by_pair(rows, order)])
    table["p"] = adjust(table["p_uncorrected"].to_numpy(float), correction)
    table.attrs["level"] = level
    return table


def _row(a: str, b: str, group: pd.DataFrame, interval: str, level: float) -> dict[str, object]:
    choice = group["choice"].to_numpy(float)
    outcomes = np.where(group["swapped"], 1 - choice, choice)
    share = share_of(group, outcomes, interval=interval, level=level)
    for_a, for_b = int((outcomes == 1).sum()), int((outcomes == 0).sum())
    decided = for_a + for_b
    return {
        "condition_a": a, "condition_b": b, "preferred_a": for_a, "preferred_b": for_b,
        "ties": len(outcomes) - decided, "n": len(outcomes), "n_listeners": group["listener"].nunique(),
        "n_items": group["item"].nunique(), **share_columns(share, level),
        "p_uncorrected": share.p,
        "p_exact": exact_p(for_a, decided, _CHANCE) if decided else float("nan"),
        "note": share.note,
    }  # fmt: skip


def share_of(
    group: pd.DataFrame,
    outcomes: Floats,
    *,
    interval: str = "two-way",
    sides: str = "two-sided",
    level: float = LEVEL,
) -> Share:
    """Return the share of successes of rows with the columns `listener` and `item`."""
    listeners, items = (pd.factorize(group[name])[0] for name in ("listener", "item"))
    return clustered_share(outcomes, listeners, items, method=interval, sides=sides, level=level)


def share_columns(share: Share, level: float) -> dict[str, float]:
    """Return a share as columns, together with the two intervals that treat trials as independent."""
    exact_low, exact_high = exact(share.share * share.n, share.n, level)
    wilson_low, wilson_high = wilson(share.share * share.n, share.n, level)
    return {
        "share": share.share, "ci_low": share.low, "ci_high": share.high, "effective_n": share.effective_n,
        "exact_low": exact_low, "exact_high": exact_high, "wilson_low": wilson_low,
        "wilson_high": wilson_high,
    }  # fmt: skip


def order_effect(pairs: pd.DataFrame, *, interval: str = "two-way", level: float = LEVEL) -> Share:
    """Return the share of choices for the sound that came first, whatever it was.

    Raises:
        DesignError: See `check_pairs`.
    """
    rows = check_pairs(pairs)
    return share_of(rows, np.asarray(rows["choice"], dtype=float), interval=interval, level=level)

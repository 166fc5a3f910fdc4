"""Choices between two conditions: from rows to counts of wins and ties.

A frame of pairs has one row per trial:

| column | meaning |
|---|---|
| `listener`, `item` | who, on which sound |
| `first`, `second` | the two conditions, in the order in which they were presented |
| `choice` | 1 if the first was preferred, 0 if the second was, 0.5 if neither |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.choices.columns import check_either_or, select_answered
from analysis.errors import DesignError
from analysis.statistics.variance import Floats

PAIR_COLUMNS = ("listener", "item", "first", "second", "choice")


@dataclass(frozen=True)
class PairCounts:
    """How often each condition was preferred to each other one, by listener.

    Attributes:
        conditions: Names, in the order of rows and columns.
        listeners: Names.
        wins: Times the row was preferred to the column `[listeners, conditions, conditions]`.
        ties: Times neither was, in both triangles `[listeners, conditions, conditions]`.
    """

    conditions: list[str]
    listeners: list[str]
    wins: Floats
    ties: Floats

    @property
    def halved(self) -> Floats:
        """Wins with each tie counted as half a win of both `[listeners, conditions, conditions]`."""
        return self.wins + self.ties / 2

    @property
    def has_ties(self) -> bool:
        """Whether anybody preferred neither."""
        return bool(self.ties.any())


def check_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a frame of pairs that have a choice.

    Raises:
        DesignError: A column is missing, a choice is something else than 0, 0.5 or 1, a condition is compared
            with itself, or there is no choice.
    """
    rows = select_answered(pairs, PAIR_COLUMNS, "choice", name="pairs", empty="the pairs have no choice")
    check_either_or(rows["choice"], "a choice", "the first", "the second", "neither")
    same = rows.loc[rows["first"] == rows["second"], "first"]
    if len(same):
        raise DesignError(f"{same.iloc[0]!r} is compared with itself; expected two conditions")
    return rows


def split_by_pair(
    rows: pd.DataFrame, order: Sequence[str] | None = None
) -> list[tuple[str, str, pd.DataFrame]]:
    """Split rows by pair of conditions, whichever of the two was heard first.

    Args:
        rows: With the columns `first` and `second`.
        order: Conditions; the earlier one of a pair comes first, here and among the pairs. By name otherwise.

    Returns:
        The two conditions and their rows, with a column `swapped`: the earlier condition was heard second.

    Raises:
        DesignError: `order` lacks a condition.
    """
    names = _order(rows, order)
    first, second = (pd.Index(names).get_indexer(pd.Index(rows[name])) for name in ("first", "second"))
    marked = rows.assign(swapped=first > second)
    code = np.minimum(first, second) * len(names) + np.maximum(first, second)
    return [
        (names[one // len(names)], names[one % len(names)], marked[code == one]) for one in np.unique(code)
    ]


def _order(rows: pd.DataFrame, order: Sequence[str] | None) -> list[str]:
    found = sorted({*rows["first"], *rows["second"]})
    lacking = [name for name in found if order is not None and name not in order]
    if lacking:
        raise DesignError(f"the order of conditions lacks {lacking[0]!r}")
    return list(order or found)


def count_pairs(pairs: pd.DataFrame, order: Sequence[str] | None = None) -> PairCounts:
    """Count wins and ties per listener.

    Args:
        pairs: A frame of pairs.
        order: Conditions in the order wanted; by default sorted by name.

    Raises:
        DesignError: See `check_pairs`; or `order` lacks a condition.
    """
    rows = check_pairs(pairs)
    conditions = _order(rows, order)
    place = pd.Index(conditions)
    first, second = (place.get_indexer(pd.Index(rows[name])) for name in ("first", "second"))
    listener, listeners = pd.factorize(rows["listener"], sort=True)
    choice = rows["choice"].to_numpy(float)
    wins, ties = np.zeros((2, len(listeners), len(conditions), len(conditions)))
    np.add.at(wins, (listener, first, second), choice == 1)
    np.add.at(wins, (listener, second, first), choice == 0)
    np.add.at(ties, (listener, first, second), choice == 0.5)
    np.add.at(ties, (listener, second, first), choice == 0.5)
    return PairCounts(conditions, [str(name) for name in listeners], wins, ties)


def counts_from_matrix(matrix: pd.DataFrame) -> PairCounts:
    """Take a square table, row preferred over column, as the counts of one panel whose listeners are unknown.

    Raises:
        DesignError: Rows and columns have different names, a count is negative, or the diagonal is not empty.
    """
    names = [str(name) for name in matrix.columns]
    if names != [str(name) for name in matrix.index]:
        raise DesignError("the rows and columns of the pair matrix have different names")
    wins = matrix.to_numpy(float)
    if (wins < 0).any() or np.diag(wins).any() or not np.isfinite(wins).all():
        raise DesignError("the pair matrix has negative counts or a filled diagonal; expected counts of wins")
    return PairCounts(names, ["panel"], wins[None], np.zeros_like(wins)[None])

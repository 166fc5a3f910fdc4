"""Which sounds of a set are missing: every item needs every condition."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice

Pair = tuple[str, str]


def find_gaps(
    rows: Sequence[str], columns: Sequence[str], there: Collection[Pair], most: int
) -> tuple[list[Pair], int]:
    """Return the first pairs of a row and a column that are missing, and the number of all of them.

    Thousands of files that have no name in common lack millions of pairs, so those are not listed.

    Args:
        rows: names.
        columns: names.
        there: the pairs that are not missing; it may have others, too.
        most: how many are returned.
    """
    missing = ((row, column) for row in rows for column in columns if (row, column) not in there)
    known_rows, known_columns = set(rows), set(columns)
    known = sum(row in known_rows and column in known_columns for row, column in there)
    return list(islice(missing, most)), len(known_rows) * len(known_columns) - known

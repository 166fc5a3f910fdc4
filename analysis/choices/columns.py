"""What the frames of all tests are asked before anything is counted: their columns, and any answer."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.errors import DesignError


def select_answered(
    table: pd.DataFrame, columns: Sequence[str], answer: str, *, name: str, empty: str
) -> pd.DataFrame:
    """Return the rows that have an answer.

    Args:
        table: One row per answer.
        columns: What it must have.
        answer: The column of the answers.
        name: What messages call the table.
        empty: What a message says if there is no answer.

    Raises:
        DesignError: A column is missing, or there is no answer.
    """
    missing = [column for column in columns if column not in table]
    if missing:
        raise DesignError(f"the {name} have no column {missing[0]!r}; expected {', '.join(columns)}")
    rows = table[table[answer].notna()]
    if rows.empty:
        raise DesignError(empty)
    return rows


def check_either_or(answers: pd.Series, what: str, one: str, other: str, neither: str) -> None:
    """Check that answers are 1, 0 or 0.5.

    Args:
        answers: Without missing ones.
        what: What a message calls one of them.
        one: What 1 means; `other` is 0, `neither` 0.5.
        other: See `one`.
        neither: See `one`.

    Raises:
        DesignError: An answer is something else.
    """
    wrong = answers[~answers.isin((0, 0.5, 1))]
    if len(wrong):
        raise DesignError(f"{what} is {wrong.iloc[0]!r}; expected 1 ({one}), 0 ({other}) or 0.5 ({neither})")

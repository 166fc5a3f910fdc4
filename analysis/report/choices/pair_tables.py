"""What reports on pairs of conditions have in common: columns, the better one first, and their sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.formatting import number, percent
from analysis.ratings.tidy import iter_rows
from analysis.report.choices import words
from analysis.report.html_tables import Column

INTERVAL = Column("ci", "95 % interval", "interval")
P = Column("p", "p", "p")
SHARE = [Column("percent", "Share (%)", "score"), Column("percent_ci", "95 % interval (%)", "interval"), P]
RIGHT = [Column("percent", "Right (%)", "score"), *SHARE[1:]]
DIFFERENCE_COLUMNS = [
    Column("label_a", "Better"), Column("label_b", "Worse"), Column("difference", "Difference", "score"),
    INTERVAL, P,
]  # fmt: skip
PANEL = [Column("n_listeners", "Listeners", "count"), Column("n_items", "Items", "count")]
IF_INDEPENDENT = [
    Column("exact_ci", "Exact interval (%)", "interval"),
    Column("wilson_ci", "Wilson (%)", "interval"),
]
NOTE = Column("note", "Note", spare=True)

_ALPHA = 0.05
_SHARES = (("ci", "percent_ci"), ("exact", "exact_ci"), ("wilson", "wilson_ci"))


def in_percent(table: pd.DataFrame) -> pd.DataFrame:
    """Add a share and its three intervals in percent."""
    out = table.assign(percent=100 * table["share"])
    for name, shown in _SHARES:
        out[f"{shown}_low"], out[f"{shown}_high"] = 100 * table[f"{name}_low"], 100 * table[f"{name}_high"]
    return out


def put_better_first(table: pd.DataFrame, flip: pd.Series, labels: dict[str, str]) -> pd.DataFrame:
    """Swap the two conditions of some rows, and add what the page calls them.

    Args:
        table: With `condition_a` and `condition_b`.
        flip: Which rows to swap.
        labels: What each condition is called.
    """
    a, b = (table[f"condition_{end}"].map(labels) for end in "ab")
    out = table.assign(label_a=a.where(~flip, b), label_b=b.where(~flip, a))
    return swap_columns(out, flip, "condition_a", "condition_b")


def swap_columns(table: pd.DataFrame, flip: pd.Series, one: str, other: str) -> pd.DataFrame:
    """Exchange two columns in the rows to flip."""
    first, second = table[one], table[other]
    return table.assign(**{one: first.where(~flip, second), other: second.where(~flip, first)})


def describe_pairs(
    table: pd.DataFrame,
    size: Callable[[Any], str],
    clear: Callable[[Any, str], str],
    unclear: Callable[[Any, str], str],
    what: str,
) -> list[str]:
    """Return one sentence per pair, those that are distinguished first.

    Args:
        table: One row per pair with `label_a, label_b, p`.
        size: Puts the size of a row's difference, its interval and p into words.
        clear: The sentence on a pair that is distinguished.
        unclear: The sentence on one that is not; many of these are one sentence.
        what: What does not distinguish them: `choices`, `ratings`.
    """
    rows = [(row, size(row)) for row in iter_rows(table)]
    rest = [(row, said) for row, said in rows if not row.p < _ALPHA]
    return [clear(row, said) for row, said in rows if row.p < _ALPHA] + words.list_undistinguished(
        [(row.label_a, row.label_b) for row, _ in rest], [unclear(row, said) for row, said in rest], what
    )


def list_shares(table: pd.DataFrame) -> str:
    """Return the shares of a table and their intervals for who cannot see the figure."""
    return "; ".join(
        f"{row.name} {percent(row.share)} ({words.share_ends(row.ci_low, row.ci_high)})"
        for row in iter_rows(table)
    )


def list_values(table: pd.DataFrame, name: str, value: str) -> str:
    """Return the values of a table and their intervals for who cannot see the figure.

    Args:
        table: With `ci_low` and `ci_high`.
        name: The column of the names.
        value: The column of the values.
    """
    return "; ".join(
        f"{label} {number(centre, 2)} ({words.ends(low, high)})"
        for label, centre, low, high in zip(
            table[name], table[value], table["ci_low"], table["ci_high"], strict=True
        )
    )

"""Compact letters: conditions that share a letter are not shown to differ."""

from __future__ import annotations

import string

import pandas as pd

from analysis.errors import DesignError

_ALPHA = 0.05
_MOST = 200  # letters; only a relation without any order among the conditions needs more


def compact_letters(comparisons: pd.DataFrame) -> pd.DataFrame:
    """Give each condition its letters, so that two share one if and only if they are not shown to differ.

    By inserting and absorbing (Piepho 2004, Journal of Computational and Graphical Statistics 13:456-466):
    one letter for all conditions is split at each pair that differs, and groups inside others are dropped. A
    pair without a p value is not shown to differ.

    Args:
        comparisons: All pairs of the conditions, from `compare`.

    Returns:
        One row per condition, the highest first: `condition, label, letters, about, simulated`.

    Raises:
        DesignError: Pairs are missing, such as after `compare(against=...)`, or more than 200 letters are
            needed.
    """
    rows = comparisons
    ends = [
        rows[[f"condition_{end}", f"label_{end}"]].set_axis(["condition", "label"], axis=1) for end in "ab"
    ]
    listed = pd.concat(ends).drop_duplicates("condition").set_index("condition")["label"]
    above = rows["condition_a"].value_counts().reindex(listed.index, fill_value=0)
    names = list(above.sort_values(ascending=False, kind="stable").index)
    if len(rows) != len(names) * (len(names) - 1) // 2:
        raise DesignError(
            f"letters need a comparison of every pair of conditions; found {len(rows)} of "
            f"{len(names) * (len(names) - 1) // 2}"
        )
    groups = [frozenset(names)]
    different = rows.loc[rows["p"] < _ALPHA, ["condition_a", "condition_b"]]
    for a, b in different.itertuples(index=False):
        parts = [part for group in groups for part in _split(group, a, b)]
        groups = [part for part in set(parts) if not any(part < other for other in parts)]
        if len(groups) > _MOST:
            raise DesignError(f"the comparisons need more than {_MOST} letters; use the table of pairs")
    groups.sort(key=lambda group: sorted(names.index(name) for name in group))
    letters = [_letter(place) for place in range(len(groups))]
    given = {
        name: "".join(letter for letter, group in zip(letters, groups, strict=True) if name in group)
        for name in names
    }
    table = pd.DataFrame({"condition": names, "label": listed[names].to_list()})
    table["letters"] = table["condition"].map(given)
    return table.assign(about=rows["about"].iloc[0], simulated=bool(rows["simulated"].any()))


def _split(group: frozenset[str], a: str, b: str) -> list[frozenset[str]]:
    return [group - {a}, group - {b}] if {a, b} <= group else [group]


def _letter(place: int) -> str:
    """Return a to z, then A to Z, then a1 to Z1 and so on."""
    turn, at = divmod(place, 52)
    return string.ascii_letters[at] + (str(turn) if turn else "")

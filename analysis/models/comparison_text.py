"""A comparison of two conditions in one sentence, about one population."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.formatting import number, p_in_words


def sentence(row: dict[str, Any], level: float, digits: int) -> str:
    """Say what a row of `compare` found, with its interval and p value, and whom they speak about.

    Args:
        row: The row; `together` is the number of pairs whose intervals hold at once.
        level: Coverage of the intervals.
        digits: Decimals of the scores.
    """
    difference, low, high, p = row["difference"], row["ci_low"], row["ci_high"], row["p"]
    a, b = row["label_a"], row["label_b"]
    if np.isnan(difference):
        return f"{a} and {b}: the difference is {row['note']}."
    side = "above" if difference > 0 else "below"
    where = (
        f"{a} is {abs(difference):.{digits}f} points {side} {b}"
        if difference
        else f"{a} and {b} have the same mean"
    )
    correction = "" if row["correction"] == "none" else f", {str(row['correction']).capitalize()}"
    tested = "" if np.isnan(p) else f"{p_in_words(p)}{correction} ({row['about']})"
    if np.isnan(low):
        return f"{where}; an interval is {row['note']}{f'; {tested}' if tested else ''}."
    kind = "simultaneous " if row["together"] > 1 else ""
    ends = f"{number(low, digits)} to {number(high, digits)}"
    tested = tested or f"{row['about']}; {p_in_words(p)}"
    return f"{where}, {kind}{level * 100:g} % interval {ends}, {tested}."

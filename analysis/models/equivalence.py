"""Equivalence and non-inferiority: whether a difference is smaller than one that matters.

Two one-sided tests (Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15:657-680): conditions
are equivalent if the difference is significantly below the margin and significantly above its negative. The
error is that of the two-way test (`statistics.crossed`), for new listeners and items.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import DesignError
from analysis.formatting import number, p_in_words
from analysis.models.compare import compare_pairs, list_pairs
from analysis.models.pair_table import PairTable
from analysis.ratings.tidy import cells, conditions, fill_columns, is_simulated, records, select_rated
from analysis.statistics.corrections import adjust
from analysis.statistics.crossed import CrossedMean
from analysis.statistics.populations import of_test

_ALPHA = 0.05


def equivalence(
    frame: pd.DataFrame,
    margin: float,
    *,
    against: str | None = None,
    among: list[str] | None = None,
    correction: str = "holm",
    attribute: str | None = None,
) -> pd.DataFrame:
    """Test for each pair whether the difference is smaller than `margin`.

    Args:
        frame: Tidy ratings.
        margin: The smallest difference that matters, in points.
        against: Compare each other condition with this one, by the difference condition minus `against`;
            otherwise all pairs.
        among: Conditions to compare; by default the methods.
        correction: `holm`, `hochberg` or `none`, over all rows, for each of the two p values.
        attribute: The scale, if the frame has several.

    Returns:
        One row per pair, the higher condition first, or `against` always second: `condition_a, condition_b,
        label_a, label_b, difference, ci_low, ci_high` (90 %: inside the margins if an uncorrected
        `p_equivalent` is below 0.05), `margin, p_equivalent, p_not_worse` (that b is worse than a by less
        than the margin; with `against`, that a is worse than it by less than the margin), `correction, about,
        sentence, simulated`.

    Raises:
        DesignError: A margin of 0 or less, or as `compare`.
    """
    if not margin > 0:
        raise DesignError(f"--margin is {margin:g}; expected a difference above 0 points")
    rows = select_rated(fill_columns(frame), attribute)
    table, fixed = PairTable.of(cells(rows)), against is not None
    pairs = compare_pairs(table, list_pairs(rows, against, among), keep_sides=fixed)
    listed = conditions(rows)
    labels = dict(zip(listed["condition"], listed["label"], strict=True))
    out = pd.DataFrame([_row(pair.a, pair.b, pair.mean, margin, fixed) for pair in pairs])
    for name in ("p_equivalent", "p_not_worse"):
        out[name] = adjust(out[name].to_numpy(float), correction)
    out = out.assign(correction=correction, about=of_test("two-way"), simulated=is_simulated(rows))
    out["label_a"], out["label_b"] = (out[f"condition_{end}"].map(labels) for end in "ab")
    digits = 1 if rows["score"].max() > 10 else 2
    out["sentence"] = [_sentence(row, digits, fixed) for row in records(out)]
    return out[
        ["condition_a", "condition_b", "label_a", "label_b", "difference", "ci_low", "ci_high", "margin",
         "p_equivalent", "p_not_worse", "correction", "about", "sentence", "simulated"]
    ]  # fmt: skip


def _row(a: str, b: str, mean: CrossedMean, margin: float, fixed: bool) -> dict[str, Any]:
    half = mean.half_width(1 - 2 * _ALPHA)
    below, above = _below(mean, margin), _below(mean.reversed(), margin)
    return {
        "condition_a": a, "condition_b": b, "difference": mean.mean, "ci_low": mean.mean - half,
        "ci_high": mean.mean + half, "margin": margin, "p_equivalent": float(np.max([below, above])),
        "p_not_worse": above if fixed else below,
    }  # fmt: skip


def _below(mean: CrossedMean, margin: float) -> float:
    """Return the one-sided p value of a true mean of `margin` or more."""
    both = mean.p_value(margin)
    return both / 2 if mean.mean < margin else 1 - both / 2


def _sentence(row: dict[str, Any], digits: int, fixed: bool) -> str:
    a, b, margin = row["label_a"], row["label_b"], f"{row['margin']:g} points"
    if np.isnan(row["p_equivalent"]):
        return f"{a} and {b}: equivalence is not estimable."
    ends = f"90 % interval {number(row['ci_low'], digits)} to {number(row['ci_high'], digits)}"
    correction = "" if row["correction"] == "none" else f", {str(row['correction']).capitalize()}"
    if row["p_equivalent"] < _ALPHA:
        said, p = f"{a} and {b} differ by less than {margin}", row["p_equivalent"]
    elif row["p_not_worse"] < _ALPHA:
        worse, better = (a, b) if fixed else (b, a)
        said, p = f"{worse} is not worse than {better} by {margin} or more", row["p_not_worse"]
    else:
        said, p = f"{a} and {b} are not shown to differ by less than {margin}", row["p_equivalent"]
    return f"{said}: {ends}, {p_in_words(p)}{correction} ({row['about']})."

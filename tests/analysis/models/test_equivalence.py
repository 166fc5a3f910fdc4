"""Equivalence: a margin, two one-sided tests, and the interval that decides in the same way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import DesignError, equivalence
from analysis.models.compare import compare_pairs, list_pairs
from analysis.models.pair_table import PairTable
from analysis.ratings.tidy import cells, select_rated

Make = Callable[..., pd.DataFrame]
MEANS = {"A": 50.0, "B": 49.5, "C": 30.0}


def test_the_p_values_are_the_two_one_sided_ones_of_the_drawn_errors(make: Make) -> None:
    frame = make(listeners=12, items=8, means=MEANS, own=(1, 1), seed=3)
    table = equivalence(frame, 5, correction="none")
    rows = select_rated(frame)
    pairs = compare_pairs(PairTable.of(cells(rows)), list_pairs(rows, None, None))
    for row, pair in zip(table.itertuples(), pairs, strict=True):
        mean, errors = pair.mean.mean, pair.mean._drawn_errors
        below = stats.norm.cdf((mean - 5) / errors).mean()
        above = stats.norm.sf((mean + 5) / errors).mean()
        assert row.p_not_worse == pytest.approx(below)
        assert row.p_equivalent == pytest.approx(max(below, above))


@pytest.mark.parametrize("seed", range(8))
def test_the_90_percent_interval_is_within_the_margins_if_and_only_if_p_is_small(
    make: Make, seed: int
) -> None:
    table = equivalence(make(listeners=12, items=8, means=MEANS, own=(1, 1), seed=seed), 4, correction="none")
    inside = (table["ci_low"] > -4) & (table["ci_high"] < 4)
    assert (inside == (table["p_equivalent"] < 0.05)).all()
    assert ((table["ci_high"] < 4) == (table["p_not_worse"] < 0.05)).all()


def test_the_sentences(make: Make) -> None:
    frame = make(listeners=15, items=10, means=MEANS, own=(0.5, 0.5), seed=1)
    said = equivalence(frame, 5)["sentence"]
    assert " differ by less than 5 points: 90 % interval " in said[0]
    assert said[0].endswith("p < 0.0001, Holm (new listeners and items).")
    assert " are not shown to differ by less than 5 points: " in said[1]
    against = equivalence(frame, 5, against="C")
    assert against["p_equivalent"].min() > 0.9 and (against["difference"] > 0).all()
    assert against["sentence"][0].startswith("A is not worse than C by 5 points or more: 90 % interval ")
    lower = equivalence(frame, 5, against="A").set_index("condition_a")
    assert lower.loc["C", "difference"] == -against["difference"][0] and lower.loc["C", "p_not_worse"] > 0.9
    assert lower.loc["B", "p_not_worse"] < 0.05
    with pytest.raises(DesignError, match="--margin is 0; expected a difference above 0 points"):
        equivalence(frame, 0)


@pytest.mark.release
def test_the_error_is_at_most_5_percent_at_the_margin(make: Make) -> None:
    means = {"A": 50.0, "B": 45.0}
    found = [
        equivalence(make(listeners=8, items=6, means=means, seed=seed), 5)["p_equivalent"].iloc[0] < 0.05
        for seed in range(200)
    ]
    assert np.mean(found) < 0.09

"""Mean ranks and the critical difference, against a published table and Friedman's test."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import DesignError, mean_ranks, omnibus, plot_critical_difference

Make = Callable[..., pd.DataFrame]

# Demsar 2006, table 5 (a): q of the two-tailed Nemenyi test at 5 %, for 2 to 10 classifiers.
Q = dict(zip(range(2, 11), (1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164), strict=True))


@pytest.mark.parametrize("k", [2, 5, 10])
def test_the_critical_difference_has_the_published_quantile(make: Make, k: int) -> None:
    names = "ABCDEFGHIJ"[:k]
    frame = make(listeners=9, items=3, means={name: 50.0 + 3 * at for at, name in enumerate(names)})
    table = mean_ranks(frame)
    expected = Q[k] * (k * (k + 1) / (6 * 9)) ** 0.5
    assert table["critical_difference"].unique() == pytest.approx([expected], rel=3e-4)
    assert set(table["n_listeners"]) == {9}


def test_the_ranks_are_those_of_friedmans_test(make: Make) -> None:
    frame = make(listeners=10, items=4)
    table = mean_ranks(frame)
    means = frame.groupby(["listener", "condition"])["score"].mean().unstack()
    ranks = stats.rankdata(-means.to_numpy(), axis=1).mean(axis=0)
    expected = dict(zip(means.columns, ranks, strict=True))
    assert table.set_index("condition")["rank"].to_dict() == pytest.approx(expected)
    assert table["rank"].is_monotonic_increasing
    chi2 = 12 * 10 / (3 * 4) * (((table["rank"] - 2) ** 2).sum())
    assert omnibus(frame)["statistic"].iloc[0] == pytest.approx(chi2)
    with pytest.raises(DesignError, match="rated all of them on an item; found 3 and 1"):
        mean_ranks(make(listeners=1))


def test_bars_overlap_if_and_only_if_ranks_are_closer_than_the_critical_difference(make: Make) -> None:
    frame = make(listeners=12, items=4, means={"A": 60.0, "B": 59.0, "C": 30.0})
    table = mean_ranks(frame)
    ax = plot_critical_difference(frame)
    bars = [line.get_xdata() for line in ax.get_lines() if len(line.get_xdata()) == 2]
    assert len(bars) == 3
    ranks, cd = table["rank"].to_numpy(), float(table["critical_difference"].iloc[0])
    for a in range(3):
        for b in range(a):
            overlap = max(bars[a][0], bars[b][0]) <= min(bars[a][1], bars[b][1])
            assert overlap == (abs(ranks[a] - ranks[b]) <= cd)
    assert np.ptp(ranks) > cd
    assert ax.get_xlabel().startswith("Mean rank over 12 listeners (1 is best)")

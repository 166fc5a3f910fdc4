"""The jackknife over listeners: groups of a large panel, and measures at their limit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.jackknife import jackknife_interval


def agreement(table: np.ndarray) -> float:
    """Kendall's W by hand: how far the mean ranks of the columns spread."""
    ranks = stats.rankdata(table, axis=1).mean(axis=0)
    k = table.shape[1]
    return float(((ranks - (k + 1) / 2) ** 2).sum() * 12 / (k**3 - k))


def pseudo_interval(values: list[float], whole: float, level: float) -> tuple[float, float]:
    n, z = len(values), np.arctanh(whole)
    pseudo = [n * z - (n - 1) * np.arctanh(value) for value in values]
    half = stats.t.ppf((1 + level) / 2, n - 1) * np.std(pseudo, ddof=1) / np.sqrt(n)
    return float(np.tanh(z - half)), float(np.tanh(z + half))


@pytest.mark.parametrize("listeners", [3, 99, 100, 101, 250])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_large_panels_leave_out_one_of_a_hundred_groups(listeners: int, level: float) -> None:
    rng = np.random.default_rng(listeners)
    table = rng.normal(0, 3, (1, 8)) + rng.normal(0, 4, (listeners, 8))
    groups = min(listeners, 100)
    left = [agreement(np.delete(table, np.s_[k::groups], axis=0)) for k in range(groups)]
    expected = pseudo_interval(left, agreement(table), level)
    assert jackknife_interval(agreement, table, level) == pytest.approx(expected)
    if level == 0.95:
        assert jackknife_interval(agreement, table) == pytest.approx(expected)


def test_a_measure_of_one_is_not_transformed() -> None:
    # Leaving out the odd listener gives agreement of exactly 1, where Fisher's z is not finite.
    table = np.vstack([np.tile([1.0, 2, 3, 4], (4, 1)), [[1.0, 2, 4, 3]]])
    left = [agreement(np.delete(table, k, axis=0)) for k in range(5)]
    assert max(left) == 1.0
    whole = agreement(table)
    pseudo = [5 * whole - 4 * value for value in left]
    half = stats.t.ppf(0.975, 4) * np.std(pseudo, ddof=1) / 5**0.5
    assert jackknife_interval(agreement, table) == pytest.approx((whole - half, min(whole + half, 1.0)))
    wide = jackknife_interval(agreement, table, 1 - 1e-9)
    assert wide == (-1.0, 1.0), "no measure of agreement lies beyond"


def test_no_interval_of_what_cannot_be_computed_or_does_not_vary() -> None:
    table = np.random.default_rng(2).normal(size=(5, 4))
    for estimate in (lambda rows: float("nan"), lambda rows: 0.3):
        assert np.isnan(jackknife_interval(estimate, table)).all()
    fails_once = iter([0.1, 0.2, float("nan"), 0.3, 0.4, 0.5])
    assert np.isnan(jackknife_interval(lambda rows: next(fails_once), table)).all()
    assert np.isnan(jackknife_interval(agreement, table[:2])).all()
    assert np.isfinite(jackknife_interval(agreement, table[:3])).all()

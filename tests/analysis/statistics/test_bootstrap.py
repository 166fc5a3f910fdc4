"""The bootstrap over listeners and items: each draw written out, and Efron's ends by hand."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.bootstrap import bca, bootstrap_means, influences

NORMAL = NormalDist()


def study(missing: float, seed: int = 0, listeners: int = 6, items: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        (f"l{i}", f"i{j}", name, rng.normal(50, 20))
        for i in range(listeners)
        for j in range(items)
        for name in ("A", "B")
        if rng.random() >= missing
    ]
    return pd.DataFrame(rows, columns=["listener", "item", "condition", "score"])


def by_hand(cells: pd.DataFrame, conditions: list[str], draws: int, seed: int) -> np.ndarray:
    """The same draws of the generator; each mean summed rating by rating."""
    listeners, items = list(dict.fromkeys(cells["listener"])), list(dict.fromkeys(cells["item"]))
    rng = np.random.default_rng(seed)
    found = np.full((draws, len(conditions)), np.nan)
    for start in range(0, draws, 500):
        size = min(500, draws - start)
        heard = rng.integers(0, len(listeners), size=(size, len(listeners)))
        played = rng.integers(0, len(items), size=(size, len(items)))
        for draw in range(size):
            for column, name in enumerate(conditions):
                total = weight = 0.0
                for row in cells[cells["condition"] == name].itertuples():
                    times = (heard[draw] == listeners.index(row.listener)).sum()
                    times *= (played[draw] == items.index(row.item)).sum()
                    total, weight = total + times * row.score, weight + times
                if weight:
                    found[start + draw, column] = total / weight
    return found


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.85])
def test_each_draw_is_a_mean_weighted_by_listener_and_item(missing: float) -> None:
    cells = study(missing, seed=2)
    found = bootstrap_means(cells, ["B", "A"], draws=12, seed=7)
    assert np.allclose(found, by_hand(cells, ["B", "A"], 12, 7), equal_nan=True)
    assert np.isnan(found).any() == (missing > 0.8), "a draw may have no ratings of a condition"


def test_draws_after_the_first_500_are_as_good() -> None:
    cells = study(0.2, listeners=3, items=2)
    assert np.allclose(
        bootstrap_means(cells, ["A"], draws=507, seed=1), by_hand(cells, ["A"], 507, 1), equal_nan=True
    )


def test_conditions_that_were_not_asked_for_have_no_influence() -> None:
    cells = study(0.0)
    both = bootstrap_means(cells, ["A", "B"], draws=20)
    assert np.array_equal(bootstrap_means(cells, ["B"], draws=20)[:, 0], both[:, 1])
    default = bootstrap_means(cells, ["A"])
    assert default.shape == (10_000, 1)
    assert np.array_equal(default, bootstrap_means(cells, ["A"], draws=10_000, seed=0))


def efron(estimate: float, draws: np.ndarray, influence: np.ndarray, level: float) -> tuple[float, float]:
    """Equations 2.3 and 6.6 of Efron 1987, with the standard library's normal distribution."""
    bias = NORMAL.inv_cdf(sum(draw < estimate for draw in draws) / len(draws))
    acceleration = sum(u**3 for u in influence) / (6 * sum(u**2 for u in influence) ** 1.5)
    ends = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        z = bias + NORMAL.inv_cdf(share)
        ends.append(NORMAL.cdf(bias + z / (1 - acceleration * z)))
    low, high = np.quantile(draws, ends)
    return float(low), float(high)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_ends_are_efrons(level: float) -> None:
    rng = np.random.default_rng(3)
    draws, influence = rng.gamma(2.0, 5.0, 3000), rng.gamma(1.0, 2.0, 15) - 2.0
    estimate = float(np.quantile(draws, 0.4))
    found = bca(estimate, draws, influence, level)
    assert found == pytest.approx(efron(estimate, draws, influence, level))
    gaps = np.insert(draws, 5, np.nan)
    assert bca(estimate, gaps, influence, level) == found, "draws without a mean do not count"
    assert bca(estimate, draws, influence) == bca(estimate, draws, influence, 0.95)


def test_without_bias_and_acceleration_the_ends_are_the_percentiles() -> None:
    draws = np.arange(1001.0)
    assert bca(500.0, draws, np.array([1.0, -1.0])) == pytest.approx((25.0, 975.0), abs=1e-6)
    assert bca(500.0, draws, np.zeros(4)) == pytest.approx((25.0, 975.0), abs=1e-6)


def test_an_estimate_beyond_all_draws_has_finite_ends() -> None:
    draws = np.arange(100.0)
    low, high = bca(200.0, draws, np.array([1.0, -1.0]))
    bias = NORMAL.inv_cdf(0.99)
    expected = [NORMAL.cdf(2 * bias + NORMAL.inv_cdf(share)) for share in (0.025, 0.975)]
    assert (low, high) == pytest.approx(tuple(np.quantile(draws, expected)))
    low, high = bca(-1.0, draws, np.array([1.0, -1.0]))
    assert (low, high) == pytest.approx(tuple(99 - np.quantile(draws, expected[::-1])))


def test_equal_draws_and_no_draws() -> None:
    assert bca(3.0, np.full(50, 3.0), np.ones(3)) == (3.0, 3.0)
    assert np.isnan(bca(3.0, np.array([np.nan, np.nan]), np.ones(3))).all()


def test_discrete_draws_that_equal_the_estimate_count_half() -> None:
    draws = np.repeat([0.0, 1.0, 2.0], [300, 400, 300])
    below = 300 / 1000 + 0.5 * 400 / 1000
    assert NORMAL.inv_cdf(below) == 0.0
    assert bca(1.0, draws, np.zeros(2), 0.5) == pytest.approx(tuple(np.quantile(draws, [0.25, 0.75])))


def test_influence_is_the_jackknifes_of_each_listener_then_each_item() -> None:
    cells = study(0.3, seed=4)
    cells = cells[cells["condition"] == "A"]
    expected, whole = [], cells["score"].mean()
    for factor in ("listener", "item"):
        names = list(dict.fromkeys(cells[factor]))
        without = [cells.loc[cells[factor] != name, "score"].mean() for name in names]
        expected += [(len(names) - 1) * (whole - mean) for mean in without]
    assert influences(cells) == pytest.approx(expected)
    alone = cells[cells["listener"] == cells["listener"].iloc[0]]
    assert len(influences(alone)) == len(alone), "without the only listener there is no mean"

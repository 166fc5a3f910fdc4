"""Analysis of variance and power: against pingouin, statsmodels, published tables."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy import stats

from analysis import DesignError, Spread, omnibus, pilot_spread, power, required_listeners
from analysis.models.anova import rm_anova
from analysis.statistics.intervals import interval

Make = Callable[..., pd.DataFrame]


def test_one_way_anova_agrees_with_pingouin(make: Make) -> None:
    frame = make(listeners=12)
    table = frame.groupby(["listener", "condition"])["score"].mean().reset_index()
    found = rm_anova(
        table.pivot(index="listener", columns="condition", values="score").to_numpy(), ("condition",)
    )[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        witness = pingouin.rm_anova(
            table, dv="score", within="condition", subject="listener", correction=True, detailed=True
        )
    row = witness.iloc[0]
    assert found.f == pytest.approx(row["F"])
    assert found.epsilon_gg == pytest.approx(row["eps"])
    wide = table.pivot(index="listener", columns="condition", values="score")
    assert found.epsilon_hf == pytest.approx(pingouin.epsilon(wide, correction="hf"))
    gg = next(value for name, value in row.items() if "GG" in str(name) and str(name).lower().startswith("p"))
    assert found.p_gg == pytest.approx(gg)


def test_the_omnibus_table_uses_complete_listeners(make: Make) -> None:
    frame = make(listeners=9, items=4)
    table = omnibus(frame)
    assert list(table["effect"]) == ["condition", "condition", "item", "condition x item"]
    gap = (frame["listener"] == "listener 003") & (frame["item"] == "item 01") & (frame["condition"] == "A")
    fewer = omnibus(frame[~gap])
    assert list(fewer["n_listeners"]) == [9, 8, 8, 8]
    pd.testing.assert_frame_equal(
        fewer.iloc[1:].reset_index(drop=True),
        omnibus(frame[frame["listener"] != "listener 003"]).iloc[1:].reset_index(drop=True),
    )
    with pytest.raises(DesignError, match="found 3 and 1"):
        omnibus(make(listeners=1))


def test_hotelling_is_the_paired_t_test_for_two_levels() -> None:
    scores = np.random.default_rng(0).normal(0, 1, (11, 2))
    found = rm_anova(scores, ("condition",))[0]
    witness = stats.ttest_rel(scores[:, 0], scores[:, 1])
    assert found.f == pytest.approx(witness.statistic**2)
    assert found.p_multivariate == pytest.approx(witness.pvalue) and found.p_hf == pytest.approx(
        witness.pvalue
    )


def test_two_listeners_have_no_huynh_feldt_epsilon() -> None:
    for seed in range(20):
        scores = np.random.default_rng(seed).normal(50, 10, (2, 4))
        found = rm_anova(scores, ("condition",))[0]
        assert np.isnan(found.epsilon_hf) and np.isnan(found.p_hf)
        assert found.epsilon_gg == pytest.approx(1 / 3), "the lower bound, 1 / (levels - 1)"
    two = rm_anova(np.array([[1.0, 3], [2, 5]]), ("condition",))[0]
    assert two.epsilon_hf == 1 and two.p_hf == pytest.approx(stats.ttest_rel([1, 2], [3, 5]).pvalue), (
        "two levels have nothing to correct"
    )


def test_advice_follows_attachment_4(make: Make) -> None:
    table = omnibus(make(listeners=40, items=3, own=(0.0, 0.0)))
    row = table[table["effect"] == "condition"].iloc[1]
    assert row["advice"] == "p_multivariate", "40 listeners are not fewer than 3 levels + 30"
    few = omnibus(make(listeners=12, items=3, own=(0.0, 0.0), seed=1)).iloc[1]
    assert omnibus(make(listeners=2)).loc[1, "advice"] == "p_gg", "the only one that two listeners give"
    assert few["advice"] == ("p_hf" if few["epsilon_hf"] > 0.85 else "p_multivariate")


def test_power_agrees_with_simulated_ratings() -> None:
    spread, rng, hits, draws = Spread(6, 4, 9), np.random.default_rng(0), 0, 600
    for _ in range(draws):
        table = 7 + 6 * rng.normal(size=(12, 1)) + 4 * rng.normal(size=(1, 7)) + 9 * rng.normal(size=(12, 7))
        found = interval("two-way", table.ravel(), np.repeat(np.arange(12), 7), np.tile(np.arange(7), 12))
        hits += found.p_of_zero < 0.05
    expected = power(7, 12, 7, spread, draws=20_000)
    assert hits / draws == pytest.approx(expected, abs=4 * (expected * (1 - expected) / draws) ** 0.5)


def test_power_is_the_tests_own_without_variance_of_listeners_and_items() -> None:
    # Without variance of listeners and items the two mean squares often lie below the residual's.
    rng, hits, draws = np.random.default_rng(1), 0, 400
    for _ in range(draws):
        table = 10 + 17 * rng.normal(size=(5, 4))
        found = interval("two-way", table.ravel(), np.repeat(np.arange(5), 4), np.tile(np.arange(4), 5))
        hits += found.p_of_zero < 0.05
    expected = power(10, 5, 4, Spread(0, 0, 17), draws=20_000)
    assert hits / draws == pytest.approx(expected, abs=4 * (expected * (1 - expected) / draws) ** 0.5)


def test_power_without_a_difference_is_the_level() -> None:
    assert power(0, 15, 8, draws=20_000) == pytest.approx(0.05, abs=0.012)
    assert power(0, 15, 8, comparisons=5, draws=20_000) == pytest.approx(0.01, abs=0.006)


def test_required_listeners_is_the_smallest_number_that_suffices() -> None:
    n = required_listeners(10, 9)
    assert power(10, n, 9) >= 0.8 > power(10, n - 1, 9)
    with pytest.raises(
        DesignError, match="with 5 items no number of listeners finds 3 points with a power of 80 %"
    ):
        required_listeners(3, 5)


def test_a_pilot_tells_the_spread(make: Make) -> None:
    frame = make(listeners=60, items=40, means={"A": 50.0, "B": 40.0}, sd=(8, 5, 7), own=(3, 4), seed=8)
    found = pilot_spread(frame)
    expected = (3 * 2**0.5, 4 * 2**0.5, 7 * 2**0.5)
    assert (found.listener_sd, found.item_sd, found.residual_sd) == pytest.approx(expected, rel=0.25)
    assert required_listeners(10, 40, frame) == required_listeners(10, 40, found)
    with pytest.raises(DesignError, match="the pilot has no condition 'Z'; found A, B"):
        pilot_spread(frame, ("A", "Z"))

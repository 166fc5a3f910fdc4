"""Power: against simulated ratings, at its edges, and the pilot's components by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis import DesignError, Spread, pilot_spread, plot_power, power, power_curve, required_listeners
from analysis.models.simulation.incomplete import _Design
from analysis.statistics.crossed import crossed_mean
from analysis.statistics.intervals import interval

Make = Callable[..., pd.DataFrame]


def test_what_is_assumed_when_nothing_is_said() -> None:
    stated = power(9, 12, 8, Spread(10.0, 6.0, 17.0), alpha=0.05, comparisons=1, draws=4000, seed=0)
    assert power(9, 12, 8) == stated
    assert power(9, 12, 8, seed=1) != stated != power(9, 12, 8, draws=3999)
    assert power(9, 12, 8, alpha=0.2) > stated > power(9, 12, 8, comparisons=4)
    # A family of comparisons corrects the level, and its conditions tell about one another's variances.
    assert power(9, 12, 8, comparisons=6) > power(9, 12, 8, alpha=0.05 / 6)
    needed = required_listeners(9, 8)
    assert power(9, needed, 8) >= 0.8 > power(9, needed - 1, 8)
    few = {"draws": 500}
    some = required_listeners(9, 8, **few)
    assert some == required_listeners(9, 8, Spread(10.0, 6.0, 17.0), wanted=0.8, seed=0, **few)
    assert required_listeners(9, 8, wanted=0.6, **few) < some < required_listeners(9, 8, comparisons=3, **few)


def test_two_listeners_are_the_fewest_that_are_tried() -> None:
    assert required_listeners(500, 4) == 2


def test_without_any_variance_every_difference_is_found_and_none_is_not() -> None:
    nothing = Spread(0, 0, 0)
    assert [power(gap, 5, 4, nothing) for gap in (3, -3, 0)] == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("spread", [Spread(-1, 1, 1), Spread(1, -1, 1), Spread(1, 1, -1)])
def test_a_standard_deviation_below_zero_is_refused(spread: Spread) -> None:
    with pytest.raises(DesignError, match="below zero"):
        power(5, 5, 5, spread)


def test_two_listeners_and_two_items_are_enough() -> None:
    assert power(5, 2, 2) >= 0


def test_variance_of_listeners_and_items_is_drawn_as_such() -> None:
    # A single source of variance: the test is a t test over listeners (or items), whose level is exact.
    for spread in (Spread(10, 0, 0.01), Spread(0, 10, 0.01)):
        assert power(0, 8, 8, spread, draws=20_000) == pytest.approx(0.05, abs=0.01)
    listeners, items = power(8, 8, 20, Spread(10, 0, 0.01)), power(8, 20, 8, Spread(0, 10, 0.01))
    assert listeners == pytest.approx(items, abs=0.03)
    from statsmodels.stats.power import TTestPower

    assert listeners == pytest.approx(TTestPower().power(0.8, 8, 0.05), abs=0.03)


def test_a_pilot_averages_the_variances_of_all_pairs_of_methods(make: Make) -> None:
    frame = make(listeners=9, items=5, missing=0.1)
    wide = frame.pivot(index=["listener", "item"], columns="condition", values="score")
    parts = []
    for a, b in (("A", "B"), ("A", "C"), ("B", "C")):
        gaps = (wide[a] - wide[b]).dropna()
        codes = [pd.factorize(gaps.index.get_level_values(k))[0] for k in (0, 1)]
        found = crossed_mean(gaps.to_numpy(), *codes)
        parts.append(found.components)
    expected = np.sqrt(np.mean(parts, axis=0))
    spread = pilot_spread(frame)
    assert (spread.listener_sd, spread.item_sd, spread.residual_sd) == pytest.approx(tuple(expected))
    one = pilot_spread(frame, ("A", "C"))
    assert one.residual_sd == pytest.approx(parts[1][2] ** 0.5)
    with pytest.raises(DesignError, match="no two methods that two listeners rated on two items"):
        pilot_spread(make(listeners=1))
    with pytest.raises(DesignError, match="no two methods that two listeners rated on two items"):
        pilot_spread(make(items=1))


def test_power_agrees_with_simulated_ratings() -> None:
    spread, rng, hits, draws = Spread(6, 4, 9), np.random.default_rng(0), 0, 600
    for _ in range(draws):
        table = 7 + 6 * rng.normal(size=(12, 1)) + 4 * rng.normal(size=(1, 7)) + 9 * rng.normal(size=(12, 7))
        found = interval("two-way", table.ravel(), np.repeat(np.arange(12), 7), np.tile(np.arange(7), 12))
        hits += found.p_of_zero < 0.05
    expected = power(7, 12, 7, spread, draws=10_000)
    assert hits / draws == pytest.approx(expected, abs=4 * (expected * (1 - expected) / draws) ** 0.5)


def test_power_is_the_tests_own_without_variance_of_listeners_and_items() -> None:
    # Without variance of listeners and items the two mean squares often lie below the residual's.
    rng, hits, draws = np.random.default_rng(1), 0, 400
    for _ in range(draws):
        table = 10 + 17 * rng.normal(size=(5, 4))
        found = interval("two-way", table.ravel(), np.repeat(np.arange(5), 4), np.tile(np.arange(4), 5))
        hits += found.p_of_zero < 0.05
    expected = power(10, 5, 4, Spread(0, 0, 17), draws=10_000)
    assert hits / draws == pytest.approx(expected, abs=4 * (expected * (1 - expected) / draws) ** 0.5)


def test_power_without_a_difference_is_the_level() -> None:
    assert power(0, 15, 8, draws=10_000) == pytest.approx(0.05, abs=0.012)
    assert power(0, 15, 8, comparisons=5, draws=10_000) == pytest.approx(0.01, abs=0.006)


def test_required_listeners_is_the_smallest_number_that_reaches_the_power() -> None:
    n = required_listeners(10, 9, draws=500)
    assert power(10, n, 9, draws=500) >= 0.8 > power(10, n - 1, 9, draws=500)
    with pytest.raises(
        DesignError, match="with 5 items no number of listeners finds 3 points with a power of 80 %"
    ):
        required_listeners(3, 5, draws=300)


def test_numbers_of_listeners_up_to_the_most_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.models.power.power", lambda _, n, *rest, **more: float(n >= 1600))
    assert required_listeners(3, 8, items_each=4) == 1600
    monkeypatch.setattr("analysis.models.power.power", lambda _, n, *rest, **more: float(n > 2000))
    with pytest.raises(DesignError, match=r"\(0 % with 2000\); use more items"):
        required_listeners(3, 8, items_each=4)


def test_a_pilot_needs_no_more_than_four_columns(make: Make) -> None:
    frame = make(items=4)
    frame = frame[frame["role"] == "method"]
    assert pilot_spread(frame[["listener", "item", "condition", "score"]]) == pilot_spread(frame)


def test_a_pilot_gives_the_spread(make: Make) -> None:
    frame = make(listeners=60, items=40, means={"A": 50.0, "B": 40.0}, sd=(8, 5, 7), own=(3, 4), seed=8)
    found = pilot_spread(frame)
    expected = (3 * 2**0.5, 4 * 2**0.5, 7 * 2**0.5)
    assert (found.listener_sd, found.item_sd, found.residual_sd) == pytest.approx(expected, rel=0.25)
    assert required_listeners(10, 40, frame, draws=100) == required_listeners(10, 40, found, draws=100)
    with pytest.raises(DesignError, match="the pilot has no condition 'Z'; found A, B"):
        pilot_spread(frame, ("A", "Z"))


def test_power_of_an_incomplete_design_agrees_with_simulated_ratings() -> None:
    spread, draws, n_listeners, n_items, heard = Spread(6, 4, 9), 500, 12, 8, 4
    rng, hits = np.random.default_rng(0), 0
    for _ in range(draws):
        # Another way to spread the items evenly: each item's listeners by a Latin square, turned at random.
        start = rng.permutation(n_listeners) % n_items
        item = (start[:, None] + rng.permutation(n_items)[:heard]).ravel() % n_items
        listener = np.repeat(np.arange(n_listeners), heard)
        table = 7 + 6 * rng.normal(size=n_listeners)[listener] + 4 * rng.normal(size=n_items)[item]
        found = interval("two-way", table + 9 * rng.normal(size=len(item)), listener, item)
        hits += found.p_of_zero < 0.05
    expected = power(7, n_listeners, n_items, spread, items_each=heard, draws=4000)
    assert hits / draws == pytest.approx(expected, abs=0.02 + 3 * (expected * (1 - expected) / draws) ** 0.5)
    assert power(7, n_listeners, heard, spread) < expected < power(7, n_listeners, n_items, spread)


def test_the_sums_of_squares_of_an_incomplete_study_are_those_of_the_analysis() -> None:
    design = _Design.draw(7, 6, 3, np.random.default_rng(2))
    assert set(design.per_listener) == {3} and set(design.per_item) <= {3, 4}
    y = np.random.default_rng(3).normal(50, 10, (2, 3, design.n))
    means, listeners, items, rest = design.reduce(y)
    for study in range(2):
        for pair in range(3):
            found = crossed_mean(y[study, pair], design.listeners, design.items)
            assert found.listener and found.item and found.residual
            assert means[study, pair] == pytest.approx(found.mean)
            assert listeners[study, pair] == pytest.approx(found.listener.total)
            assert items[study, pair] == pytest.approx(found.item.total)
            assert rest[study, pair] == pytest.approx(found.residual.total)
            assert design.layout.dfs == (found.listener.df, found.item.df, found.residual.df)
            factors = [
                design.n * weight / form.per_component
                for weight, form in zip(found.weights, (found.listener, found.item), strict=True)
            ]
            assert design.layout.factors == pytest.approx(factors)


def test_all_items_for_each_is_the_complete_design() -> None:
    assert power(9, 12, 8, items_each=8) == power(9, 12, 8)
    assert required_listeners(9, 8, items_each=4, draws=300) > required_listeners(9, 8, draws=300)
    curve = power_curve(9, 8, [6, 12], items_each=8)
    assert curve["power"].to_list() == [power(9, 6, 8), power(9, 12, 8)]
    assert curve[["n_items", "items_each", "difference"]].drop_duplicates().to_numpy().tolist() == [[8, 8, 9]]


@pytest.mark.parametrize("heard", [1, 9])
def test_each_listener_hears_two_items_or_more_and_no_more_than_there_are(heard: int) -> None:
    with pytest.raises(
        DesignError, match=f"each listener hears {heard} items; expected 2 to 8, the number of"
    ):
        power(9, 12, 8, items_each=heard)


@pytest.mark.parametrize(("listeners", "items", "noun"), [(1, 8, "listeners"), (12, 1, "items")])
def test_one_listener_or_item_is_refused(listeners: int, items: int, noun: str) -> None:
    message = f"a two-way test needs two {noun} or more; found 1"
    with pytest.raises(DesignError, match=message):
        power(9, listeners, items)
    if items == 1:  # no number of listeners is enough
        with pytest.raises(DesignError, match=message):
            required_listeners(9, items)


def test_too_few_ratings_to_tell_listeners_and_items_apart() -> None:
    with pytest.raises(DesignError, match="17 listeners who each hear 2 of 18 items give too few ratings"):
        power(9, 17, 18, items_each=2)
    assert required_listeners(60, 16, items_each=2, draws=100) >= 16


def test_the_curve_is_drawn_with_the_power_wanted() -> None:
    curves = [
        power_curve(gap, 8, [6, 12, 24], draws=500, **more) for gap, more in ((9, {}), (9, {"items_each": 4}))
    ]
    ax = plot_power(pd.concat(curves), wanted=0.9)
    lines = [line for line in ax.get_lines() if len(line.get_xdata()) == 3]
    assert [list(line.get_ydata()) for line in lines] == [
        list(100 * curve["power"]) for curve in reversed(curves)
    ]
    assert any(list(line.get_ydata()) == [90, 90] for line in ax.get_lines())
    texts = {text.get_text() for text in ax.get_figure().legends[0].get_texts()}
    assert texts == {"9 points, 8 items", "9 points, 4 of 8 items"}

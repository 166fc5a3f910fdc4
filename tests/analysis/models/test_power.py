"""Power: defaults, designs without variance, and the pilot's components by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis import DesignError, Spread, pilot_spread, power, required_listeners
from analysis.statistics.crossed import crossed_mean

Make = Callable[..., pd.DataFrame]


def test_what_is_assumed_when_nothing_is_said() -> None:
    stated = power(9, 12, 8, Spread(10.0, 6.0, 17.0), alpha=0.05, comparisons=1, draws=4000, seed=0)
    assert power(9, 12, 8) == stated
    assert power(9, 12, 8, seed=1) != stated != power(9, 12, 8, draws=3999)
    assert power(9, 12, 8, alpha=0.2) > stated > power(9, 12, 8, comparisons=4)
    # A family of comparisons corrects the level, and its conditions tell about one another's variances.
    assert power(9, 12, 8, comparisons=6) > power(9, 12, 8, alpha=0.05 / 6)
    needed = required_listeners(9, 8)
    options = {"wanted": 0.8, "alpha": 0.05, "comparisons": 1, "draws": 4000, "seed": 0}
    assert needed == required_listeners(9, 8, Spread(10.0, 6.0, 17.0), **options)  # type: ignore[arg-type]
    assert power(9, needed, 8) >= 0.8 > power(9, needed - 1, 8)
    assert required_listeners(9, 8, wanted=0.6) < needed < required_listeners(9, 8, comparisons=3)


def test_two_listeners_are_the_fewest_that_are_tried() -> None:
    assert required_listeners(500, 4) == 2


def test_without_any_variance_every_difference_is_found_and_none_is_not() -> None:
    nothing = Spread(0, 0, 0)
    assert [power(gap, 5, 4, nothing) for gap in (3, -3, 0)] == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("spread", [Spread(-1, 1, 1), Spread(1, -1, 1), Spread(1, 1, -1)])
def test_a_standard_deviation_below_zero_is_refused(spread: Spread) -> None:
    with pytest.raises(DesignError, match="below zero"):
        power(5, 5, 5, spread)


@pytest.mark.parametrize(("listeners", "items"), [(1, 5), (5, 1)])
def test_a_study_needs_two_of_each(listeners: int, items: int) -> None:
    with pytest.raises(DesignError, match=f"found {listeners} and {items}"):
        power(5, listeners, items)
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

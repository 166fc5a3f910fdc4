"""How many listeners a study needs, by simulating the two-way model that will analyse it.

Each listener hears every item, or, with `items_each`, as many of them as a session has time for.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TypedDict, Unpack

import numpy as np
import pandas as pd

from analysis.errors import DesignError
from analysis.formatting import percent
from analysis.models.simulation.balanced import simulate_balanced
from analysis.models.simulation.incomplete import simulate_incomplete
from analysis.models.simulation.studies import SimulatedStudies, Spread
from analysis.ratings.tidy import cells, fill_columns
from analysis.statistics.crossed import crossed_mean

ASSUMED = Spread()
_MOST, _MOST_DRAWN = 20_000, 2_000  # listeners of designs whose sums of squares, or whose ratings, are drawn


class PowerSettings(TypedDict, total=False):
    """The settings of `power`, which has their defaults, for the functions that invert or repeat it."""

    items_each: int | None
    alpha: float
    comparisons: int
    draws: int
    seed: int


def power(
    difference: float, n_listeners: int, n_items: int, spread: Spread = ASSUMED, *,
    items_each: int | None = None, alpha: float = 0.05, comparisons: int = 1, draws: int = 4000,
    seed: int = 0,
) -> float:  # fmt: skip
    """Probability that the two-way test finds a difference.

    Args:
        difference: True difference in points.
        n_listeners: Listeners.
        n_items: Items.
        spread: Standard deviations.
        items_each: Items that each listener hears, all of them equally often up to one; by default all.
        alpha: Level of the test.
        comparisons: Comparisons that are corrected for (the first step of Holm's method: alpha divided by
            it).
        draws: Simulated studies.
        seed: Seed of the simulation.

    Raises:
        DesignError: Fewer than two listeners or items, more items for each than there are, a standard
            deviation below zero, or too few ratings to tell listeners, items and the rest apart.
    """
    _check_design(n_listeners, n_items, items_each)
    if min(spread.listener_sd, spread.item_sd, spread.residual_sd) < 0:
        raise DesignError("standard deviations cannot be below zero")
    conditions = _conditions(comparisons)
    studies: SimulatedStudies
    if items_each is None or items_each == n_items:
        studies = simulate_balanced(difference, n_listeners, n_items, spread, conditions, draws, seed)
    else:
        studies = simulate_incomplete(
            difference, n_listeners, n_items, items_each, spread, conditions, draws, seed
        )
    return float((studies.p_values(slice(1)) < alpha / comparisons).mean())


def _check_design(n_listeners: int, n_items: int, items_each: int | None) -> None:
    for count, noun in ((n_listeners, "listeners"), (n_items, "items")):
        if count < 2:
            raise DesignError(f"a two-way test needs two {noun} or more; found {count}")
    if items_each is not None and not 2 <= items_each <= n_items:
        raise DesignError(
            f"each listener hears {items_each} items; expected 2 to {n_items}, the number of items"
        )


def _conditions(comparisons: int) -> int:
    """Return how many conditions have so many pairs, at least."""
    return next(count for count in itertools.count(2) if count * (count - 1) // 2 >= comparisons)


def required_listeners(
    difference: float,
    n_items: int,
    spread: Spread | pd.DataFrame | None = None,
    *,
    wanted: float = 0.8,
    **settings: Unpack[PowerSettings],
) -> int:
    """Return the smallest number of listeners with which the two-way test finds a difference often enough.

    Args:
        difference: True difference in points that the study should find.
        n_items: Items.
        spread: Standard deviations, or the tidy ratings of a pilot study to take them from.
        wanted: Power.
        **settings: As for `power`.

    Raises:
        DesignError: No number of listeners is enough with so few items, the pilot has no pair to learn
            from, or as `power`.
    """
    known = pilot_spread(spread) if isinstance(spread, pd.DataFrame) else spread or ASSUMED
    most = _MOST if settings.get("items_each") in (None, n_items) else _MOST_DRAWN

    def power_of(n: int) -> float:
        return power(difference, n, n_items, known, **settings)

    _check_design(2, n_items, settings.get("items_each"))
    # The fewest listeners whose ratings tell listeners, items and the rest apart.
    low = next(n for n in itertools.count(2) if _is_enough(n, n_items, settings.get("items_each"))) - 1
    high = low + 1
    while power_of(high) < wanted:
        if high >= most:
            raise DesignError(
                f"with {n_items} items no number of listeners finds {difference:g} points with a power of "
                f"{percent(wanted)} ({percent(power_of(high))} with {high}); use more items"
            )
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_of(middle) >= wanted else (middle, high)
    return high


def _is_enough(n_listeners: int, n_items: int, items_each: int | None) -> bool:
    """Return whether a rating is left when each listener and each item has its own effect."""
    return n_listeners * (items_each or n_items) >= n_listeners + n_items


def power_curve(
    difference: float,
    n_items: int,
    n_listeners: Sequence[int],
    spread: Spread = ASSUMED,
    **settings: Unpack[PowerSettings],
) -> pd.DataFrame:
    """Return the power for several numbers of listeners.

    Args:
        difference: True difference in points.
        n_items: Items.
        n_listeners: Numbers of listeners.
        spread: Standard deviations.
        **settings: As for `power`.

    Returns:
        Columns `n_listeners, n_items, items_each, difference, power`.

    Raises:
        DesignError: As `power`.
    """
    rows = [
        (n, n_items, settings.get("items_each") or n_items, difference,
         power(difference, n, n_items, spread, **settings))
        for n in n_listeners
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["n_listeners", "n_items", "items_each", "difference", "power"])


def pilot_spread(
    frame: pd.DataFrame, pair: tuple[str, str] | None = None, *, attribute: str | None = None
) -> Spread:
    """Estimate the standard deviations of a paired difference from a pilot study.

    Args:
        frame: Tidy ratings of the pilot.
        pair: Two conditions; by default the mean of the variances over all pairs of methods.
        attribute: The scale, if the pilot has several.

    Raises:
        DesignError: No pair with two listeners and two items, no rating of the attribute, or several and none
            chosen.
    """
    frame = fill_columns(frame)
    table = cells(frame, attribute)
    roles = frame.drop_duplicates("condition").set_index("condition")["role"]
    names = [name for name in sorted(table["condition"].unique()) if roles[name] == "method"]
    pairs = [pair] if pair else list(itertools.combinations(names, 2))
    wide = table.pivot(index=["listener", "item"], columns="condition", values="score")
    found = []
    for a, b in pairs:
        if a not in wide or b not in wide:
            raise DesignError(
                f"the pilot has no condition {a if a not in wide else b!r}; found {', '.join(wide.columns)}"
            )
        gaps = (wide[a] - wide[b]).dropna()
        listener, item = (pd.factorize(gaps.index.get_level_values(k))[0] for k in (0, 1))
        if len(gaps) and listener.max() > 0 and item.max() > 0:
            parts = crossed_mean(gaps.to_numpy(float), listener, item)
            if parts.residual is not None:
                found.append(parts.components)
    if not found:
        raise DesignError("the pilot has no two methods that two listeners rated on two items")
    listener_sd, item_sd, residual_sd = np.sqrt(np.mean(found, axis=0))
    return Spread(float(listener_sd), float(item_sd), float(residual_sd))

"""How many listeners a study needs, by simulating the two-way model that will analyse it.

A paired difference between two conditions is `d_ij = difference + a_i + b_j + e_ij`: how differently
listeners feel about the two (`listener_sd`), how differently items tell them apart (`item_sd`), and the rest
(`residual_sd`). In a balanced design the mean and the mean squares have known distributions, so that these
are drawn rather than single ratings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import DesignError
from analysis.ratings.tidy import cells
from analysis.statistics.variance import Floats, two_way

_MOST = 20_000


@dataclass(frozen=True)
class Spread:
    """Standard deviations of a paired difference, in points of the scale.

    The defaults are those of a difference between two methods of which each has a listener SD of 10, an item
    SD of 6 and a residual SD of 12, half of the listeners' and items' variance being shared by the two.
    """

    listener_sd: float = 10.0
    item_sd: float = 6.0
    residual_sd: float = 17.0


def power(
    difference: float, n_listeners: int, n_items: int, spread: Spread = Spread(), *,
    alpha: float = 0.05, comparisons: int = 1, draws: int = 4000, seed: int = 0,
) -> float:  # fmt: skip
    """Probability that the two-way test finds a difference.

    Args:
        difference: True difference in points.
        n_listeners: Listeners, each of whom rates every item.
        n_items: Items.
        spread: Standard deviations.
        alpha: Level of the test.
        comparisons: Comparisons that are corrected for (the first step of Holm's method: alpha divided by
            it).
        draws: Simulated studies.
        seed: Seed of the simulation.

    Raises:
        DesignError: Fewer than two listeners or items, or a standard deviation below zero.
    """
    if n_listeners < 2 or n_items < 2:
        raise DesignError(f"A study needs two listeners and two items; found {n_listeners} and {n_items}.")
    if min(spread.listener_sd, spread.item_sd, spread.residual_sd) < 0:
        raise DesignError("Standard deviations cannot be below zero.")
    rng = np.random.default_rng(seed)
    a, b, e = (sd**2 for sd in (spread.listener_sd, spread.item_sd, spread.residual_sd))
    n, da, db = n_listeners * n_items, n_listeners - 1, n_items - 1
    de = da * db
    mean = difference + rng.standard_normal(draws) * (a / n_listeners + b / n_items + e / n) ** 0.5
    ms_a = (n_items * a + e) * rng.chisquare(da, draws) / da
    ms_b = (n_listeners * b + e) * rng.chisquare(db, draws) / db
    ms_e = e * rng.chisquare(de, draws) / de
    total, df = _variance_of_mean(ms_a, ms_b, ms_e, n_listeners, n_items)
    if not (total > 0).all():
        return float(difference != 0)
    p = 2 * stats.t.sf(np.abs(mean) / (total / n) ** 0.5, df)
    return float((p < alpha / comparisons).mean())


def _variance_of_mean(
    ms_a: Floats, ms_b: Floats, ms_e: Floats, n_listeners: int, n_items: int
) -> tuple[Floats, Floats]:
    """Do what `variance.two_way` does, for the mean squares of many balanced studies at once.

    The more negative of two components is left out and its sum of squares pooled with the residual's; then
    the other one, if it is negative against the pooled mean square.

    Returns:
        Variance of the mean times the number of ratings, and its degrees of freedom (Satterthwaite 1946).
    """
    da, db = n_listeners - 1, n_items - 1
    de = da * db
    a, b = (ms_a - ms_e) / n_items, (ms_b - ms_e) / n_listeners
    without_a, without_b = (a < 0) & (a <= b), (b < 0) & (b < a)
    pooled_a, pooled_b = (da * ms_a + de * ms_e) / (da + de), (db * ms_b + de * ms_e) / (db + de)
    neither = (without_a & (ms_b < pooled_a)) | (without_b & (ms_a < pooled_b))
    all_pooled = (da * ms_a + db * ms_b + de * ms_e) / (da + db + de)
    both = ms_a + ms_b - ms_e
    with np.errstate(invalid="ignore"):
        df = both**2 / (ms_a**2 / da + ms_b**2 / db + ms_e**2 / de)
    cases = [neither, without_a, without_b]
    total = np.select(cases, [all_pooled, ms_b, ms_a], both)
    return total, np.select(
        cases, [np.full_like(df, da + db + de), np.full_like(df, db), np.full_like(df, da)], df
    )


def required_listeners(
    difference: float, n_items: int, spread: Spread | pd.DataFrame | None = None, *,
    wanted: float = 0.8, alpha: float = 0.05, comparisons: int = 1, draws: int = 4000, seed: int = 0,
) -> int:  # fmt: skip
    """Return the smallest number of listeners with which the two-way test finds a difference often enough.

    Args:
        difference: True difference in points that the study should find.
        n_items: Items, each rated by every listener.
        spread: Standard deviations, or the tidy ratings of a pilot study to take them from.
        wanted: Power.
        alpha: Level of the test.
        comparisons: Comparisons that are corrected for.
        draws: Simulated studies per size.
        seed: Seed of the simulation.

    Raises:
        DesignError: No number of listeners is enough with so few items, or the pilot has no pair to learn
            from.
    """
    known = pilot_spread(spread) if isinstance(spread, pd.DataFrame) else spread or Spread()

    def reaches(n: int) -> bool:
        got = power(
            difference, n, n_items, known, alpha=alpha, comparisons=comparisons, draws=draws, seed=seed
        )
        return got >= wanted

    low, high = 1, 2
    while not reaches(high):
        low, high = high, high * 2
        if high > _MOST:
            best = power(
                difference,
                _MOST,
                n_items,
                known,
                alpha=alpha,
                comparisons=comparisons,
                draws=draws,
                seed=seed,
            )
            raise DesignError(
                f"With {n_items} items no number of listeners finds {difference:g} points with a power of "
                f"{wanted:.0%} "
                f"({best:.0%} with {_MOST}); use more items.".replace("%", " %")
            )
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


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
    import itertools

    table = cells(frame, attribute)
    roles = frame.drop_duplicates("condition").set_index("condition")["role"]
    names = [name for name in sorted(table["condition"].unique()) if roles[name] == "method"]
    pairs = [pair] if pair else list(itertools.combinations(names, 2))
    wide = table.pivot(index=["listener", "item"], columns="condition", values="score")
    found = []
    for a, b in pairs:
        if a not in wide or b not in wide:
            raise DesignError(
                f"The pilot has no condition '{a if a not in wide else b}'; found {', '.join(wide.columns)}."
            )
        gaps = (wide[a] - wide[b]).dropna()
        listener, item = (pd.factorize(gaps.index.get_level_values(k))[0] for k in (0, 1))
        if len(gaps) and listener.max() > 0 and item.max() > 0:
            parts = two_way(gaps.to_numpy(float), listener, item)
            found.append((parts.listener, parts.item, parts.residual))
    if not found:
        raise DesignError("The pilot has no two methods that two listeners rated on two items.")
    listener_sd, item_sd, residual_sd = np.sqrt(np.mean(found, axis=0))
    return Spread(float(listener_sd), float(item_sd), float(residual_sd))

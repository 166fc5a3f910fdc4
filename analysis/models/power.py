"""How many listeners a study needs, by simulating the two-way model that will analyse it.

A paired difference between two conditions is `d_ij = difference + a_i + b_j + e_ij`: how differently
listeners feel about the two (`listener_sd`), how differently items tell them apart (`item_sd`), and the rest
(`residual_sd`). In a balanced design the mean and the mean squares have known distributions, so that these
are drawn rather than single ratings.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DesignError
from analysis.ratings.tidy import cells
from analysis.statistics.crossed import crossed_mean
from analysis.statistics.moderation import balanced_p_values, prior_df
from analysis.statistics.variance import Floats, Ints

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
        raise DesignError(f"a study needs two listeners and two items; found {n_listeners} and {n_items}")
    if min(spread.listener_sd, spread.item_sd, spread.residual_sd) < 0:
        raise DesignError("standard deviations cannot be below zero")
    conditions = _conditions(comparisons)
    studies = simulate_studies(difference, n_listeners, n_items, spread, conditions, draws, seed)
    return float((studies.p_values(slice(1)) < alpha / comparisons).mean())


def _conditions(comparisons: int) -> int:
    """Return how many conditions have so many pairs, at least."""
    return next(count for count in itertools.count(2) if count * (count - 1) // 2 >= comparisons)


@dataclass(frozen=True)
class SimulatedStudies:
    """Balanced studies by what their analysis needs: differences of all pairs and their sums of squares.

    Attributes:
        n_listeners: listeners of each.
        n_items: items, each rated by every listener.
        conditions: conditions of each.
        differences: mean differences, `[studies, pairs]`.
        totals: sums of squares of listeners, items and the residual, `[studies, pairs]` each.
    """

    n_listeners: int
    n_items: int
    conditions: int
    differences: Floats
    totals: tuple[Floats, Floats, Floats]

    def p_values(self, pairs: slice = slice(None)) -> Floats:
        """Return the p values of some pairs of each study, moderated as in `compare`, `[studies, pairs]`."""
        dfs = (self.n_listeners - 1, self.n_items - 1, (self.n_listeners - 1) * (self.n_items - 1))
        prior = np.zeros((len(self.differences), 3))
        moderated = [total[:, pairs] for total in self.totals]
        if self.conditions > 2:
            for k, (total, df) in enumerate(zip(self.totals, dfs, strict=True)):
                every = np.full(total.shape[1], float(df))
                prior[:, k] = prior_df(np.maximum(total, np.finfo(float).tiny) / df, every, self.conditions)
                moderated[k] = moderated[k] + prior[:, k, None] * total.mean(axis=1, keepdims=True)
        return balanced_p_values(
            self.differences[:, pairs],
            (moderated[0], moderated[1], moderated[2]),
            self.n_listeners,
            self.n_items,
            prior,
        )


def simulate_studies(
    difference: float, n_listeners: int, n_items: int, spread: Spread, conditions: int, draws: int, seed: int
) -> SimulatedStudies:
    """Draw balanced studies in which the first condition is `difference` points above all others.

    The conditions' listener, item and residual effects are independent, each with half of the variance that a
    difference has. Their sums of squares and products are Wishart matrices, drawn in place of ratings.

    Args:
        difference: true difference in points.
        n_listeners: listeners of each study.
        n_items: items of each study.
        spread: standard deviations of a paired difference.
        conditions: conditions of each study.
        draws: studies.
        seed: seed of the simulation.
    """
    rng = np.random.default_rng(seed)
    a, b, e = (sd**2 / 2 for sd in (spread.listener_sd, spread.item_sd, spread.residual_sd))
    n, da, db = n_listeners * n_items, n_listeners - 1, n_items - 1
    means = rng.standard_normal((draws, conditions)) * (a / n_listeners + b / n_items + e / n) ** 0.5
    means[:, 0] += difference
    first, second = np.triu_indices(conditions, 1)
    expected = ((n_items * a + e, da), (n_listeners * b + e, db), (e, da * db))
    totals = [square * _pair_squares(rng, draws, df, first, second) for square, df in expected]
    return SimulatedStudies(
        n_listeners,
        n_items,
        conditions,
        means[:, first] - means[:, second],
        (totals[0], totals[1], totals[2]),
    )


def _pair_squares(rng: np.random.Generator, draws: int, df: int, first: Ints, second: Ints) -> Floats:
    """Sums of squares of the pairs' differences of `df` rows of standard normals, `[draws, pairs]`.

    The rows matter only through their products, a Wishart matrix L L' (Bartlett 1934): with more rows than
    conditions L is triangular, with chi variates on its diagonal.
    """
    conditions = int(second.max()) + 1
    if df < conditions:
        rows = rng.standard_normal((draws, df, conditions))
    else:
        lower = np.tril(rng.standard_normal((draws, conditions, conditions)), -1)
        diagonal = np.arange(conditions)
        lower[:, diagonal, diagonal] = rng.chisquare(df - diagonal, (draws, conditions)) ** 0.5
        rows = lower.transpose(0, 2, 1)
    squares: Floats = ((rows[:, :, first] - rows[:, :, second]) ** 2).sum(axis=1)
    return squares


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
                f"with {n_items} items no number of listeners finds {difference:g} points with a power of "
                f"{wanted:.0%} "
                f"({best:.0%} with {_MOST}); use more items".replace("%", " %")
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

"""A cumulative-link mixed model: conditions compared by the order of the grades, not by their distances.

Proportional odds with crossed normal effects of listener, item and their interactions with condition
(McCullagh 1980, Journal of the Royal Statistical Society B 42:109-142). The mean of grades from 1 to 5
assumes that the step from "bad" to "poor" equals that from "good" to "excellent"; this model does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import optimize, stats
from scipy.special import logit

from analysis.errors import DesignError
from analysis.models.likelihood.laplace import Grades
from analysis.ratings.selection import choose_conditions
from analysis.ratings.tidy import is_simulated, select_rated
from analysis.statistics.corrections import adjust
from analysis.statistics.intervals import LEVEL
from analysis.statistics.variance import Floats

COMPONENTS = ("listener", "item", "listener x condition", "item x condition")
MOST_GRADES = 11
_MOST_EFFECTS = 200  # two seconds; the cost grows with their cube
_ZERO = 0.01  # a standard deviation of logits that is as good as zero
_STEP = 5e-3
_FARTHEST = 15.0  # log odds; farther apart, the likelihood only grows with the distance


@dataclass(frozen=True)
class OrdinalModel:
    """Estimates on the scale of logits: thresholds between grades, log odds of conditions, and spreads.

    Attributes:
        names: Conditions.
        grades: The grades that were given.
        thresholds: Between one grade and the next, for the first condition.
        log_odds: Of higher grades, against the first condition (its own is 0).
        covariance: Of `log_odds`.
        components: Standard deviations of the random effects.
        log_likelihood: By Laplace's approximation.
        simulated: Whether any rating was made by a program.
    """

    names: list[str]
    grades: list[float]
    thresholds: Floats
    log_odds: Floats
    covariance: Floats
    components: dict[str, float]
    log_likelihood: float
    simulated: bool

    def differences(self, level: float = LEVEL, correction: str = "holm") -> pd.DataFrame:
        """Return all pairs, with Wald's intervals, each of one pair, and tests.

        `odds` is how many times higher the odds of a grade above any given one are under the first
        condition, for the same listener and item.

        Returns:
            Columns `condition_a, condition_b, log_odds, se, odds, odds_low, odds_high, p, simulated`.
        """
        order = np.argsort(-self.log_odds, kind="stable")
        v, z = self.covariance, float(stats.norm.ppf(0.5 + level / 2))
        rows = []
        for a, b in combinations(order, 2):
            gap = float(self.log_odds[a] - self.log_odds[b])
            se = float(v[a, a] + v[b, b] - 2 * v[a, b]) ** 0.5
            ends = np.exp([gap, gap - z * se, gap + z * se])
            p = float(2 * stats.norm.sf(abs(gap) / se))
            rows.append((self.names[a], self.names[b], gap, se, *ends, p))
        columns = ["condition_a", "condition_b", "log_odds", "se", "odds", "odds_low", "odds_high", "p"]
        table = pd.DataFrame(rows, columns=columns)
        return table.assign(p=adjust(table["p"].to_numpy(float), correction), simulated=self.simulated)


def ordinal_model(
    frame: pd.DataFrame, *, attribute: str | None = None, among: list[str] | None = None
) -> OrdinalModel:
    """Fit the model to the methods (or the conditions named), by maximum likelihood.

    Args:
        frame: Tidy ratings on a scale of a few grades; unbalanced and incomplete designs are fine.
        attribute: The scale, if the frame has several.
        among: Conditions of the model; by default the methods, all conditions if there are fewer than two.

    Raises:
        DesignError: Fewer than two conditions, listeners, items or grades, more than eleven grades,
            conditions whose grades do not overlap, or a study too large for this model.
    """
    rows = select_rated(frame, attribute)
    chosen = choose_conditions(rows, among)
    rows = rows[rows["condition"].isin(chosen)]
    codes = {name: pd.factorize(rows[name], sort=True)[0] for name in ("listener", "item")}
    condition = pd.Index(chosen).get_indexer(pd.Index(rows["condition"]))
    grade, grades = pd.factorize(rows["score"], sort=True)
    _check(chosen, codes, condition, grade, list(map(float, grades)))
    crossed = [pd.factorize(codes[name] * len(chosen) + condition)[0] for name in ("listener", "item")]
    levels = [codes["listener"], codes["item"], *crossed]
    n_effects = sum(int(part.max()) + 1 for part in levels)
    if n_effects > _MOST_EFFECTS:
        raise DesignError(
            f"a cumulative-link model with {n_effects} random effects is too large; expected {_MOST_EFFECTS} "
            "or fewer"
        )
    data = Grades(grade, np.eye(len(chosen))[condition][:, 1:], levels, len(grades))
    found, deviance, covariance = _fit(data)
    n, k = len(grades) - 1, len(chosen) - 1
    spread = np.zeros((k + 1, k + 1))
    spread[1:, 1:] = covariance[n : n + k, n : n + k]
    return OrdinalModel(
        names=chosen,
        grades=list(map(float, grades)),
        thresholds=found[:n],
        log_odds=np.concatenate([[0.0], found[n : n + k]]),
        covariance=spread,
        components=dict(zip(COMPONENTS, map(float, found[n + k :]), strict=True)),
        log_likelihood=-deviance / 2,
        simulated=is_simulated(frame),
    )


def _check(
    chosen: list[str],
    codes: dict[str, np.ndarray],
    condition: np.ndarray,
    grade: np.ndarray,
    grades: list[float],
) -> None:
    sizes = [len(chosen), *(int(part.max()) + 1 for part in codes.values()), len(grades)]
    if min(sizes) < 2:
        raise DesignError(
            "a cumulative-link model needs two conditions, listeners, items and grades; found "
            f"{', '.join(map(str, sizes))}"
        )
    if len(grades) > MOST_GRADES:
        raise DesignError(
            f"a cumulative-link model is for scales of a few grades; found {len(grades)} different scores; "
            f"expected {MOST_GRADES} or fewer"
        )
    for place, name in enumerate(chosen):
        given = set(grade[condition == place])
        if given in ({0}, {len(grades) - 1}):
            raise DesignError(
                f"{name!r} only got the grade {grades[given.pop()]:g}: how far it is from the others "
                "cannot be estimated"
            )


def _fit(data: Grades) -> tuple[Floats, float, Floats]:
    """Return thresholds, coefficients and standard deviations, the deviance and the covariance."""
    n, k, factors = data.n_grades - 1, data.design.shape[1], len(data.levels)
    below = np.cumsum(np.bincount(data.grade, minlength=n + 1))[:-1] / len(data.grade)
    first = logit(below)
    start = np.concatenate([first[:1], np.log(np.diff(first)), np.zeros(k), np.full(factors, 0.5)])

    def natural(x: Floats) -> Floats:
        steps = np.concatenate([x[:1], np.exp(x[1:n])])
        return np.concatenate([np.cumsum(steps), x[n:]])

    bounds = [(None, None)] * (n + k) + [(0.0, 20.0)] * factors
    base = data.deviance(natural(start))
    best = optimize.minimize(
        lambda x: data.deviance(natural(x)) - base, start, method="L-BFGS-B", bounds=bounds,
        options={"eps": 1e-5, "ftol": 1e-11, "maxiter": 300},
    )  # fmt: skip
    found = natural(best.x)
    found[n + k :] = np.where(found[n + k :] < _ZERO, 0.0, found[n + k :])
    free = np.flatnonzero(np.concatenate([np.ones(n + k), found[n + k :]]))
    curvature = _curvature(data, found, free)
    covariance = np.full((len(found), len(found)), np.nan)
    if np.linalg.eigvalsh(curvature)[0] <= 0 or np.abs(found[n : n + k]).max() > _FARTHEST:
        raise DesignError(
            "a cumulative-link model cannot be estimated: the grades of some conditions hardly overlap"
        )
    covariance[np.ix_(free, free)] = 2 * np.linalg.inv(curvature)
    return found, data.deviance(found), covariance


def _curvature(data: Grades, at: Floats, free: np.ndarray) -> Floats:
    """Second derivatives of the deviance with respect to the free parameters, by central differences."""
    shifts = np.eye(len(at))[free] * _STEP
    middle = data.deviance(at)
    around = [data.deviance(at + shift) + data.deviance(at - shift) for shift in shifts]
    out = np.empty((len(free), len(free)))
    for i, a in enumerate(shifts):
        out[i, i] = (around[i] - 2 * middle) / _STEP**2
        for j, b in enumerate(shifts[:i]):
            both = data.deviance(at + a + b) + data.deviance(at - a - b)
            out[i, j] = out[j, i] = (both - around[i] - around[j] + 2 * middle) / (2 * _STEP**2)
    return out

"""A linear mixed model of all conditions at once, with crossed listeners and items.

    score_ijk = mean_k + (listener)_i + (listener x condition)_ik + (item)_j + (item x condition)_jk +
    (listener x item)_ij + residual

Random effects are normal and independent. With `variances="by-condition"`, listener x condition, item x
condition and the residual have a variance per condition: a method that some love and some hate, or one at the
end of the scale, then makes no other method's interval too wide or too narrow.

The variances are estimated by restricted maximum likelihood (REML); see `analysis.models.likelihood`.
With `repeats="model"`, ratings that were given several times are all used: cells have the component listener
x item x condition, and the residual is the error of repeating a rating (`likelihood.replicates`).
`statsmodels.MixedLM`, which gives the same numbers, inverts a matrix of all ratings; here the cost grows
linearly with the listeners. Omitting the terms with condition would make the tests of differences
anti-conservative (Barr, Levy, Scheepers & Tily 2013, Journal of Memory and Language 68:255-278).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import DesignError
from analysis.models.likelihood.effects import predict_effects
from analysis.models.likelihood.fit import fit, fit_unequal, limit_pages, make_pages
from analysis.models.likelihood.full_pages import FullPages
from analysis.models.likelihood.model_text import describe_model
from analysis.models.likelihood.ratios import LARGEST, SMALLEST, Ratios
from analysis.models.likelihood.reml import Pages
from analysis.models.likelihood.replicates import Replicates, fit_replicates
from analysis.models.likelihood.satterthwaite import degrees_of_freedom
from analysis.ratings.selection import choose_conditions
from analysis.ratings.tidy import cells, is_simulated, select_rated, separate_items
from analysis.statistics.intervals import LEVEL
from analysis.statistics.variance import Floats

COMPONENTS = (
    "listener", "listener x condition", "item", "item x condition", "listener x item", "residual",
)  # fmt: skip
OF_CELLS = "listener x item x condition"
"""The component that only repeated ratings can tell from the residual."""
VARIANCES = ("equal", "by-condition")
REPEATS = ("average", "model")


@dataclass(frozen=True)
class MixedModel:
    """Estimates of the model.

    Attributes:
        names: Conditions.
        means: Of the conditions [conditions].
        covariance: Of the means.
        ratios: Variances over the (first condition's) residual, see `likelihood.ratios.Ratios.of`.
        residual: Variance of the (first condition's) residual, in squared points.
        pages: The ratings.
        simulated: Whether a program made any rating.
        variances: `equal` or `by-condition`.
        note: Which pages were left out.
        repeats: The repeated ratings, if they are modelled; then there is a sixth ratio, of `OF_CELLS`.
    """

    names: list[str]
    means: Floats
    covariance: Floats
    ratios: Floats
    residual: float
    pages: Pages
    simulated: bool
    variances: str = "equal"
    note: str = ""
    repeats: Replicates | None = None

    @property
    def n_ratings(self) -> int:
        """How many ratings the model is of, or means of cells if repeats are averaged."""
        return int((self.pages.counts if self.repeats is None else self.repeats.numbers).sum())

    @property
    def components(self) -> dict[str, float]:
        """Variance components in squared points; the mean over the conditions of those that differ."""
        table = self.variance_components()
        means = table.groupby("component")["variance"].mean()
        return {name: float(means[name]) for name in table["component"].unique()}

    def variance_components(self) -> pd.DataFrame:
        """Return `component, condition, variance, sd, share, note, simulated`.

        `condition` is empty for what is the same for all conditions, `share` is of the variance of a score
        (under that condition), and the note says which pages were left out.
        """
        parts = Ratios.of(self._shared_ratios, len(self.names))
        by_component: dict[str, float | Floats] = dict(
            zip(
                COMPONENTS,
                (parts.listener, parts.listener_condition, parts.item, parts.item_condition, parts.page,
                 parts.residual),
                strict=True,
            )
        )  # fmt: skip
        if self.repeats is not None:
            rest = by_component.pop("residual")
            by_component |= {OF_CELLS: float(self.ratios[5]), "residual": rest}
        rows = []
        for component, ratio in by_component.items():
            differ = self.variances == "by-condition" and np.ndim(ratio) > 0
            for name, value in zip(self.names if differ else [""], np.ravel(ratio), strict=False):
                variance = 0.0 if value <= 2 * SMALLEST else float(value) * self.residual
                rows.append({"component": component, "condition": name, "variance": variance})
        table = pd.DataFrame(rows)
        table["sd"] = np.sqrt(table["variance"])
        shared = table["condition"] == ""
        own = table[~shared].groupby("condition")["variance"].sum()
        total = table.loc[shared, "variance"].sum() + table["condition"].map(own).fillna(
            own.mean() if len(own) else 0.0
        )
        share = table["variance"] / total.where(total > 0)
        return table.assign(share=share, note=self.note, simulated=self.simulated)

    def condition_means(self, level: float = LEVEL) -> pd.DataFrame:
        """Return `condition, mean, se, df, ci_low, ci_high, simulated`, best first.

        The means are those of an average listener on an average item; the intervals are t intervals with
        Satterthwaite's degrees of freedom.
        """
        order = np.argsort(-self.means, kind="stable")
        table = self._contrasts(np.eye(len(self.names))[order], level)
        table = table.rename(columns={"estimate": "mean"}).drop(columns="p")
        table.insert(0, "condition", [self.names[place] for place in order])
        return table

    def differences(self, level: float = LEVEL) -> pd.DataFrame:
        """Return all pairs: `condition_a, condition_b, difference, se, df, ci_low, ci_high, p, simulated`.

        The degrees of freedom are Satterthwaite's, as lmerTest's.
        """
        order = np.argsort(-self.means, kind="stable")
        pairs = list(combinations(order, 2))
        weights = np.zeros((len(pairs), len(self.names)))
        for row, (a, b) in zip(weights, pairs, strict=True):
            row[a], row[b] = 1, -1
        table = self._contrasts(weights, level).rename(columns={"estimate": "difference"})
        table.insert(0, "condition_a", [self.names[a] for a, _ in pairs])
        table.insert(1, "condition_b", [self.names[b] for _, b in pairs])
        return table

    def effects(self) -> pd.DataFrame:
        """Return predicted effects (BLUPs): `component, listener, item, condition, effect, simulated`.

        One row per listener, listener x condition, item and item x condition: how much higher its scores are
        than those of an average one, shrunk towards 0 by as much as it was rated little.
        """
        pages, k = self.pages, len(self.names)
        pages = pages if self.repeats is None else self.repeats.at(float(self.ratios[5]))
        found = predict_effects(pages, self._shared_ratios)
        parts = []
        for factor, ids, own, with_condition in (
            ("listener", pages.listeners, found.listener, found.listener_condition),
            ("item", pages.items, found.item, found.item_condition),
        ):
            parts.append(pd.DataFrame({"component": factor, factor: ids, "effect": own}))
            crossed = {
                "component": f"{factor} x condition", factor: np.repeat(ids, k),
                "condition": self.names * len(ids), "effect": with_condition.ravel(),
            }  # fmt: skip
            parts.append(pd.DataFrame(crossed))
        table = pd.concat(parts, ignore_index=True)
        table = table[["component", "listener", "item", "condition", "effect"]]
        return table.assign(simulated=self.simulated)

    def summary(self) -> str:
        """Return the model in words and numbers, as a text of a few lines per table."""
        return describe_model(self)

    @property
    def _shared_ratios(self) -> Floats:
        """Those that `Ratios.of` takes."""
        return self.ratios if self.repeats is None else self.ratios[:5]

    def _contrasts(self, weights: Floats, level: float) -> pd.DataFrame:
        """Estimates of weighted sums of the means [contrasts, conditions] with t intervals and tests."""
        estimate = weights @ self.means
        se = np.sqrt(np.einsum("ck,kl,cl->c", weights, self.covariance, weights))
        turned = self.variances == "equal" and self.pages.are_full()
        problem = self.repeats or (FullPages.of(self.pages) if turned else self.pages)
        df = degrees_of_freedom(problem, self.n_ratings, self.ratios, weights)
        half = stats.t.ppf(0.5 + level / 2, df) * se
        return pd.DataFrame(
            {
                "estimate": estimate, "se": se, "df": df, "ci_low": estimate - half,
                "ci_high": estimate + half, "p": 2 * stats.t.sf(np.abs(estimate / se), df),
                "simulated": self.simulated,
            }
        )  # fmt: skip


def mixed_model(
    frame: pd.DataFrame,
    *,
    attribute: str | None = None,
    among: list[str] | None = None,
    variances: str = "equal",
    repeats: str = "average",
) -> MixedModel:
    """Fit the model to the methods (or the conditions named).

    Args:
        frame: Tidy ratings; unbalanced and incomplete designs are fine. With more than 20,000 ratings, pages
            with missing conditions are left out if they are at most a fifth of the pages, and the model's
            `note` says so.
        attribute: The scale, if the frame has several.
        among: Conditions of the model; by default the methods, all conditions if there are fewer than two.
        variances: `equal` for all conditions, or `by-condition`, which takes seconds.
        repeats: What becomes of several ratings by one listener of one condition of an item: `average` them,
            or `model` each, with a variance of listener x item x condition; such a model is of equal
            variances.

    Raises:
        DesignError: Fewer than two conditions, listeners or items, a condition without a rating, no residual
            variance, a design too large to solve, repeats to be modelled that are not there, or unknown
            `variances` or `repeats`.
    """
    if variances not in VARIANCES:
        raise DesignError(f"unknown variances {variances!r}; expected one of {', '.join(VARIANCES)}")
    if repeats not in REPEATS:
        raise DesignError(f"unknown repeats {repeats!r}; expected one of {', '.join(REPEATS)}")
    rated = select_rated(frame, attribute)
    chosen = choose_conditions(rated, among)
    table = cells(frame, attribute)
    table = table[table["condition"].isin(chosen)]
    if repeats == "model":
        return _model_repeats(rated, table, chosen, variances)
    pages, note = limit_pages(make_pages(table, chosen))
    search = fit if variances == "equal" else fit_unequal
    _, ratios, residual, means, covariance = search(pages)
    _check_residual(ratios, residual)
    return MixedModel(
        names=chosen,
        means=means,
        covariance=covariance,
        ratios=ratios,
        residual=residual,
        pages=pages,
        simulated=is_simulated(frame),
        variances=variances,
        note=note,
    )


def _model_repeats(rated: pd.DataFrame, table: pd.DataFrame, chosen: list[str], variances: str) -> MixedModel:
    """Fit the model to all ratings of the chosen conditions, of which `table` has the cells."""
    if variances != "equal":
        raise DesignError("repeats are modelled with equal variances only; expected variances='equal'")
    rows = separate_items(rated, rated)
    rows = rows[rows["condition"].isin(chosen)]
    names = ["listener", "item", "condition"]
    around = rows["score"] - rows.groupby(names, observed=True)["score"].transform("mean")
    problem = Replicates.of(table, float((around**2).sum()), chosen)
    ratios, residual, means, covariance = fit_replicates(problem)
    _check_residual(ratios, residual)
    return MixedModel(
        names=chosen, means=means, covariance=covariance, ratios=ratios, residual=residual,
        pages=problem.pages, simulated=is_simulated(rated), repeats=problem,
    )  # fmt: skip


def _check_residual(ratios: Floats, residual: float) -> None:
    if residual < 1e-9 or ratios.max() > 0.99 * LARGEST:
        raise DesignError("a mixed model needs ratings that vary; nothing is left for the residual here")

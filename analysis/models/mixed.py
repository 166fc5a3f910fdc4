"""A linear mixed model of all conditions at once, with crossed listeners and items.

    score_ijk = mean_k + (listener)_i + (listener x condition)_ik + (item)_j + (item x condition)_jk +
    (listener x item)_ij + residual

Random effects are normal and independent. The variances are estimated by restricted maximum likelihood
(REML); see `analysis.models.likelihood`. `statsmodels.MixedLM`, which gives the same numbers, inverts a
matrix of all ratings; here the cost grows linearly with the listeners. Omitting the terms with condition
would make the tests of differences anti-conservative (Barr, Levy, Scheepers & Tily 2013, Journal of Memory
and Language 68:255-278).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import DesignError
from analysis.formatting import number, p_in_words
from analysis.models.likelihood.effects import predict_effects
from analysis.models.likelihood.fit import LARGEST, SMALLEST, fit, limit_pages, make_pages
from analysis.models.likelihood.reml import FullPages, Pages
from analysis.models.likelihood.satterthwaite import degrees_of_freedom
from analysis.ratings.selection import choose_conditions
from analysis.ratings.tidy import cells, is_simulated, iter_rows, select_rated
from analysis.statistics.intervals import LEVEL
from analysis.statistics.variance import Floats

COMPONENTS = (
    "listener", "listener x condition", "item", "item x condition", "listener x item", "residual",
)  # fmt: skip


@dataclass(frozen=True)
class MixedModel:
    """Estimates: means of the conditions, their covariance, and the variance components in squared points."""

    names: list[str]
    means: Floats
    covariance: Floats
    components: dict[str, float]
    pages: Pages
    simulated: bool
    note: str = ""

    def variance_components(self) -> pd.DataFrame:
        """Return `component, variance, sd, share, note, simulated`; the note names pages left out."""
        table = pd.DataFrame({"component": list(self.components), "variance": list(self.components.values())})
        table["sd"] = np.sqrt(table["variance"])
        total = table["variance"].sum()
        share = table["variance"] / total if total > 0 else np.nan
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
        pairs = [(a, b) for place, a in enumerate(order) for b in order[place + 1 :]]
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
        found = predict_effects(pages, self._ratios)
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
        listeners, items, _ = self.pages.counts.shape
        lines = [
            f"Linear mixed model by REML{' of SIMULATED ratings' if self.simulated else ''}: "
            f"{self.pages.counts.sum():.0f} means of {listeners} listeners, {items} items and "
            f"{len(self.names)} conditions" + (f" ({self.note})" if self.note else ""),
            "",
            f"{'component':<22}{'variance':>10}{'SD':>8}",
        ]
        lines += [
            f"{row.component:<22}{row.variance:>10.2f}{row.sd:>8.2f}"
            for row in iter_rows(self.variance_components())
        ]
        means, pairs = self.condition_means(), self.differences()
        pairs["pair"] = pairs["condition_a"] + " - " + pairs["condition_b"]
        width = max(9, *map(len, means["condition"]), *map(len, pairs["pair"])) + 2
        lines += ["", f"{'condition':<{width}}{'mean':>8}{'SE':>7}{'df':>8}  95 % interval"]
        lines += [
            f"{row.condition:<{width}}{number(row.mean, 2):>8}{row.se:>7.2f}{row.df:>8.1f}  "
            f"{number(row.ci_low, 2)} to {number(row.ci_high, 2)}"
            for row in iter_rows(means)
        ]
        lines += ["", f"{'pair':<{width}}{'diff':>8}{'SE':>7}{'df':>8}  95 % interval, uncorrected p"]
        lines += [
            f"{row.pair:<{width}}{number(row.difference, 2):>8}{row.se:>7.2f}{row.df:>8.1f}  "
            f"{number(row.ci_low, 2)} to {number(row.ci_high, 2)}, {p_in_words(row.p)}"
            for row in iter_rows(pairs)
        ]
        return "\n".join(lines)

    @cached_property
    def _ratios(self) -> Floats:
        variances = np.array([self.components[name] for name in COMPONENTS])
        return np.asarray(np.maximum(variances[:-1] / variances[-1], SMALLEST))

    def _contrasts(self, weights: Floats, level: float) -> pd.DataFrame:
        """Estimates of weighted sums of the means [contrasts, conditions] with t intervals and tests."""
        estimate = weights @ self.means
        se = np.sqrt(np.einsum("ck,kl,cl->c", weights, self.covariance, weights))
        problem = FullPages.of(self.pages) if self.pages.are_full() else self.pages
        df = degrees_of_freedom(problem, int(self.pages.counts.sum()), self._ratios, weights)
        half = stats.t.ppf(0.5 + level / 2, df) * se
        return pd.DataFrame(
            {
                "estimate": estimate, "se": se, "df": df, "ci_low": estimate - half,
                "ci_high": estimate + half, "p": 2 * stats.t.sf(np.abs(estimate / se), df),
                "simulated": self.simulated,
            }
        )  # fmt: skip


def mixed_model(
    frame: pd.DataFrame, *, attribute: str | None = None, among: list[str] | None = None
) -> MixedModel:
    """Fit the model to the methods (or the conditions named).

    Args:
        frame: Tidy ratings; unbalanced and incomplete designs are fine. With more than 20,000 ratings, pages
            with missing conditions are left out if they are at most a fifth of the pages, and the model's
            `note` says so.
        attribute: The scale, if the frame has several.
        among: Conditions of the model; by default the methods, all conditions if there are fewer than two.

    Raises:
        DesignError: Fewer than two conditions, listeners or items, a condition without a rating, no residual
            variance, or a design too large to solve.
    """
    chosen = choose_conditions(select_rated(frame, attribute), among)
    table = cells(frame, attribute)
    pages, note = limit_pages(make_pages(table[table["condition"].isin(chosen)], chosen))
    _, ratios, residual, means, covariance = fit(pages)
    if residual < 1e-9 or ratios.max() > 0.99 * LARGEST:
        raise DesignError("a mixed model needs ratings that vary; nothing is left for the residual here")
    variances = [*np.where(ratios <= 2 * SMALLEST, 0.0, ratios) * residual, residual]
    return MixedModel(
        names=chosen,
        means=means,
        covariance=covariance,
        components=dict(zip(COMPONENTS, map(float, variances), strict=True)),
        pages=pages,
        simulated=is_simulated(frame),
        note=note,
    )


def item_condition_test(
    frame: pd.DataFrame, *, attribute: str | None = None, among: list[str] | None = None
) -> tuple[float, float, float]:
    """Test whether differences between conditions vary with the item, in complete and incomplete designs.

    The variance component item x condition is tested by the restricted likelihood ratio. At the edge of the
    parameter space the ratio is 0 half of the time and chi-square with one degree of freedom otherwise (Self
    & Liang 1987, Journal of the American Statistical Association 82:605-610; conservative in small studies).

    Returns:
        The ratio, its p value, and the component's standard deviation in points.

    Raises:
        DesignError: As `mixed_model`, or no two items with a common condition and a second one.
    """
    chosen = choose_conditions(select_rated(frame, attribute), among)
    table = cells(frame, attribute)
    table = table[table["condition"].isin(chosen)]
    if (table.groupby("item")["condition"].nunique() > 1).sum() < 2:
        raise DesignError("an item x condition test needs two items that were rated under two conditions")
    pages, _ = limit_pages(make_pages(table, chosen))
    place = COMPONENTS.index("item x condition")
    deviance, ratios, residual, _, _ = fit(pages)
    ratio = max(fit(pages, without=place)[0] - deviance, 0.0)
    p = 1.0 if ratio < 1e-4 else float(stats.chi2.sf(ratio, 1)) / 2
    return ratio, p, float((ratios[place] * residual) ** 0.5)

"""A linear mixed model of all conditions at once, with crossed listeners and items.

    score_ijk = mean_k + (listener)_i + (listener x condition)_ik + (item)_j + (item x condition)_jk +
    (listener x item)_ij + residual

Random effects are normal and independent. The variances are estimated by restricted maximum likelihood
(REML); see `analysis.models.reml`. `statsmodels.MixedLM`, which gives the same numbers, inverts a
matrix of all ratings; here the cost grows linearly with the listeners. Omitting the terms with condition
would make the tests of differences anti-conservative (Barr, Levy, Scheepers & Tily 2013, Journal of Memory
and Language 68:255-278).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from analysis.errors import DesignError
from analysis.models.reml import FullPages, Pages
from analysis.ratings.selection import choose_conditions
from analysis.ratings.tidy import cells, is_simulated, select_rated
from analysis.statistics.intervals import LEVEL
from analysis.statistics.variance import Floats

COMPONENTS = (
    "listener", "listener x condition", "item", "item x condition", "listener x item", "residual",
)  # fmt: skip
_LARGEST_ITEMS, _LARGEST_TABLE = 4000, 50_000_000
_SLOW_WITH_GAPS, _LARGEST_WITH_GAPS = 20_000, 60_000  # in ratings; they take half a minute and minutes
_FULL_ENOUGH = 0.8  # share of pages without gaps that may represent all of them
_SMALLEST, _LARGEST = 1e-6, 1e4  # ratios of a variance to the residual's; the smallest is as good as zero
_SOFT = 0.01  # ratios below it are searched on their own scale, those above it on the logarithm's


@dataclass(frozen=True)
class MixedModel:
    """Estimates: means of the conditions, their covariance, and the variance components in squared points."""

    names: list[str]
    means: Floats
    covariance: Floats
    components: dict[str, float]
    df: float
    simulated: bool
    note: str = ""

    def variance_components(self) -> pd.DataFrame:
        """Return `component, variance, sd, share, note, simulated`; the note names pages left out."""
        table = pd.DataFrame({"component": list(self.components), "variance": list(self.components.values())})
        table["sd"] = np.sqrt(table["variance"])
        total = table["variance"].sum()
        share = table["variance"] / total if total > 0 else np.nan
        return table.assign(share=share, note=self.note, simulated=self.simulated)

    def differences(self, level: float = LEVEL) -> pd.DataFrame:
        """Return all pairs: `condition_a, condition_b, difference, se, df, ci_low, ci_high, p, simulated`.

        The degrees of freedom are the smaller number of listeners or items less one, on the safe side.
        """
        order = np.argsort(-self.means, kind="stable")
        rows = []
        for place, a in enumerate(order):
            for b in order[place + 1 :]:
                gap = float(self.means[a] - self.means[b])
                se = float(self.covariance[a, a] + self.covariance[b, b] - 2 * self.covariance[a, b]) ** 0.5
                half = float(stats.t.ppf(0.5 + level / 2, self.df)) * se
                p = float(2 * stats.t.sf(gap / se, self.df))
                rows.append((self.names[a], self.names[b], gap, se, self.df, gap - half, gap + half, p))
        columns = ["condition_a", "condition_b", "difference", "se", "df", "ci_low", "ci_high", "p"]
        return pd.DataFrame(rows, columns=columns).assign(simulated=self.simulated)


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
    pages = _pages(table[table["condition"].isin(chosen)], chosen)
    pages, note = _limit_pages(pages)
    _, ratios, residual, means, covariance = _fit(pages)
    if residual < 1e-9 or ratios.max() > 0.99 * _LARGEST:
        raise DesignError("a mixed model needs ratings that vary; nothing is left for the residual here")
    variances = [*np.where(ratios <= 2 * _SMALLEST, 0.0, ratios) * residual, residual]
    n_listeners, n_items, _ = pages.counts.shape
    return MixedModel(
        names=chosen,
        means=means,
        covariance=covariance,
        components=dict(zip(COMPONENTS, map(float, variances), strict=True)),
        df=float(min(n_listeners, n_items) - 1),
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
    pages, _ = _limit_pages(_pages(table, chosen))
    place = COMPONENTS.index("item x condition")
    deviance, ratios, residual, _, _ = _fit(pages)
    ratio = max(_fit(pages, without=place)[0] - deviance, 0.0)
    p = 1.0 if ratio < 1e-4 else float(stats.chi2.sf(ratio, 1)) / 2
    return ratio, p, float((ratios[place] * residual) ** 0.5)


def _limit_pages(pages: Pages) -> tuple[Pages, str]:
    n = int(pages.counts.sum())
    if pages.are_full() or n <= _SLOW_WITH_GAPS:
        return pages, ""
    some, total = pages.full_part(), int((pages.per_page > 0).sum())
    kept = int((some.per_page > 0).sum()) if some else 0
    if some and kept >= _FULL_ENOUGH * total:
        return some, f"{total - kept} of {total} pages with missing conditions left out"
    if n > _LARGEST_WITH_GAPS:
        raise DesignError(
            f"a mixed model of {n} ratings is too large where {total - kept} of {total} pages have missing "
            "conditions"
        )
    return pages, ""


def _fit(pages: Pages, without: int | None = None) -> tuple[float, Floats, float, Floats, Floats]:
    """Fit: -2 REML log-likelihood, variances over the residual's, the residual's, means and covariance.

    Args:
        pages: The ratings.
        without: A component that is left out of the model.
    """
    full = FullPages.of(pages) if pages.are_full() else None
    start = np.full(5, 0.3)
    bounds = [_to_search_scale(np.array([_SMALLEST, _LARGEST]))] * 5
    if pages.per_page.max() < 2:
        # One condition per page: its listener x item effect and its residual are the same.
        start[4], bounds[4] = _SMALLEST, _to_search_scale(np.array([_SMALLEST, _SMALLEST]))
    elif full is None and (some := pages.full_part()) is not None:
        # Pages without gaps are solved much faster: a good place to start from.
        start = _fit(some, without)[1]
    if without is not None:
        start[without], bounds[without] = _SMALLEST, _to_search_scale(np.array([_SMALLEST, _SMALLEST]))
    problem = full or pages
    try:
        # The deviance grows with the ratings; measured from its start, its tolerance does not.
        base = problem.solve(start)[0]
        found = optimize.minimize(
            lambda x: problem.solve(_ratios(x))[0] - base, _to_search_scale(start), method="L-BFGS-B",
            bounds=bounds, options={"eps": 1e-5, "ftol": 1e-11},
        )  # fmt: skip
        ratios = _ratios(found.x)
        deviance, residual, means, covariance = problem.solve(ratios)
    except np.linalg.LinAlgError:
        raise DesignError("the equations of the mixed model cannot be solved for these ratings") from None
    return deviance, ratios, residual, means, covariance


def _to_search_scale(ratios: Floats) -> Floats:
    """The scale of the search: a logarithm, except near zero, where it would trap a ratio."""
    return np.log(ratios + _SOFT)


def _ratios(scaled: Floats) -> Floats:
    return np.maximum(np.exp(scaled) - _SOFT, _SMALLEST)


def _pages(table: pd.DataFrame, chosen: list[str]) -> Pages:
    listener, listeners = pd.factorize(table["listener"])
    item, items = pd.factorize(table["item"])
    shape = (len(listeners), len(items), len(chosen))
    if min(shape) < 2:
        raise DesignError(
            f"a mixed model needs two conditions, listeners and items; found {shape[2]}, {shape[0]} "
            f"and {shape[1]}"
        )
    if shape[1] * shape[2] > _LARGEST_ITEMS or np.prod(shape, dtype=float) > _LARGEST_TABLE:
        raise DesignError(
            f"a mixed model of {shape[0]} listeners x {shape[1]} items x {shape[2]} conditions is too large"
        )
    condition = pd.Index(chosen).get_indexer(pd.Index(table["condition"]))
    scores = table["score"].to_numpy(float)
    at = np.ravel_multi_index((listener, item, condition), shape)
    size = int(np.prod(shape))
    counts = np.bincount(at, minlength=size).astype(np.float64).reshape(shape)
    sums = np.bincount(at, scores, minlength=size).astype(np.float64).reshape(shape)
    return Pages(counts, sums)

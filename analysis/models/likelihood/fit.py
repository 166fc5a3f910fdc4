"""The search for the variances with the highest restricted likelihood, and the pages that it is made from."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import optimize

from analysis.errors import DesignError
from analysis.models.likelihood.full_pages import FullPages
from analysis.models.likelihood.ratios import LARGEST, SMALLEST, Ratios
from analysis.models.likelihood.reml import Pages, Problem, Solution
from analysis.statistics.variance import Floats

_LARGEST_ITEMS, _LARGEST_TABLE = 4000, 50_000_000
_SLOW_WITH_GAPS, _LARGEST_WITH_GAPS = 20_000, 60_000  # in ratings; they take half a minute and minutes
_LARGEST_UNEQUAL = 20_000  # ratings with variances per condition; they take a minute
_FULL_ENOUGH = 0.8  # share of pages without gaps that may represent all of them
_SOFT = 0.01  # ratios below it are searched on their own scale, those above it on the logarithm's


def _to_search_scale(ratios: Floats) -> Floats:
    """The scale of the search: a logarithm, except near zero, where it would trap a ratio."""
    return np.log(ratios + _SOFT)


WHOLE, NONE = (_to_search_scale(np.array([SMALLEST, most])) for most in (LARGEST, SMALLEST))
"""Bounds of the search for a ratio, and those of one that is left out."""


def limit_pages(pages: Pages) -> tuple[Pages, str]:
    """Leave out pages with missing conditions if the model would take minutes; return also a note."""
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


def fit(pages: Pages, without: int | None = None) -> tuple[float, Floats, float, Floats, Floats]:
    """Fit: -2 REML log-likelihood, variances over the residual's, the residual's, means and covariance.

    Args:
        pages: The ratings.
        without: A component that is left out of the model.
    """
    full = FullPages.of(pages) if pages.are_full() else None
    start = np.full(5, 0.3)
    bounds = [WHOLE] * 5
    if pages.per_page.max() < 2:
        # One condition per page: its listener x item effect and its residual are the same.
        start[4], bounds[4] = SMALLEST, NONE
    elif full is None and (some := pages.full_part()) is not None:
        # Pages without gaps are solved much faster: a good place to start from.
        start = fit(some, without)[1]
    if without is not None:
        start[without], bounds[without] = SMALLEST, NONE
    ratios, solution = search(full or pages, start, bounds)
    deviance, residual, means, covariance = solution
    return deviance, ratios, residual, means, covariance


def fit_unequal(pages: Pages) -> tuple[float, Floats, float, Floats, Floats]:
    """Fit a variance per condition of listener x condition, item x condition and the residual.

    Returns:
        As `fit`; the variances are those of `Ratios.per_condition`.

    Raises:
        DesignError: A design too large to solve.
    """
    n, k = int(pages.counts.sum()), pages.counts.shape[2]
    if n > _LARGEST_UNEQUAL:
        raise DesignError(
            f"a mixed model of {n} ratings with variances per condition is too large; expected "
            f"{_LARGEST_UNEQUAL} ratings or fewer"
        )
    start = Ratios.of(np.clip(fit(pages)[1], 0.01, 0.9 * LARGEST), k).per_condition()
    bounds = [WHOLE] * len(start)
    if pages.per_page.max() < 2:
        start[2], bounds[2] = SMALLEST, NONE
    ratios, (deviance, residual, means, covariance) = search(pages, start, bounds)
    return deviance, ratios, residual, means, covariance


def search(problem: Problem, start: Floats, bounds: list[Floats]) -> tuple[Floats, Solution]:
    """Return the ratios with the highest likelihood, and what the equations say there."""
    try:
        # The deviance grows with the ratings; measured from its start, its tolerance does not.
        base = problem.solve(start)[0]
        found = optimize.minimize(
            lambda x: problem.solve(_ratios(x))[0] - base, _to_search_scale(start), method="L-BFGS-B",
            bounds=bounds, options={"eps": 1e-5, "ftol": 1e-11, "maxfun": 100_000},
        )  # fmt: skip
        ratios = _ratios(found.x)
        return ratios, problem.solve(ratios)
    except np.linalg.LinAlgError:
        raise DesignError("the equations of the mixed model cannot be solved for these ratings") from None


def _ratios(scaled: Floats) -> Floats:
    return np.maximum(np.exp(scaled) - _SOFT, SMALLEST)


def make_pages(table: pd.DataFrame, chosen: list[str]) -> Pages:
    """Return cells of the chosen conditions as pages."""
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
    return Pages(counts, sums, tuple(map(str, listeners)), tuple(map(str, items)))

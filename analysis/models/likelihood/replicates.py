"""The restricted likelihood of pages whose sounds some listeners rated several times.

A rating differs from the mean of its cell (listener x item x condition) by the error of repeating it, the
residual here; the cells differ by a component of their own, listener x item x condition. The mean of n
ratings then has the variance of that component plus the residual's over n, and what is left within the cells
has only the residual's: two independent parts, whose likelihoods multiply.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import DesignError
from analysis.models.likelihood.fit import NONE, WHOLE, make_pages, search
from analysis.models.likelihood.ratios import SMALLEST
from analysis.models.likelihood.reml import Pages, Solution
from analysis.statistics.variance import Floats

_LARGEST = 20_000  # cells; they take half a minute


@dataclass(frozen=True)
class Replicates:
    """Means of the cells, how many ratings each has, and how far these are from their mean.

    Attributes:
        pages: The means.
        numbers: Ratings of each cell, 0 if there is none [listeners, items, conditions].
        within: Sum of squares of the ratings around the mean of their cell.
    """

    pages: Pages
    numbers: Floats
    within: float

    @classmethod
    def of(cls, table: pd.DataFrame, within: float, chosen: list[str]) -> Replicates:
        """Lay out cells with their number `n` of ratings (`analysis.ratings.tidy.cells`).

        Raises:
            DesignError: No cell has two ratings, repeats never differ, or a design too large to solve.
        """
        if not (table["n"] > 1).any() or within <= 0:
            raise DesignError("no rating was repeated with another score; nothing tells what repeating adds")
        if len(table) > _LARGEST:
            raise DesignError(
                f"a mixed model of {len(table)} cells with repeats is too large; expected {_LARGEST} or "
                "fewer (--repeats average)"
            )
        pages = make_pages(table, chosen)
        numbers = make_pages(table.assign(score=table["n"].astype(float)), chosen).sums
        return cls(pages, numbers, within)

    def at(self, ratio: float) -> Pages:
        """Return the means as pages whose residuals are those of cells with this ratio of the component."""
        return replace(self.pages, noise=ratio + 1 / np.maximum(self.numbers, 1.0))

    def solve(self, ratios: Floats) -> Solution:
        """Do what `Pages.solve` does; the last ratio is that of listener x item x condition [6]."""
        found = self.at(float(ratios[5])).equations(ratios[:5])
        df = float(self.numbers.sum()) - self.numbers.shape[2]
        residual = (found.rest + self.within) / df
        return df * float(np.log(residual)) + found.logs, residual, found.means, found.covariance * residual


def fit_replicates(problem: Replicates) -> tuple[Floats, float, Floats, Floats]:
    """Return the six variances over the residual's, the residual's, the means and their covariance."""
    start, bounds = np.full(6, 0.3), [WHOLE] * 6
    if problem.pages.per_page.max() < 2:
        # One condition per page: listener x item and listener x item x condition are the same.
        start[4], bounds[4] = SMALLEST, NONE
    ratios, (_, residual, means, covariance) = search(problem, start, bounds)
    return ratios, residual, means, covariance

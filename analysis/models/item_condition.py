"""Whether differences between conditions depend on the item, in complete and incomplete designs."""

from __future__ import annotations

import pandas as pd
from scipy import stats

from analysis.errors import DesignError
from analysis.models.likelihood.fit import fit, limit_pages, make_pages
from analysis.models.mixed import COMPONENTS
from analysis.ratings.selection import choose_conditions
from analysis.ratings.tidy import cells, select_rated


def item_condition_test(
    frame: pd.DataFrame, *, attribute: str | None = None, among: list[str] | None = None
) -> tuple[float, float, float]:
    """Test whether differences between conditions vary with the item.

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

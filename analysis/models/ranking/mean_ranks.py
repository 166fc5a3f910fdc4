"""Mean ranks of the conditions, and how far apart two must be to differ by Nemenyi's test.

Demsar 2006, Journal of Machine Learning Research 7:1-30, section 3.2.2: with `k` conditions ranked by `n`
listeners, two mean ranks differ by chance by no more than

    CD = q sqrt(k (k + 1) / (6 n)),

`q` the quantile of the studentised range of `k` over the root of 2; the test holds for all pairs at once.
"""

from __future__ import annotations

import pandas as pd
from scipy import stats

from analysis.errors import DesignError
from analysis.models.shared_pages import average_shared_pages
from analysis.ratings.selection import choose_conditions
from analysis.ratings.tidy import conditions, is_simulated, select_rated
from analysis.statistics.intervals import LEVEL
from analysis.statistics.populations import OF_INTERVAL


def mean_ranks(
    frame: pd.DataFrame,
    *,
    attribute: str | None = None,
    among: list[str] | None = None,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Rank the conditions by each listener's mean scores, over the pages on which all were rated.

    Args:
        frame: Tidy ratings.
        attribute: The scale, if the frame has several.
        among: Conditions to rank; by default the methods, all conditions if there are fewer than two.
        level: Coverage of the critical difference over all pairs.

    Returns:
        One row per condition, the best first: `condition, label, rank` (1 is the highest score; ties share
        their mean rank), `n_listeners, critical_difference, about, simulated`.

    Raises:
        DesignError: Fewer than two conditions, or than two listeners who rated them all on an item.
    """
    rows = select_rated(frame, attribute)
    chosen = choose_conditions(rows, among)
    means = average_shared_pages(frame, chosen, attribute)
    n, k = means.shape
    if k < 2 or n < 2:
        raise DesignError(
            "mean ranks need two conditions and two listeners who rated all of them on an item; found "
            f"{k} and {n}"
        )
    q = float(stats.studentized_range.ppf(level, k, float("inf"))) / 2**0.5
    ranks = means.round(10).rank(axis=1, ascending=False).mean()
    labels = conditions(rows).set_index("condition")["label"]
    table = pd.DataFrame({"condition": chosen, "label": labels[chosen].to_list()})
    table["rank"] = ranks[chosen].to_numpy(float)
    table = table.sort_values("rank", kind="stable", ignore_index=True)
    return table.assign(
        n_listeners=n,
        critical_difference=q * (k * (k + 1) / (6 * n)) ** 0.5,
        about=OF_INTERVAL["listener"],
        simulated=is_simulated(frame),
    )

"""Whether the studies of a pooled analysis differ in the scores of the same stimuli."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from analysis.formatting import number, p_in_words
from analysis.models.checks.row import Row, make_row
from analysis.ratings.tidy import shares_items

_CHECK, _CLAUSE = "study", "Analysis of variance over listeners"


def check_studies(rows: pd.DataFrame) -> list[Row]:
    """Compare the listeners of the studies by their mean distance from the mean of each common stimulus.

    Args:
        rows: Ratings that count.
    """
    if rows["study"].nunique() < 2:
        return []
    nan = float("nan")
    if not shares_items(rows):
        sentence = (
            "The studies have different items: a difference between them may be the items' or the panels'."
        )
        return [make_row(_CHECK, "", nan, nan, True, sentence, _CLAUSE)]
    gaps = rows["score"] - rows.groupby(["item", "condition"])["score"].transform("mean")
    means = gaps.groupby([rows["study"], rows["listener"]]).mean()
    groups = [group.to_numpy(float) for _, group in means.groupby("study")]
    if min(len(group) for group in groups) < 2 or all(np.ptp(group) == 0 for group in groups):
        return []
    found = stats.f_oneway(*groups)
    f, p = float(found.statistic), float(found.pvalue)
    by_study = means.groupby("study").mean()
    reach = float(by_study.max() - by_study.min())
    what = f"up to {number(reach, 1)} points; F = {number(f, 2)}, {p_in_words(p)}; new listeners, these items"
    differ = "differ" if p < 0.05 else "do not notably differ"
    sentence = f"The studies {differ} in the scores of the same sounds ({what})."
    return [make_row(_CHECK, "", f, nan, p < 0.05, sentence, _CLAUSE)]

"""Comparison ratings: published means, least squares as a witness, orders of unequal frequency."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from analysis.choices.comparison_category import category_differences
from analysis.errors import DesignError
from analysis.statistics.intervals import interval

MEANS = {
    1: [0.7167, -0.4875, 0.6167, 0.5958, -0.4042, -0.3958, 0.1750, 0.0125],
    2: [0.3875, 0.3292, 0.3792, 0.3750, 0.4083, 0.2875, 0.3583, 0.3500],
}


def comparisons(share_first: float = 0.5, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for listener in range(14):
        like, lean = rng.normal(0.8, 0.5), rng.normal(0.3, 0.2)
        for item in range(6):
            forwards = rng.random() < share_first
            score = np.clip(np.round((1 if forwards else -1) * like + lean + rng.normal(0, 0.8)), -3, 3)
            first, second = ("old", "new") if forwards else ("new", "old")
            rows.append((f"L{listener}", f"item{item}", first, second, score))
    return pd.DataFrame(rows, columns=["listener", "item", "first", "second", "score"])


@pytest.mark.parametrize("experiment", [1, 2])
def test_hd_uhd(hd_uhd: pd.DataFrame, experiment: int) -> None:
    rows = hd_uhd[hd_uhd["experiment"] == experiment]
    whole = rows.rename(columns={"subject": "listener", "src": "item", "rating": "score"}).assign(
        first="earlier", second=rows["condition"].map("condition {}".format)
    )
    table = category_differences(whole, order=[*(f"condition {n}" for n in range(1, 9)), "earlier"])
    assert list(table["difference"]) == pytest.approx(MEANS[experiment], abs=5e-5)
    assert list(table["n"]) == [240] * 8
    # Conditions 1 and 2 are one pair in its two orders.
    pair = whole[rows["condition"].isin([1, 2])].assign(first=rows["first_res"], second=rows["second_res"])
    row = category_differences(pair, order=["UHD", "HD"]).iloc[0]
    later, earlier = MEANS[experiment][0], MEANS[experiment][1]
    assert row["difference"] == pytest.approx((later - earlier) / 2, abs=5e-5)
    assert row["order_effect"] == pytest.approx((later + earlier) / 2, abs=5e-5)
    # A sound compared with itself shows the order effect only.
    same = whole[rows["condition"] == 8 if experiment == 1 else rows["condition"] == 4]
    alone = category_differences(same.assign(first="HD", second="HD")).iloc[0]
    assert np.isnan(alone["difference"])
    assert alone["order_effect"] == pytest.approx(same["score"].mean())


@pytest.mark.parametrize("share_first", [0.5, 0.8])
def test_difference_and_order_effect_are_a_regression(share_first: float) -> None:
    rows = comparisons(share_first)
    fit = smf.ols("score ~ sign", rows.assign(sign=np.where(rows["second"] == "new", 1, -1))).fit()
    row = category_differences(rows).iloc[0]
    assert (row["condition_a"], row["condition_b"]) == ("new", "old")
    assert row["difference"] == pytest.approx(fit.params["sign"])
    assert row["order_effect"] == pytest.approx(fit.params["Intercept"])
    assert row["ci_low"] < 0.8 < row["ci_high"]
    assert row["order_low"] < 0.3 < row["order_high"]


def test_with_equal_orders_it_is_the_mean_of_the_sign_corrected_scores() -> None:
    rows = comparisons()
    forwards = rows["second"] == "new"
    n = int(min(forwards.sum(), (~forwards).sum()))
    rows = pd.concat([rows[forwards].head(n), rows[~forwards].head(n)])
    corrected = np.where(rows["second"] == "new", rows["score"], -rows["score"])
    assert category_differences(rows).iloc[0]["difference"] == pytest.approx(corrected.mean())


def test_one_order_has_no_order_effect_and_says_so() -> None:
    rows = comparisons(1.0)
    row = category_differences(rows).iloc[0]
    codes = [pd.factorize(rows[name])[0] for name in ("listener", "item")]
    found = interval("two-way", rows["score"].to_numpy(float), *codes)
    assert (row["difference"], row["ci_low"]) == pytest.approx((found.mean, found.low))
    assert np.isnan(row["order_effect"])
    assert row["note"] == "only one order was heard, so that the difference contains the effect of the order"


def test_bad_comparisons_are_errors() -> None:
    with pytest.raises(
        DesignError, match=r"^the comparisons have no column 'first'; expected listener, item, f"
    ):
        category_differences(comparisons().drop(columns="first"))
    with pytest.raises(DesignError, match=r"^no ratings among the comparisons$"):
        category_differences(comparisons().assign(score=np.nan))

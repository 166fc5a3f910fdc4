"""Agreement: against pingouin, published tables, rank correlations and studies with a known truth."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy import stats

from analysis import DesignError, listeners, reliability
from analysis.models.reliability import icc, kendall_w, krippendorff, mean_rank_correlation
from analysis.statistics.jackknife import jackknife_interval

Make = Callable[..., pd.DataFrame]


def test_icc_agrees_with_pingouin() -> None:
    rng = np.random.default_rng(1)
    table = rng.normal(0, 8, (12, 1)) + rng.normal(0, 4, (1, 5)) + rng.normal(0, 5, (12, 5))
    long = pd.DataFrame(table).melt(ignore_index=False).reset_index()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        witness = pingouin.intraclass_corr(long, targets="index", raters="variable", ratings="value")
    single, average = icc(table)
    for found, row in ((single, witness.iloc[1]), (average, witness.iloc[4])):
        assert found[0] == pytest.approx(row["ICC"])
        ends = next(value for name, value in row.items() if "CI" in str(name))
        assert found[1:] == pytest.approx(tuple(ends), abs=0.006)


def test_reliability_of_an_incomplete_study(make: Make) -> None:
    frame = make(listeners=20, items=10, sd=(3, 10, 4))
    complete = reliability(frame).set_index("measure")
    fewer = reliability(frame[np.random.default_rng(0).random(len(frame)) > 0.3]).set_index("measure")
    assert fewer.loc["ICC(2,1)", "value"] == pytest.approx(complete.loc["ICC(2,1)", "value"], abs=0.08)
    assert (
        fewer.loc["ICC(2,1)", "note"].startswith("incomplete design")
        and complete.loc["ICC(2,1)", "note"] == ""
    )
    row = fewer.loc["ICC(2,1)"]
    assert row["ci_low"] < row["value"] < row["ci_high"]


def test_krippendorffs_published_example() -> None:
    # Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability": 4 observers, 12 units, interval
    # scale, alpha = 0.849.
    gap = np.nan
    observers = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, gap, gap, gap], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, gap, 3],
            [gap, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, gap], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, gap],
        ]
    )  # fmt: skip
    assert krippendorff(observers.T) == pytest.approx(0.849, abs=5e-4)


def test_kendalls_w_is_friedmans_statistic_scaled() -> None:
    table = np.random.default_rng(2).integers(0, 6, (9, 5)).astype(float)
    chi2 = stats.friedmanchisquare(*table.T).statistic
    assert kendall_w(table) == pytest.approx(chi2 / (9 * 4))
    assert kendall_w(np.tile([1.0, 2, 3], (4, 1))) == 1
    assert np.isnan(kendall_w(np.ones((4, 3))))


def test_intervals_of_agreement_stay_where_agreement_is_defined(make: Make) -> None:
    for seed in range(8):
        frame = make(listeners=4, items=3, means={"A": 50.0, "B": 49.0}, sd=(12, 2, 9), seed=seed)
        for missing in (0.0, 0.2):
            heard = frame[np.random.default_rng(seed).random(len(frame)) >= missing]
            table = reliability(heard).set_index("measure")
            for name in ("ICC(2,k)", "Kendall's W", *(["ICC(2,1)"] if missing else [])):
                row = table.loc[name]
                if np.isfinite(row["ci_low"]):
                    assert 0 <= row["ci_low"] <= row["ci_high"] <= 1, (seed, missing, name)
                    assert row["value"] <= row["ci_high"] or row["value"] > 1


def test_each_listener_beside_the_panel(make: Make) -> None:
    frame = make(listeners=6, sd=(0, 8, 1))
    odd = frame["listener"] == "listener 002"
    frame.loc[odd, "score"] += 20
    again = frame[odd].assign(kind="repeat", score=lambda f: f["score"] + np.tile([1.0, -1.0], len(f) // 2))
    table = listeners(pd.concat([frame, again], ignore_index=True)).set_index("listener")
    assert table["bias"].idxmax() == "listener 002" and table.loc["listener 002", "bias"] > 15
    assert (table["agreement"] > 0.8).all()
    assert table.loc["listener 002", "repeatability"] == pytest.approx(
        np.std([1, -1] * (len(again) // 2), ddof=1)
    )
    assert np.isnan(table.loc["listener 000", "repeatability"])


def test_agreement_needs_two(make: Make) -> None:
    with pytest.raises(DesignError, match="agreement needs two listeners and two stimuli; found 1 and 18"):
        reliability(make(listeners=1))


def test_mean_rank_correlation_is_spearmans() -> None:
    table = np.random.default_rng(3).normal(size=(5, 7))
    pairs = stats.spearmanr(table.T).statistic[np.triu_indices(5, 1)]
    assert mean_rank_correlation(table) == pytest.approx(pairs.mean())
    assert kendall_w(table) == pytest.approx((1 + 4 * pairs.mean()) / 5)


def test_the_jackknife_against_its_definition() -> None:
    table = np.random.default_rng(4).normal(0, 3, (6, 1)) + np.random.default_rng(5).normal(0, 2, (6, 9))
    low, high = jackknife_interval(mean_rank_correlation, table)
    z = np.arctanh(mean_rank_correlation(table))
    pseudo = [6 * z - 5 * np.arctanh(mean_rank_correlation(np.delete(table, i, axis=0))) for i in range(6)]
    # The deviation of the pseudo-values is a t interval of scipy's, moved to the estimate.
    ends = np.array(stats.ttest_1samp(pseudo, 0).confidence_interval()) - np.mean(pseudo) + z
    assert (low, high) == pytest.approx(tuple(np.tanh(ends)))


def test_intervals_of_agreement_hold_the_truth() -> None:
    # 300 studies of 8 listeners and 24 stimuli; the truth is alpha of a panel without end.
    rng = np.random.default_rng(6)
    stimuli = np.repeat([0.0, 10, 20], 8)[:, None] + rng.normal(0, 10, (24, 1))
    endless = stimuli + rng.normal(0, 8, (1, 5000)) + rng.normal(0, 8, (24, 5000))
    truth, hits = krippendorff(endless), 0
    for _ in range(300):
        panel = stimuli + rng.normal(0, 8, (1, 8)) + rng.normal(0, 8, (24, 8))
        low, high = jackknife_interval(lambda rows: krippendorff(rows.T), panel.T)
        hits += low <= truth <= high
    assert 0.91 <= hits / 300 <= 0.985


def test_agreement_that_does_not_vary_has_no_interval(make: Make) -> None:
    alike = np.tile([1.0, 2, 3], (5, 1))
    assert np.isnan(jackknife_interval(mean_rank_correlation, alike)).all()
    assert np.isnan(jackknife_interval(mean_rank_correlation, alike[:2])).all()
    # Where one listener makes all the difference, the ends stay within -1 and 1.
    odd = np.vstack([alike, [[1.0, 3, 2]]])
    low, high = jackknife_interval(mean_rank_correlation, odd)
    assert -1 <= low < mean_rank_correlation(odd) < high <= 1
    notes = reliability(make(listeners=2)).set_index("measure")["note"]
    assert notes["Kendall's W"] == notes["Krippendorff's alpha"] == "an interval needs three listeners"


def test_many_listeners_are_left_out_in_groups() -> None:
    rng = np.random.default_rng(7)
    table = rng.normal(0, 4, (1, 12)) + rng.normal(0, 5, (450, 12))
    low, high = jackknife_interval(mean_rank_correlation, table)
    single = [np.delete(table, i, axis=0) for i in range(450)]
    z = np.arctanh([mean_rank_correlation(rows) for rows in single])
    error = (449 / 450 * ((z - z.mean()) ** 2).sum()) ** 0.5
    assert np.arctanh(high) - np.arctanh(low) == pytest.approx(2 * 1.966 * error, rel=0.2)


def test_agreement_is_that_on_the_methods(mushra: pd.DataFrame) -> None:
    methods = mushra[mushra["role"] == "method"]
    pd.testing.assert_frame_equal(reliability(mushra), reliability(methods.reset_index(drop=True)))
    every = reliability(mushra, among=list(mushra["condition"].unique()))
    assert (every["n_stimuli"] == 30).all() and (reliability(mushra)["n_stimuli"] == 12).all()


def test_the_p_value_of_agreement_is_scipys(mushra: pd.DataFrame) -> None:
    table = listeners(mushra)
    methods = mushra[mushra["role"] == "method"]
    wide = methods.pivot(index=["item", "condition"], columns="listener", values="score")
    own, others = wide.iloc[:, 0], wide.iloc[:, 1:].mean(axis=1)
    witness = stats.pearsonr(own, others, alternative="greater")
    assert table["agreement"].iloc[0] == pytest.approx(witness.statistic)
    assert table["p_agreement"].iloc[0] == pytest.approx(witness.pvalue)


def test_the_interval_of_the_icc_has_the_degrees_of_freedom_of_shrout_and_fleiss() -> None:
    # Shrout & Fleiss 1979, Psychological Bulletin 86:420-428: their example, and the formula on p. 424.
    scores = np.array([[9.0, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
    n, k = scores.shape
    rows, columns = scores.mean(axis=1, keepdims=True), scores.mean(axis=0)
    r, c = k * rows.var(ddof=1), n * columns.var(ddof=1)
    e = ((scores - rows - columns + scores.mean()) ** 2).sum() / ((n - 1) * (k - 1))
    single, low, high = icc(scores)[0]
    assert single == pytest.approx(0.29, abs=0.005)
    f, rest = c / e, n * (1 + (k - 1) * single) - k * single
    v = (k - 1) * (n - 1) * (k * single * f + rest) ** 2 / ((n - 1) * (k * single * f) ** 2 + rest**2)
    upper, lower = stats.f.ppf(0.975, n - 1, v), stats.f.ppf(0.975, v, n - 1)
    weights = k * c + (k * n - k - n) * e
    assert low == pytest.approx(n * (r - upper * e) / (upper * weights + n * r))
    assert high == pytest.approx(n * (lower * r - e) / (weights + n * lower * r))

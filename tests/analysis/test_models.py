"""Analysis of variance, mixed model, reliability, power: against pingouin, statsmodels, published tables."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pingouin
import pytest
import statsmodels.api as sm
from scipy import stats

from analysis import (
    DesignError,
    Spread,
    listeners,
    mixed_model,
    omnibus,
    pilot_spread,
    power,
    reliability,
    required_listeners,
)
from analysis.anova import rm_anova
from analysis.intervals import interval, t_test
from analysis.ratings import cells
from analysis.reliability import icc, kendall_w, krippendorff

Make = Callable[..., pd.DataFrame]


def test_one_way_anova_agrees_with_pingouin(make: Make) -> None:
    frame = make(listeners=12)
    table = frame.groupby(["listener", "condition"])["score"].mean().reset_index()
    found = rm_anova(
        table.pivot(index="listener", columns="condition", values="score").to_numpy(), ("condition",)
    )[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        witness = pingouin.rm_anova(
            table, dv="score", within="condition", subject="listener", correction=True, detailed=True
        )
    row = witness.iloc[0]
    assert found.f == pytest.approx(row["F"])
    assert found.epsilon_gg == pytest.approx(row["eps"])
    wide = table.pivot(index="listener", columns="condition", values="score")
    assert found.epsilon_hf == pytest.approx(pingouin.epsilon(wide, correction="hf"))
    gg = next(value for name, value in row.items() if "GG" in str(name) and str(name).lower().startswith("p"))
    assert found.p_gg == pytest.approx(gg)


def test_the_omnibus_table_uses_complete_listeners(make: Make) -> None:
    frame = make(listeners=9, items=4)
    table = omnibus(frame)
    assert list(table["effect"]) == ["condition", "condition", "item", "condition x item"]
    gap = (frame["listener"] == "listener 003") & (frame["item"] == "item 01") & (frame["condition"] == "A")
    fewer = omnibus(frame[~gap])
    assert list(fewer["n_listeners"]) == [9, 8, 8, 8]
    pd.testing.assert_frame_equal(
        fewer.iloc[1:].reset_index(drop=True),
        omnibus(frame[frame["listener"] != "listener 003"]).iloc[1:].reset_index(drop=True),
    )
    with pytest.raises(DesignError, match="needs two conditions and two listeners; found 3 and 1"):
        omnibus(make(listeners=1))


def test_hotelling_is_the_paired_t_test_for_two_levels() -> None:
    scores = np.random.default_rng(0).normal(0, 1, (11, 2))
    found = rm_anova(scores, ("condition",))[0]
    witness = stats.ttest_rel(scores[:, 0], scores[:, 1])
    assert found.f == pytest.approx(witness.statistic**2)
    assert found.p_multivariate == pytest.approx(witness.pvalue) and found.p_hf == pytest.approx(
        witness.pvalue
    )


def test_advice_follows_attachment_4(make: Make) -> None:
    table = omnibus(make(listeners=40, items=3, own=(0.0, 0.0)))
    row = table[table["effect"] == "condition"].iloc[1]
    assert row["advice"] == "p_multivariate", "40 listeners are not fewer than 3 levels + 30"
    few = omnibus(make(listeners=12, items=3, own=(0.0, 0.0), seed=1)).iloc[1]
    assert few["advice"] == ("p_hf" if few["epsilon_hf"] > 0.85 else "p_multivariate")


def test_the_mixed_model_agrees_with_statsmodels(make: Make) -> None:
    frame = make(
        listeners=9, items=6, means={"A": 60.0, "B": 45.0}, missing=0.15, sd=(8, 5, 5), own=(4, 4), seed=5
    )
    model = mixed_model(frame)
    table = cells(frame)
    table["one"] = 1
    parts = {
        "listener": "0 + C(listener)", "listener x condition": "0 + C(listener):C(condition)",
        "item": "0 + C(item)", "item x condition": "0 + C(item):C(condition)",
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        witness = sm.MixedLM.from_formula(
            "score ~ 0 + C(condition)", table, groups="one", vc_formula=parts, re_formula="0"
        ).fit(reml=True)
    components = dict(zip(witness.model.exog_vc.names, witness.vcomp, strict=True)) | {
        "residual": witness.scale
    }
    assert model.components == pytest.approx(components, rel=0.02, abs=0.05)
    assert model.means == pytest.approx(witness.fe_params.to_numpy(), abs=0.01)
    gap = np.array([1.0, -1.0])
    se = float(gap @ witness.cov_params().to_numpy()[:2, :2] @ gap) ** 0.5
    assert model.differences()["se"].iloc[0] == pytest.approx(se, rel=5e-3)


def test_two_conditions_of_a_complete_study_give_the_two_way_interval(make: Make) -> None:
    frame = make(listeners=12, items=8, means={"A": 60.0, "B": 45.0}, own=(5, 5))
    row = mixed_model(frame).differences().iloc[0]
    wide = frame.pivot(index=["listener", "item"], columns="condition", values="score")
    gaps = wide["A"] - wide["B"]
    codes = [pd.factorize(gaps.index.get_level_values(k))[0] for k in (0, 1)]
    found = interval("two-way", gaps.to_numpy(), *codes)
    # Not the same number: the model also learns its residual from the sums of the two conditions.
    assert row["se"] == pytest.approx(found.standard_error(), rel=0.05)
    assert t_test(found) < row["p"], "fewer degrees of freedom are on the safe side"


def test_what_a_mixed_model_needs(make: Make) -> None:
    with pytest.raises(DesignError, match="needs two conditions, listeners and items; found 3, 1 and 6"):
        mixed_model(make(listeners=1))
    shares = mixed_model(make()).variance_components()
    assert shares["share"].sum() == pytest.approx(1) and list(shares["component"])[-1] == "residual"


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
    with pytest.raises(DesignError, match="Agreement needs two listeners and two stimuli; found 1 and 18"):
        reliability(make(listeners=1))


def test_power_agrees_with_simulated_ratings() -> None:
    spread, rng, hits, draws = Spread(6, 4, 9), np.random.default_rng(0), 0, 600
    for _ in range(draws):
        table = 7 + 6 * rng.normal(size=(12, 1)) + 4 * rng.normal(size=(1, 7)) + 9 * rng.normal(size=(12, 7))
        found = interval("two-way", table.ravel(), np.repeat(np.arange(12), 7), np.tile(np.arange(7), 12))
        hits += t_test(found) < 0.05
    expected = power(7, 12, 7, spread, draws=20_000)
    assert hits / draws == pytest.approx(expected, abs=4 * (expected * (1 - expected) / draws) ** 0.5)


def test_power_without_a_difference_is_the_level() -> None:
    assert power(0, 15, 8, draws=20_000) == pytest.approx(0.05, abs=0.012)
    assert power(0, 15, 8, comparisons=5, draws=20_000) == pytest.approx(0.01, abs=0.006)


def test_required_listeners_is_the_smallest_number_that_suffices() -> None:
    n = required_listeners(10, 9)
    assert power(10, n, 9) >= 0.8 > power(10, n - 1, 9)
    with pytest.raises(
        DesignError, match="With 5 items no number of listeners finds 3 points with a power of 80 %"
    ):
        required_listeners(3, 5)


def test_a_pilot_tells_the_spread(make: Make) -> None:
    frame = make(listeners=60, items=40, means={"A": 50.0, "B": 40.0}, sd=(8, 5, 7), own=(3, 4), seed=8)
    found = pilot_spread(frame)
    expected = (3 * 2**0.5, 4 * 2**0.5, 7 * 2**0.5)
    assert (found.listener_sd, found.item_sd, found.residual_sd) == pytest.approx(expected, rel=0.25)
    assert required_listeners(10, 40, frame) == required_listeners(10, 40, found)
    with pytest.raises(DesignError, match="The pilot has no condition 'Z'; found A, B"):
        pilot_spread(frame, ("A", "Z"))

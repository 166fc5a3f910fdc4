"""The mixed model: against statsmodels, against itself written two ways, and at its edges."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

from analysis import DesignError, load_ratings, mixed_model, omnibus
from analysis.models.item_condition import item_condition_test
from analysis.models.likelihood.fit import fit, make_pages
from analysis.models.likelihood.full_pages import FullPages
from analysis.models.likelihood.reml import Pages
from analysis.ratings.tidy import cells
from analysis.statistics.intervals import interval

Make = Callable[..., pd.DataFrame]


def with_tastes(frame: pd.DataFrame, sd: float, seed: int = 0) -> pd.DataFrame:
    """Add what each listener thinks of each item, the same for all conditions."""
    page = frame["listener"] + frame["item"]
    names = sorted(page.unique())
    tastes = dict(zip(names, np.random.default_rng(seed).normal(0, sd, len(names)), strict=True))
    return frame.assign(score=frame["score"] + page.map(tastes))


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_the_mixed_model_agrees_with_statsmodels(make: Make, missing: float) -> None:
    study = make(
        listeners=9, items=6, means={"A": 60.0, "B": 45.0}, missing=missing, sd=(8, 5, 4), own=(4, 4), seed=5
    )
    frame = with_tastes(study, 6)
    model = mixed_model(frame)
    table = cells(frame)
    table["one"] = 1
    parts = {
        "listener": "0 + C(listener)", "listener x condition": "0 + C(listener):C(condition)",
        "item": "0 + C(item)", "item x condition": "0 + C(item):C(condition)",
        "listener x item": "0 + C(listener):C(item)",
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
    assert model.differences()["se"].iloc[0] == pytest.approx(se, rel=0.01)
    # The two stop at slightly different places; ours is not the less likely one.
    pages = make_pages(table, model.names)
    ours, theirs = (
        pages.solve(np.array([max(found[name], 1e-6) / found["residual"] for name in list(found)[:-1]]))[0]
        for found in (model.components, {name: components[name] for name in model.components})
    )
    assert ours <= theirs + 1e-4


def test_two_conditions_of_a_complete_study_give_the_two_way_interval(make: Make) -> None:
    frame = make(listeners=12, items=8, means={"A": 60.0, "B": 45.0}, own=(5, 5))
    row = mixed_model(frame).differences().iloc[0]
    wide = frame.pivot(index=["listener", "item"], columns="condition", values="score")
    gaps = wide["A"] - wide["B"]
    codes = [pd.factorize(gaps.index.get_level_values(k))[0] for k in (0, 1)]
    found = interval("two-way", gaps.to_numpy(), *codes)
    # Not the same number: the model also learns its residual from the sums of the two conditions.
    assert row["se"] == pytest.approx(found.standard_error, rel=0.05)
    tastes = mixed_model(with_tastes(frame, 20)).differences().iloc[0]
    assert tastes["se"] == pytest.approx(row["se"], rel=0.02), "what is common to a page is no difference"
    assert row["df"] > found.df > 1, "the two-way interval allows for components estimated as too small"


def test_what_a_mixed_model_needs(make: Make) -> None:
    with pytest.raises(DesignError, match="needs two conditions, listeners and items; found 3, 1 and 6"):
        mixed_model(make(listeners=1))
    shares = mixed_model(make()).variance_components()
    assert shares["share"].sum() == pytest.approx(1) and list(shares["component"])[-1] == "residual"


def test_pages_without_gaps_have_the_same_likelihood_either_way(make: Make) -> None:
    frame = with_tastes(make(listeners=7, items=5, sd=(8, 5, 4), own=(4, 4), seed=2), 5)
    pages = make_pages(cells(frame), ["A", "B", "C"])
    # Half of the pages are missing, none has a gap.
    heard = np.random.default_rng(0).random((7, 5, 1)) < 0.6
    part = Pages(pages.counts * heard, pages.sums * heard)
    assert part.are_full()
    ratios = np.array([[1.0, 0.5, 0.7, 0.2, 1.5], [0.1, 2.0, 3.0, 0.4, 0.01]])
    dense, turned = ([solver.solve(r) for r in ratios] for solver in (part, FullPages.of(part)))
    assert turned[0][0] - turned[1][0] == pytest.approx(dense[0][0] - dense[1][0])
    for one, other in zip(dense, turned, strict=True):
        assert other[1] == pytest.approx(one[1])
        assert np.allclose(other[2], one[2]) and np.allclose(other[3], one[3])


def test_one_condition_a_page_leaves_tastes_in_the_residual(make: Make) -> None:
    frame = make(listeners=12, items=12, sd=(6, 5, 7))
    at = pd.factorize(frame["listener"])[0] + pd.factorize(frame["item"])[0]
    alone = frame[frame["condition"] == np.array(["A", "B", "C"])[at % 3]]
    found = mixed_model(alone).components
    assert found["listener x item"] == 0 and found["residual"] == pytest.approx(49, rel=0.4)


def test_a_large_study_leaves_pages_with_gaps_out_and_says_so(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = make(listeners=10, items=5)
    gap = (frame["listener"] == "listener 003") & (frame["item"] == "item 01") & (frame["condition"] == "A")
    assert mixed_model(frame[~gap]).note == ""
    monkeypatch.setattr("analysis.models.likelihood.fit._SLOW_WITH_GAPS", 100)
    model = mixed_model(frame[~gap])
    assert model.note == "1 of 50 pages with missing conditions left out"
    page = (frame["listener"] == "listener 003") & (frame["item"] == "item 01")
    gaps = frame["condition"].eq("A") & frame["item"].isin(["item 01", "item 02"])
    all_pages = mixed_model(frame[~gaps])
    assert all_pages.note == "", "three of five pages without gaps do not stand for all"
    monkeypatch.setattr("analysis.models.likelihood.fit._LARGEST_WITH_GAPS", 100)
    with pytest.raises(DesignError, match="of 130 ratings is too large where 20 of 50 pages have missing"):
        mixed_model(frame[~gaps])
    monkeypatch.undo()
    assert all_pages.components == mixed_model(frame[~gaps]).components
    assert model.components == pytest.approx(mixed_model(frame[~page]).components)


@pytest.mark.parametrize("seed", [10, 13])
def test_missing_cells_leave_no_component_stuck_at_zero(make: Make, seed: int) -> None:
    frame = make(
        listeners=14, items=6, means={"A": 60.0, "B": 50.0, "C": 45.0, "D": 40.0}, sd=(3, 3, 8), own=(2, 2),
        seed=seed, missing=0.15,
    )  # fmt: skip
    pages = make_pages(cells(frame), list("ABCD"))
    # The witness: the simplex method from several places, which needs no slopes.
    best = min(
        optimize.minimize(
            lambda x: pages.solve(np.exp(np.clip(x, -14, 9)))[0], np.log(np.full(5, start)),
            method="Nelder-Mead", options={"adaptive": True, "maxfev": 800},
        ).fun
        for start in (0.02, 0.3)
    )  # fmt: skip
    assert pages.solve(fit(pages)[1])[0] <= best + 1e-3


def test_the_equations_hold_at_the_corners_of_the_search(make: Make) -> None:
    means = dict(zip("ABCDEF", range(40, 70, 5), strict=True))
    frame = make(listeners=12, items=6, means=means, missing=0.15)
    pages = make_pages(cells(frame), list("ABCDEF"))
    there = pages.counts.ravel() > 0
    listener, item, condition = (axis.ravel()[there] for axis in np.indices(pages.counts.shape))
    y, design = pages.sums.ravel()[there], np.eye(6)[condition]
    same = [a[:, None] == a for a in (listener, item, condition)]
    parts = [same[0], same[0] & same[2], same[1], same[1] & same[2], same[0] & same[1]]

    def deviance(ratios: np.ndarray) -> float:
        """REML from the covariance of all ratings (Harville 1977, JASA 72:320-338)."""
        v = np.eye(len(y)) + sum(r * part for r, part in zip(ratios, parts, strict=True))
        inner = design.T @ np.linalg.solve(v, design)
        rest = y - design @ np.linalg.solve(inner, design.T @ np.linalg.solve(v, y))
        df = len(y) - 6
        logs = np.linalg.slogdet(v)[1] + np.linalg.slogdet(inner)[1]
        return float(df * np.log(rest @ np.linalg.solve(v, rest) / df) + logs)

    middle = np.array([0.5, 0.2, 0.3, 0.2, 0.4])
    corners = (
        [4.49226467, 3.65655622e-6, 1e4, 4.88204989e-6, 0.281325892],
        [0.752378435, 1.31992061e-3, 6.83365968e3, 2.20204178e-6, 5.36961632e-5],
        [6.83365968e3, 2.20204178e-6, 0.752378435, 1.31992061e-3, 5.36961632e-5],
    )
    for corner in corners:
        gap = pages.solve(np.array(corner))[0] - pages.solve(middle)[0]
        assert gap == pytest.approx(deviance(np.array(corner)) - deviance(middle), abs=1e-3)


def test_a_model_that_cannot_be_solved_says_so(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise np.linalg.LinAlgError

    monkeypatch.setattr(FullPages, "solve", fail)
    with pytest.raises(DesignError, match="equations of the mixed model cannot be solved for these ratings"):
        mixed_model(make())


def test_the_conditions_are_those_of_the_attribute(make: Make) -> None:
    with pytest.raises(
        DesignError, match="no rating has the condition 'typo' to compare with; found 'A', 'B'"
    ):
        mixed_model(make(), among=["A", "typo"])
    frame = make()
    other = frame[frame["condition"] != "C"].assign(attribute="width")
    both = pd.concat([frame, other], ignore_index=True)
    model = mixed_model(both, attribute="width")
    assert model.names == ["A", "B"] and np.isfinite(model.differences()["p"]).all()
    assert set(omnibus(both, attribute="width")["n_listeners"]) == {8}


def test_equal_differences_leave_no_residual(make: Make) -> None:
    frame = make(listeners=3, items=3, means={"A": 50.0})
    apart = frame.assign(condition="B", label="B", score=frame["score"] - 5)
    for score in (pd.concat([frame, apart])["score"], 50.0):
        both = pd.concat([frame, apart]).assign(score=score).reset_index(drop=True)
        with pytest.raises(DesignError, match="needs ratings that vary; nothing is left for the residual"):
            mixed_model(both)


def test_the_item_x_condition_test_agrees_with_lme4(codec_csv: Path) -> None:
    # R 4.2.2, lme4 1.1-31 on the ratings of the seven codecs: 2 (logLik(full) - logLik(without)) by REML.
    ratio, p, sd = item_condition_test(load_ratings(codec_csv))
    assert ratio == pytest.approx(172.5949, abs=0.01)
    assert p == pytest.approx(stats.chi2.sf(172.5949, 1) / 2, rel=0.02)
    assert sd == pytest.approx(10.2487, abs=0.002)


def test_the_item_x_condition_test_needs_items_under_two_conditions(make: Make) -> None:
    frame = make(items=8, own=(2.0, 0.0), seed=6, missing=0.2)
    assert item_condition_test(frame)[1] > 0.05
    nested = frame[(frame["condition"] == "A") == (frame["item"] < "item 04")]
    with pytest.raises(DesignError, match="two items that were rated under two conditions"):
        item_condition_test(nested[nested["condition"] != "C"], among=["A", "B"])


def test_degrees_of_freedom_agree_with_lmertest(codec_csv: Path) -> None:
    # R 4.2.2, lmerTest 3.1-3: contest1D(lmer(y ~ 0 + C + (1|L) + (1|L:C) + (1|I) + (1|I:C) + (1|L:I))).
    frame = load_ratings(codec_csv)
    model = mixed_model(frame, among=sorted(frame["condition"].unique()))
    means, pairs = model.condition_means(), model.differences()
    assert means["df"].to_numpy() == pytest.approx(117.1006, rel=2e-4)
    assert pairs["df"].to_numpy() == pytest.approx(194.9266, abs=0.05)
    best = means.iloc[1]
    assert best["condition"] == "AudioDec"
    assert [best["mean"], best["se"]] == pytest.approx([65.3200936, 3.9148888], abs=1e-4)
    assert [best["ci_low"], best["ci_high"]] == pytest.approx([57.5669311, 73.0732561], abs=1e-3)


def test_means_differences_and_effects_of_an_incomplete_study_agree_with_lmertest(codec_csv: Path) -> None:
    frame = load_ratings(codec_csv)
    frame = frame[frame["condition"].isin(["Lyra 6", "Proposed 1.38", "Proposed 5.51"])]
    frame = frame[frame["listener"].isin([f"listener-{i:02d}" for i in range(1, 13)])]
    frame = frame.reset_index(drop=True)
    model = mixed_model(frame[frame.index % 7 != 0])
    means, pairs, effects = model.condition_means(), model.differences(), model.effects()
    # R 4.2.2, lmerTest 3.1-3 as above; REML stops at slightly different variances.
    assert list(means["condition"]) == ["Proposed 5.51", "Proposed 1.38", "Lyra 6"]
    assert means["mean"].to_numpy() == pytest.approx([61.0919014, 54.670054, 46.0293052], abs=1e-3)
    assert means["df"].to_numpy() == pytest.approx([23.7635319, 23.78045, 23.7501408], abs=0.01)
    assert pairs["difference"].to_numpy() == pytest.approx([6.42184744, 15.0625961, 8.64074871], abs=1e-3)
    assert pairs["se"].to_numpy() == pytest.approx([4.65438177, 4.65122009, 4.65290965], abs=1e-3)
    assert pairs["df"].to_numpy() == pytest.approx([28.8136527, 28.7833895, 28.7991681], abs=0.01)
    assert pairs["p"].to_numpy() == pytest.approx([0.178279917, 0.00302470408, 0.0735569011], rel=1e-3)
    # Its ranef().
    found = effects.set_index(["component", "listener", "item", "condition"])["effect"]
    listener = effects[effects["component"].eq("listener") & effects["listener"].eq("listener-02")]
    assert listener["effect"].item() == pytest.approx(-20.96286840, abs=1e-3)
    assert found.xs(("listener x condition", "listener-01"), level=(0, 1)).to_numpy() == pytest.approx(
        [-7.18205305, 1.85906395, 9.18067189], abs=1e-3
    )
    assert found.xs(("item x condition", "TSP_FB07_09"), level=(0, 2)).to_numpy() == pytest.approx(
        [0.671058591, 2.234030348, -7.434900590], abs=1e-3
    )
    assert len(effects) == 12 * 4 + 16 * 4


def test_the_summary_shows_all_three_tables(make: Make) -> None:
    model = mixed_model(make().assign(simulated=True))
    lines = model.summary().splitlines()
    assert lines[0] == (
        "Linear mixed model by REML of SIMULATED ratings: 144 means of 8 listeners, 6 items and 3 conditions"
    )
    row = model.condition_means().iloc[0]
    assert f"{row['condition']:<11}{row['mean']:>8.2f}{row['se']:>7.2f}{row['df']:>8.1f}" in "\n".join(lines)
    assert sum(" - " in line for line in lines) == 3 and "95 % interval, uncorrected p" in model.summary()

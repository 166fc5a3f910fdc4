"""The mixed model with variances per condition: its likelihood a second way, lme4, and what it is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import DesignError, load_ratings, mixed_model
from analysis.models.likelihood.fit import fit, make_pages
from analysis.models.likelihood.ratios import Ratios
from analysis.models.likelihood.reml import Pages
from analysis.ratings.tidy import cells

Make = Callable[..., pd.DataFrame]


def deviance(pages: Pages, parts: Ratios) -> float:
    """REML from the covariance of all ratings (Harville 1977, JASA 72:320-338)."""
    there = pages.counts.ravel() > 0
    listener, item, condition = (axis.ravel()[there] for axis in np.indices(pages.counts.shape))
    y, design = pages.sums.ravel()[there], np.eye(pages.counts.shape[2])[condition]
    same = [a[:, None] == a for a in (listener, item, condition)]
    own = [
        np.outer(np.sqrt(v)[condition], np.sqrt(v)[condition])
        for v in (parts.listener_condition, parts.item_condition)
    ]
    v = np.diag(parts.residual[condition])
    v += parts.listener * same[0] + parts.item * same[1] + parts.page * (same[0] & same[1])
    v += own[0] * (same[0] & same[2]) + own[1] * (same[1] & same[2])
    inner = design.T @ np.linalg.solve(v, design)
    rest = y - design @ np.linalg.solve(inner, design.T @ np.linalg.solve(v, y))
    df = len(y) - design.shape[1]
    logs = np.linalg.slogdet(v)[1] + np.linalg.slogdet(inner)[1]
    return float(df * np.log(rest @ np.linalg.solve(v, rest) / df) + logs)


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_the_likelihood_is_that_of_the_covariance_of_all_ratings(make: Make, missing: float) -> None:
    pages = make_pages(cells(make(listeners=7, items=5, missing=missing)), list("ABC"))
    values = np.array([
        [0.5, 0.3, 0.4, 0.2, 0.1, 0.9, 0.3, 1.2, 0.01, 0.5, 3.0],
        [2.0, 1e-6, 0.1, 1e-6, 4.0, 0.2, 0.6, 0.3, 0.2, 8.0, 0.1],
        [1e-6, 5.0, 1e-6, 0.4, 0.4, 0.4, 1e-6, 1e-6, 2.0, 1.0, 1.0],
    ])  # fmt: skip
    ours = [pages.solve(row)[0] for row in values]
    theirs = [deviance(pages, Ratios.of(row, 3)) for row in values]
    assert np.diff(ours) == pytest.approx(np.diff(theirs), abs=1e-6)


def test_equal_values_per_condition_are_the_model_of_equal_variances(make: Make) -> None:
    pages = make_pages(cells(make(listeners=7, items=5, missing=0.1)), list("ABC"))
    equal = np.array([0.7, 0.2, 0.4, 0.3, 0.1])
    parts = Ratios.of(equal, 3)
    for one, other in zip(pages.solve(equal), pages.solve(parts.per_condition()), strict=True):
        assert np.asarray(one) == pytest.approx(np.asarray(other))


def unequal(make: Make, seed: int = 0) -> pd.DataFrame:
    """Methods of equal means; C scatters four times as much as A and B, in all that is its own."""
    frame = make(listeners=14, items=8, means={"A": 50.0, "B": 50.0}, sd=(6, 4, 4), own=(3, 3), seed=seed)
    other = make(listeners=14, items=8, means={"C": 0.0}, sd=(0, 0, 16), own=(12, 12), seed=seed + 100)
    shared = frame.groupby(["listener", "item"])["score"].transform("mean")
    other["score"] = other["score"].to_numpy() + shared[frame["condition"] == "A"].to_numpy()
    return pd.concat([frame, other], ignore_index=True)


def test_a_method_that_scatters_makes_no_other_interval_wide(make: Make) -> None:
    frame = unequal(make)
    equal, by_condition = (
        mixed_model(frame, variances=name).differences() for name in ("equal", "by-condition")
    )
    alone = mixed_model(frame, among=["A", "B"]).differences()["se"].iloc[0]

    def se(table: pd.DataFrame, pair: set[str]) -> float:
        rows = [{a, b} == pair for a, b in zip(table["condition_a"], table["condition_b"], strict=True)]
        return float(table.loc[rows, "se"].iloc[0])

    assert se(by_condition, {"A", "B"}) == pytest.approx(alone, rel=0.15)
    assert se(equal, {"A", "B"}) > 2 * alone, "the pooled variance is mostly that of C"
    assert se(by_condition, {"A", "C"}) > se(equal, {"A", "C"})


def test_components_effects_and_summary_name_the_conditions(make: Make) -> None:
    model = mixed_model(unequal(make), variances="by-condition")
    table = model.variance_components()
    assert table["component"].to_list() == [
        "listener", *["listener x condition"] * 3, "item", *["item x condition"] * 3, "listener x item",
        *["residual"] * 3,
    ]  # fmt: skip
    residual = table[table["component"] == "residual"].set_index("condition")["sd"]
    assert residual["C"] > 2.5 * residual[["A", "B"]].max()
    shared = table.loc[table["condition"] == "", "variance"].sum()
    own = table[table["condition"] == "C"]
    total = shared + own["variance"].sum()
    assert own["share"].sum() == pytest.approx(own["variance"].sum() / total)
    lines = model.summary().splitlines()
    assert any(line.startswith("residual, C ") for line in lines)
    effects = model.effects()
    by = effects[effects["component"] == "item x condition"].groupby("condition")["effect"].std()
    assert by["C"] > 2 * by[["A", "B"]].max()


def test_equal_variances_fit_no_better_than_unequal_ones(make: Make) -> None:
    model = mixed_model(unequal(make), variances="by-condition")
    equal = fit(model.pages)[1]
    assert model.pages.solve(model.ratios)[0] < model.pages.solve(equal)[0] - 50


def test_unknown_variances_and_studies_that_are_too_large(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DesignError, match="unknown variances 'free'; expected one of equal, by-condition"):
        mixed_model(make(), variances="free")
    monkeypatch.setattr("analysis.models.likelihood.fit._LARGEST_UNEQUAL", 100)
    with pytest.raises(
        DesignError, match="144 ratings with variances per condition is too large; expected 100"
    ):
        mixed_model(make(), variances="by-condition")


def test_variances_means_and_degrees_of_freedom_agree_with_lmertest(codec_csv: Path) -> None:
    frame = load_ratings(codec_csv)
    names = ["reference", "Lyra 3", "AudioDec"]
    frame = frame[frame["listener"].isin([f"listener-{i:02d}" for i in range(1, 13)])]
    model = mixed_model(frame, among=names, variances="by-condition")
    # R 4.2.2, lme4 1.1-31, lmerTest 3.1-3, with dummies B0, M1, M2 of the three conditions: lmer(y ~ 0 + C +
    # (1|L) + (1|I) + (1|L:I) + (0+B0|L) + (0+M1|L) + (0+M2|L) + (0+B0|I) + (0+M1|I) + (0+M2|I) + (0+M1|obs) +
    # (0+M2|obs)), where `obs` numbers the ratings: the residual of a condition adds to that of the first.
    sd = model.variance_components().set_index(["component", "condition"])["sd"]
    assert sd["listener x condition"].to_numpy() == pytest.approx([2.7177111, 10.953315, 16.094452], abs=1e-3)
    assert sd["item x condition"].to_numpy() == pytest.approx([0.41537778, 6.7409475, 18.176807], abs=1e-3)
    residual = 2.2236904
    expected = [residual, np.hypot(18.867223, residual), np.hypot(17.407472, residual)]
    assert sd["residual"].to_numpy() == pytest.approx(expected, abs=1e-3)
    means, pairs = model.condition_means(), model.differences()
    assert means["se"].to_numpy() == pytest.approx([0.969946377, 6.76067255, 4.10615493], rel=1e-4)
    assert means["df"].to_numpy() == pytest.approx([10.9952613, 21.8202079, 12.7959168], rel=5e-4)
    assert pairs["difference"].to_numpy() == pytest.approx([32.4791667, 68.8645833, 36.3854167], abs=1e-5)
    assert pairs["df"].to_numpy() == pytest.approx([21.6950935, 13.678628, 32.4974226], rel=5e-4)
    assert pairs["p"].to_numpy() == pytest.approx([9.24822988e-05, 1.91589416e-10, 5.8071411e-05], rel=2e-3)

"""Repeats in the mixed model: the likelihood of all ratings, lme4's numbers, and how they get there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import DesignError, compare, load_ratings, mixed_model
from analysis.models.likelihood.replicates import Replicates
from analysis.ratings.tidy import cells
from analysis.report.page import render_page
from analysis.report.results import Options, analyse

Make = Callable[..., pd.DataFrame]


def repeated(make: Make, **options: object) -> pd.DataFrame:
    """A third of the ratings twice, some of those three times, each with an error of its own."""
    frame = make(**{"listeners": 7, "items": 5, "seed": 4, **options})
    rng = np.random.default_rng(5)
    again = [frame] + [frame[rng.random(len(frame)) < share] for share in (0.35, 0.1)]
    out = pd.concat(again, ignore_index=True)
    out["score"] = (out["score"] + rng.normal(0, 5, len(out))).round(1)
    return out


def deviance(frame: pd.DataFrame, ratios: np.ndarray) -> float:
    """REML from the covariance of all ratings (Harville 1977, JASA 72:320-338)."""
    codes = [pd.factorize(frame[name], sort=True)[0] for name in ("listener", "item", "condition")]
    a, b, k = (one[:, None] == one for one in codes)
    y, design = frame["score"].to_numpy(float), np.eye(codes[2].max() + 1)[codes[2]]
    parts = zip(ratios, (a, a & k, b, b & k, a & b, a & b & k), strict=True)
    v = np.eye(len(y)) + sum(ratio * part for ratio, part in parts)
    inner = design.T @ np.linalg.solve(v, design)
    rest = y - design @ np.linalg.solve(inner, design.T @ np.linalg.solve(v, y))
    df = len(y) - design.shape[1]
    logs = np.linalg.slogdet(v)[1] + np.linalg.slogdet(inner)[1]
    return float(df * np.log(rest @ np.linalg.solve(v, rest) / df) + logs)


def test_the_likelihood_is_that_of_all_ratings(make: Make) -> None:
    frame = repeated(make, missing=0.2)
    table = cells(frame)
    around = frame["score"] - frame.groupby(["listener", "item", "condition"])["score"].transform("mean")
    problem = Replicates.of(table, float((around**2).sum()), list("ABC"))
    values = np.array([
        [0.5, 0.3, 0.4, 0.2, 0.1, 0.7],
        [2.0, 1e-6, 0.1, 0.5, 4.0, 1e-6],
        [1e-6, 5.0, 1e-6, 0.4, 0.4, 3.0],
    ])  # fmt: skip
    ours, theirs = (
        [solve(row) for row in values]
        for solve in (lambda r: problem.solve(r)[0], lambda r: deviance(frame, r))
    )
    assert np.diff(ours) == pytest.approx(np.diff(theirs), abs=1e-6)


def test_means_components_and_effects_are_those_of_all_ratings(make: Make) -> None:
    frame = repeated(make, listeners=12, items=8)
    model = mixed_model(frame, repeats="model")
    parts = model.variance_components().set_index("component")["variance"]
    assert list(parts.index) == [
        "listener", "listener x condition", "item", "item x condition", "listener x item",
        "listener x item x condition", "residual",
    ]  # fmt: skip
    assert model.components == pytest.approx(parts.to_dict())
    assert parts["residual"] ** 0.5 == pytest.approx(5, abs=1), "the error of repeating that was drawn"
    best = deviance(frame, model.ratios)
    for place in range(6):
        for factor in (0.8, 1.25):
            moved = model.ratios.copy()
            moved[place] *= factor
            assert deviance(frame, moved) >= best - 1e-5, "no other ratio is more likely"
    assert model.summary().startswith(
        f"Linear mixed model by REML: {len(frame)} ratings of 12 listeners, 8 items"
    )
    effects = model.effects()
    assert abs(effects.loc[effects["component"] == "listener", "effect"].sum()) < 1e-6
    averaged = mixed_model(frame)
    assert "listener x item x condition" not in averaged.components
    assert averaged.condition_means()["mean"].to_numpy() == pytest.approx(
        model.condition_means()["mean"].to_numpy(), abs=1
    )


def test_variances_means_and_degrees_of_freedom_agree_with_lmertest(make: Make) -> None:
    # R 4.2.2, lmerTest 3.1-3: lmer(score ~ 0 + condition + (1|listener) + (1|listener:condition) +
    # (1|item) + (1|item:condition) + (1|listener:item) + (1|listener:item:condition)).
    model = mixed_model(repeated(make, listeners=12, items=8), repeats="model")
    sd = model.variance_components()["sd"].to_numpy()
    assert sd == pytest.approx(
        [8.70691636, 2.97000587, 6.58459148, 3.0580502, 0, 6.58223841, 5.26751646], abs=1e-3
    )
    means = model.condition_means()
    assert means["mean"].to_numpy() == pytest.approx([59.8871861, 45.1009483, 42.2563589], abs=1e-4)
    assert means["se"].to_numpy() == pytest.approx([3.78303323, 3.78301587, 3.7833028], rel=1e-3)
    assert means["df"].to_numpy() == pytest.approx([21.5019045, 21.50133, 21.5078533], rel=1e-3)
    pairs = model.differences()
    assert pairs["se"].to_numpy() == pytest.approx([2.26900207, 2.2694626, 2.26951419], rel=1e-4)
    assert pairs["df"].to_numpy() == pytest.approx([19.6954181, 19.7108781, 19.7127421], rel=1e-3)
    assert pairs["p"].to_numpy() == pytest.approx([2.55590427e-6, 2.01750214e-7, 0.224726142], rel=1e-3)


def test_repeats_that_are_not_there_or_not_modelled_are_refused(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DesignError, match="no rating was repeated with another score; nothing tells"):
        mixed_model(make(), repeats="model")
    with pytest.raises(DesignError, match="unknown repeats 'drop'; expected one of average, model"):
        mixed_model(make(), repeats="drop")
    with pytest.raises(DesignError, match="repeats are modelled with equal variances only"):
        mixed_model(repeated(make), repeats="model", variances="by-condition")
    monkeypatch.setattr("analysis.models.likelihood.replicates._LARGEST", 100)
    with pytest.raises(
        DesignError, match=r"105 cells with repeats is too large; expected 100 or fewer \(--repeats"
    ):
        mixed_model(repeated(make), repeats="model")


def test_a_table_with_repeats_becomes_a_report_with_their_variance(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    given = repeated(make)
    given[["listener", "item", "condition", "score"]].to_csv(path, index=False)
    frame = load_ratings(path, repeats="model")
    assert len(frame) == len(given) and frame.attrs["repeats"] == "model"
    times = given.groupby(["listener", "item", "condition"]).size()
    several = times[times > 1]
    assert frame.attrs["notes"] == [
        f"{len(several)} ratings were given more than once, {several.sum()} times in all: all are kept "
        "(--repeats model); the mixed model has a variance of repeating, and all else averages them."
    ]
    results = analyse(frame, Options(draws=200))
    assert "listener x item x condition" in set(results.tables["variance"]["component"])
    figures = dict.fromkeys(("mos", "box", "violin", "listeners", "differences"), "")
    said = "on all ratings: listener x item x condition has a variance, and the residual is that of repeating"
    assert said in render_page(results, figures, "x")
    # Everything else is of the cells' means, whose number decides the degrees of freedom.
    averaged = compare(load_ratings(path, repeats="average"))
    assert compare(frame)[["difference", "df", "p"]].to_numpy() == pytest.approx(
        averaged[["difference", "df", "p"]].to_numpy()
    )
    single = given.drop_duplicates(["listener", "item", "condition"])
    assert "repeats" not in load_ratings(single, repeats="model").attrs

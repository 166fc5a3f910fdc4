"""The table of scores: order, counts, groups, degenerate designs, and the bootstrap."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import DesignError, mos
from analysis.models.mos import hinges
from analysis.ratings.tidy import cells, tidy
from analysis.statistics.bootstrap import bca, bootstrap_means, influences
from analysis.statistics.intervals import INTERVALS

Make = Callable[..., pd.DataFrame]


def test_one_row_per_condition_in_order_of_role_and_score(mushra: pd.DataFrame) -> None:
    table = mos(mushra)
    assert list(table["condition"]) == ["reference", "good", "poor", "anchor70", "anchor35"]
    first = ["condition", "n_listeners", "n_items", "n_ratings", "mos", "ci_low", "ci_high", "interval"]
    assert list(table.columns)[:8] == first
    assert set(table["interval"]) == {"two-way"}
    stated = mos(mushra, order=["poor", "anchor35"])["condition"]
    assert list(stated)[:3] == ["poor", "anchor35", "reference"]
    with pytest.raises(DesignError, match="no rating has the condition 'best'"):
        mos(mushra, order=["best"])


@pytest.mark.parametrize("name", INTERVALS)
def test_every_interval_holds_the_plain_mean(mushra: pd.DataFrame, name: str) -> None:
    table = mos(mushra, interval=name, draws=500).set_index("condition")
    means = mushra.groupby("condition")["score"].mean()
    assert table["mos"].to_dict() == pytest.approx(means.to_dict())
    assert table.loc["reference", "note"] == "not estimable if all scores are equal"
    rest = table.drop("reference")
    assert ((rest["ci_low"] < rest["mos"]) & (rest["mos"] < rest["ci_high"])).all()


def test_only_trials_count_and_repeated_ratings_are_averaged_first(make: Make) -> None:
    frame = make()
    training = frame.assign(kind="training", score=0.0)
    pd.testing.assert_frame_equal(mos(pd.concat([frame, training], ignore_index=True)), mos(frame))
    second = frame.assign(session="second", score=frame["score"] + 2)
    table = mos(pd.concat([frame, second], ignore_index=True))
    assert table["mos"].to_numpy() == pytest.approx(mos(frame)["mos"].to_numpy() + 1)
    assert (table["n_ratings"] == 2 * mos(frame)["n_ratings"]).all()
    assert table["df"].to_numpy() == pytest.approx(mos(frame)["df"].to_numpy())


def test_quartiles_are_tukeys_hinges(make: Make) -> None:
    frame = make(listeners=5, items=1, means={"A": 50.0}).assign(score=[1.0, 2, 4, 8, 16])
    row = mos(frame, interval="listener").iloc[0]
    assert (row["q1"], row["median"], row["q3"]) == (2, 4, 8), "the median belongs to both halves"


def test_by_condition_is_the_usual_table(make: Make) -> None:
    frame = make()
    pd.testing.assert_frame_equal(mos(frame, by="condition"), mos(frame))


def test_by_item_uses_the_listeners(make: Make) -> None:
    frame = make(listeners=7, items=4)
    table = mos(frame, by="item")
    assert len(table) == 12 and set(table["interval"]) == {"listener"}
    row = table[(table["item"] == "item 02") & (table["condition"] == "B")].iloc[0]
    scores = frame[(frame["item"] == "item 02") & (frame["condition"] == "B")]["score"]
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(
        stats.t.interval(0.95, 6, scores.mean(), stats.sem(scores))
    )


def test_by_a_questionnaire_column(make: Make) -> None:
    frame = make(listeners=8)
    group = np.where(frame["listener"] < "listener 004", "expert", "lay")
    table = mos(frame.assign(q_experience=group), by="q_experience")
    assert list(table["q_experience"].unique()) == ["expert", "lay"] and (table["n_listeners"] == 4).all()
    with pytest.raises(DesignError, match="no column 'q_mood' to split by"):
        mos(frame, by="q_mood")


def test_several_attributes_must_be_chosen_from(make: Make) -> None:
    both = pd.concat([make(), make().assign(attribute="timbre")], ignore_index=True)
    with pytest.raises(DesignError, match="attributes 'score', 'timbre'; choose one"):
        mos(both)
    assert len(mos(both, attribute="timbre")) == 3
    assert list(mos(both, by="attribute")["attribute"].unique()) == ["score", "timbre"]


@pytest.mark.parametrize("name", ["two-way", "bootstrap", "crowdmos"])
def test_one_listener_or_one_item_is_not_estimable(make: Make, name: str) -> None:
    for design in ({"listeners": 1}, {"items": 1}):
        table = mos(make(**design), interval=name, draws=200)
        assert table["ci_low"].isna().all() and table["note"].str.startswith("not estimable from one").all()
        assert table["mos"].notna().all()


@pytest.mark.parametrize("name", INTERVALS)
def test_equal_scores(make: Make, name: str) -> None:
    table = mos(make().assign(score=70.0), interval=name, draws=200)
    assert (table["mos"] == 70).all() and table[["ci_low", "ci_high"]].isna().all(axis=None)
    assert (table["note"] == "not estimable if all scores are equal").all()


def test_no_rating_at_all(make: Make) -> None:
    with pytest.raises(DesignError, match="no rating of kind 'trial'"):
        mos(make().assign(kind="training"))


def test_pooled_studies_do_not_share_items_by_accident(make: Make) -> None:
    first, second = make(items=3), make(items=4, seed=1)
    second["listener"] = "other " + second["listener"]
    frame = pd.concat([first.assign(study="one"), second.assign(study="two")], ignore_index=True)
    assert (mos(frame)["n_items"] == 7).all()
    assert (mos(frame, by="study").groupby("study")["n_items"].first() == [3, 4]).all()


def every_draw(table: np.ndarray) -> np.ndarray:
    """All means of the pigeonhole bootstrap of a small complete table, by brute force."""
    i, j = table.shape
    rows = itertools.product(range(i), repeat=i)
    columns = list(itertools.product(range(j), repeat=j))
    return np.array([table[np.ix_(r, c)].mean() for r in rows for c in columns])


def test_the_bootstrap_draws_listeners_and_items(make: Make) -> None:
    frame = make(listeners=4, items=3, means={"A": 50.0, "B": 40.0})
    table = cells(frame)
    drawn = bootstrap_means(table, ["B", "A"], draws=20_000, seed=1)
    wide = table[table["condition"] == "A"].pivot(index="listener", columns="item", values="score").to_numpy()
    exact = every_draw(wide)
    quantiles = [0.05, 0.25, 0.5, 0.75, 0.95]
    assert np.quantile(drawn[:, 1], quantiles) == pytest.approx(np.quantile(exact, quantiles), abs=0.25)
    assert drawn[:, 1].var() == pytest.approx(exact.var(), rel=0.05)
    assert (bootstrap_means(table, ["B", "A"], draws=700, seed=1)[:500] == drawn[:500]).all(), (
        "same seed, same draws"
    )


def test_the_bootstrap_of_an_incomplete_table_is_a_ratio(make: Make) -> None:
    table = cells(make(listeners=6, items=5, missing=0.4))
    drawn = bootstrap_means(table, ["A"], draws=3, seed=5)
    rng = np.random.default_rng(5)
    codes = [pd.factorize(table[name])[0] for name in ("listener", "item")]
    n = [code.max() + 1 for code in codes]
    listener, item = (rng.integers(0, size, size=(3, size)) for size in n)
    mask = (table["condition"] == "A").to_numpy()
    for draw in range(3):
        weight = (
            np.bincount(listener[draw], minlength=n[0])[codes[0]]
            * np.bincount(item[draw], minlength=n[1])[codes[1]]
        )
        expected = np.average(table.loc[mask, "score"], weights=weight[mask])
        assert drawn[draw, 0] == pytest.approx(expected)


def test_bca_agrees_with_scipy_for_one_sample() -> None:
    sample = np.random.default_rng(0).exponential(10, 40)
    result = stats.bootstrap(
        (sample,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(1)
    )
    without = (sample.sum() - sample) / (len(sample) - 1)
    influence = (len(sample) - 1) * (sample.mean() - without)
    found = bca(float(sample.mean()), result.bootstrap_distribution, influence)
    assert found == pytest.approx(tuple(result.confidence_interval), rel=1e-6)


def test_influences_are_the_jackknifes(make: Make) -> None:
    table = cells(make(listeners=4, items=3, means={"A": 50.0}, missing=0.2))
    found = influences(table)
    expected = []
    for factor in ("listener", "item"):
        levels = table[factor].unique()
        expected += [
            (len(levels) - 1) * (table["score"].mean() - table.loc[table[factor] != level, "score"].mean())
            for level in levels
        ]
    assert found == pytest.approx(np.array(expected))


def test_an_order_of_rows_and_names_of_its_own(make: Make) -> None:
    frame = tidy(make()[["listener", "item", "condition", "score"]].sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(mos(frame), mos(make()))


def test_what_is_assumed_when_nothing_is_said(make: Make) -> None:
    frame = make(listeners=5, items=4)
    stated = mos(frame, interval="bootstrap", level=0.95, draws=10_000, seed=0)
    pd.testing.assert_frame_equal(mos(frame, interval="bootstrap"), stated)
    assert not mos(frame, interval="bootstrap", seed=1)["ci_low"].equals(stated["ci_low"])
    narrow = mos(frame, level=0.5)
    assert narrow.attrs["level"] == mos(frame, level=0.5, by="item").attrs["level"] == 0.5
    assert (narrow["ci_high"] - narrow["ci_low"] < mos(frame)["ci_high"] - mos(frame)["ci_low"]).all()


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([1.0, 2, 4, 8], (1.5, 3, 6)),
        ([1.0, 2, 4, 8, 16, 32, 64], (3, 8, 24)),
        ([5.0], (5, 5, 5)),
        ([1.0, 2], (1, 1.5, 2)),
    ],
)
def test_hinges_of_few_scores(scores: list[float], expected: tuple[float, float, float]) -> None:
    assert hinges(np.array(scores)[::-1]) == expected


def test_counts_and_spread_are_the_conditions_own(make: Make) -> None:
    frame = make(listeners=6, items=4, missing=0.3)
    table = mos(frame).set_index("condition")
    for name, part in frame.groupby("condition"):
        row = table.loc[name]
        assert row["n_listeners"] == part["listener"].nunique() and row["n_items"] == part["item"].nunique()
        assert row["n_ratings"] == len(part) and row["sd"] == pytest.approx(part["score"].std())
        assert row["median"] == pytest.approx(part["score"].median())
    single = mos(make(listeners=1, items=1)).iloc[0]
    assert np.isnan(single["sd"]) and single["n_ratings"] == 1 and not single["simulated"]
    assert mos(frame.assign(simulated=True))["simulated"].all()
    assert list(mos(frame, by="item").index) == list(range(12))


@pytest.mark.parametrize("name", ["two-way", "bootstrap", "listener", "item"])
def test_the_note_names_what_there_is_one_of(make: Make, name: str) -> None:
    for word, design in (("listener", {"listeners": 1}), ("item", {"items": 1})):
        notes = set(mos(make(**design), interval=name, draws=50)["note"])
        other = {"listener": "item", "item": "listener"}
        assert notes == ({""} if name == other[word] else {f"not estimable from one {word}"})

"""The two-way analysis of variance against pingouin, Friedman against scipy, Hotelling by its formula."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy import stats

from analysis import DesignError, omnibus
from analysis.models.anova import rm_anova
from analysis.ratings.tidy import tidy

Make = Callable[..., pd.DataFrame]


def test_both_factors_and_their_interaction_agree_with_pingouin(make: Make) -> None:
    frame = make(listeners=7, items=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        witness = pingouin.rm_anova(
            frame, dv="score", within=["condition", "item"], subject="listener", detailed=True
        ).set_index("Source")
    table = omnibus(frame).iloc[1:].set_index("effect")
    assert list(table["test"].unique()) == ["RM-ANOVA"]
    for ours, theirs in (
        ("condition", "condition"),
        ("item", "item"),
        ("condition x item", "condition * item"),
    ):
        row, other = table.loc[ours], witness.loc[theirs]
        assert row["statistic"] == pytest.approx(other["F"])
        assert (row["df1"], row["df2"]) == (other["ddof1"], other["ddof2"])
        assert row["p"] == pytest.approx(stats.f.sf(other["F"], other["ddof1"], other["ddof2"]))
    for effect in ("condition", "item"):
        wide = frame.groupby(["listener", effect])["score"].mean().unstack()
        epsilon = pingouin.epsilon(wide, correction="gg")
        assert table.loc[effect, "epsilon_gg"] == pytest.approx(epsilon)
        assert table.loc[effect, "p_gg"] == pytest.approx(
            stats.f.sf(
                table.loc[effect, "statistic"],
                epsilon * table.loc[effect, "df1"],
                epsilon * table.loc[effect, "df2"],
            )
        )


def test_friedmans_test_is_scipys_with_ties(make: Make) -> None:
    frame = make(listeners=9, items=1, means={"A": 3.0, "B": 2.5, "C": 2.0, "D": 2.6}, sd=(0.5, 0, 1))
    frame["score"] = frame["score"].round()
    wide = frame.pivot(index="listener", columns="condition", values="score")
    assert any(len(set(row)) < 4 for row in wide.to_numpy()), "the case must have ties"
    witness = stats.friedmanchisquare(*wide.to_numpy().T)
    row = omnibus(frame).iloc[0]
    assert (row["test"], row["df1"], row["advice"], row["n_listeners"]) == ("Friedman", 3, "p", 9)
    assert row["statistic"] == pytest.approx(witness.statistic) and row["p"] == pytest.approx(witness.pvalue)
    same = omnibus(frame.assign(score=2.0)).iloc[0]
    assert (same["statistic"], same["p"]) == (0.0, 1.0)


def test_hotellings_test_of_three_levels_by_its_formula() -> None:
    scores = np.random.default_rng(2).normal([0.0, 0.5, 1.0], 1, (10, 3))
    gaps = scores[:, 1:] - scores[:, :1]
    t2 = 10 * gaps.mean(axis=0) @ np.linalg.inv(np.cov(gaps.T)) @ gaps.mean(axis=0)
    found = rm_anova(scores, ("condition",))[0]
    assert found.p_multivariate == pytest.approx(stats.f.sf(t2 * (10 - 2) / (2 * 9), 2, 8))
    assert np.isnan(rm_anova(scores[:2], ("condition",))[0].p_multivariate), "as many listeners as contrasts"
    assert np.isfinite(rm_anova(scores[:3], ("condition",))[0].p_multivariate)
    between = 10 * ((scores.mean(axis=0) - scores.mean()) ** 2).sum()
    rest = scores - scores.mean(axis=1, keepdims=True) - scores.mean(axis=0) + scores.mean()
    assert found.partial_eta2 == pytest.approx(between / (between + (rest**2).sum()))
    assert (found.df1, found.df2) == (2, 18)


def test_scores_without_variance_have_no_f() -> None:
    level = np.tile([1.0, 2.0, 4.0], (5, 1)) + np.arange(5.0)[:, None]
    found = rm_anova(level, ("condition",))[0]
    assert found.effect == "condition" and (found.df1, found.df2) == (2, 8)
    assert np.isnan([found.f, found.epsilon_gg, found.p_hf, found.p_multivariate]).all()


def test_where_nobody_heard_everything_the_conditions_alone_are_tested(make: Make) -> None:
    frame = make(listeners=8, items=4)
    number = frame["listener"].str[-1].astype(int)
    heard = frame[frame["item"].str[-1].astype(int) % 2 == number % 2]
    table = omnibus(heard)
    assert list(table["effect"]) == ["condition", "condition"] and list(table["n_listeners"]) == [8, 8]
    wide = heard.groupby(["listener", "condition"])["score"].mean().unstack()
    assert table.loc[1, "statistic"] == pytest.approx(rm_anova(wide.to_numpy(), ("condition",))[0].f)


def test_conditions_are_compared_on_the_pages_that_they_share() -> None:
    """Equal conditions on partly different items: Friedman's test rejected 46 % before."""
    rng, rejected, studies = np.random.default_rng(0), 0, 80
    for _ in range(studies):
        items = rng.normal(0, 15, 9)
        rows = [
            {"listener": f"l{i:02}", "item": f"i{j}", "condition": name, "score": 50 + items[j] + noise}
            for i in range(12)
            for k, name in enumerate("ABC")
            for j in (0, 1, 2, 3 + 2 * k, 4 + 2 * k)
            for noise in (rng.normal(0, 5),)
        ]
        table = omnibus(tidy(pd.DataFrame(rows)), among=["A", "B", "C"])
        rejected += float(table.loc[table["test"] == "Friedman", "p"].iloc[0]) < 0.05
    assert rejected / studies == pytest.approx(0.05, abs=0.06)
    apart = tidy(
        pd.DataFrame(
            [
                {"listener": f"l{i}", "item": f"{name}{j}", "condition": name, "score": 50.0 + i}
                for i in range(4)
                for j in range(3)
                for name in "AB"
            ]
        )
    )
    with pytest.raises(DesignError, match="two listeners who rated all of them on an item; found 2 and 0"):
        omnibus(apart, among=["A", "B"])


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
    with pytest.raises(DesignError, match="found 3 and 1"):
        omnibus(make(listeners=1))


def test_hotelling_is_the_paired_t_test_for_two_levels() -> None:
    scores = np.random.default_rng(0).normal(0, 1, (11, 2))
    found = rm_anova(scores, ("condition",))[0]
    witness = stats.ttest_rel(scores[:, 0], scores[:, 1])
    assert found.f == pytest.approx(witness.statistic**2)
    assert found.p_multivariate == pytest.approx(witness.pvalue) and found.p_hf == pytest.approx(
        witness.pvalue
    )


def test_two_listeners_have_no_huynh_feldt_epsilon() -> None:
    for seed in range(20):
        scores = np.random.default_rng(seed).normal(50, 10, (2, 4))
        found = rm_anova(scores, ("condition",))[0]
        assert np.isnan(found.epsilon_hf) and np.isnan(found.p_hf)
        assert found.epsilon_gg == pytest.approx(1 / 3), "the lower bound, 1 / (levels - 1)"
    two = rm_anova(np.array([[1.0, 3], [2, 5]]), ("condition",))[0]
    assert two.epsilon_hf == 1 and two.p_hf == pytest.approx(stats.ttest_rel([1, 2], [3, 5]).pvalue), (
        "two levels have nothing to correct"
    )


def test_advice_follows_attachment_4(make: Make) -> None:
    table = omnibus(make(listeners=40, items=3, own=(0.0, 0.0)))
    row = table[table["effect"] == "condition"].iloc[1]
    assert row["advice"] == "p_multivariate", "40 listeners are not fewer than 3 levels + 30"
    few = omnibus(make(listeners=12, items=3, own=(0.0, 0.0), seed=1)).iloc[1]
    assert omnibus(make(listeners=2)).loc[1, "advice"] == "p_gg", "the only one that two listeners give"
    assert few["advice"] == ("p_hf" if few["epsilon_hf"] > 0.85 else "p_multivariate")

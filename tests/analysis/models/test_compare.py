"""Paired comparisons: pairs, intervals, tests and sentences, with SciPy and brute force as witnesses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy import stats

from analysis import DesignError, compare
from analysis.formatting import p_in_words
from analysis.models.compared_pair import wilcoxon
from analysis.statistics.corrections import adjust
from analysis.statistics.crossed import crossed_mean
from analysis.statistics.intervals import Interval, interval
from analysis.statistics.moderation import share_variances
from analysis.statistics.permutation import medians

Make = Callable[..., pd.DataFrame]


def means(frame: pd.DataFrame, a: str, b: str) -> np.ndarray:
    """Each listener's mean difference over the items rated under both conditions."""
    wide = frame.pivot(index=["listener", "item"], columns="condition", values="score")
    return (wide[a] - wide[b]).dropna().groupby("listener").mean().to_numpy()


def test_all_pairs_with_their_tests(make: Make) -> None:
    frame = make(listeners=14, missing=0.1)
    table = compare(frame, draws=2000)
    assert list(zip(table["condition_a"], table["condition_b"], strict=True)) == [
        ("A", "B"),
        ("A", "C"),
        ("B", "C"),
    ]
    row = table.iloc[0]
    wide = frame.pivot(index=["listener", "item"], columns="condition", values="score")
    found = []
    for a, b in ("AB", "AC", "BC"):
        gaps = (wide[a] - wide[b]).dropna()
        codes = [pd.factorize(gaps.index.get_level_values(k))[0] for k in (0, 1)]
        found.append(crossed_mean(gaps.to_numpy(), *codes))
    expected = Interval.crossed(share_variances(found, 3)[0], 1 - 0.05 / 3)
    gaps = (wide["A"] - wide["B"]).dropna()
    assert (row["difference"], row["ci_low"], row["ci_high"]) == pytest.approx(
        (gaps.mean(), expected.low, expected.high)
    )
    assert (row["n_listeners"], row["n_pairs"]) == (14, len(gaps))
    wilcoxon = stats.wilcoxon(means(frame, "A", "B"))
    assert row["p_wilcoxon"] == pytest.approx(wilcoxon.pvalue)
    assert table["p_medians"].isna().all(), "slow: only if it is asked for"
    assert compare(frame, test="medians", draws=2000)["p_medians"].iloc[0] < 0.01
    assert adjust(table["p_two_way"].to_numpy()) == pytest.approx(table["p"].to_numpy())


def test_the_wilcoxon_test_agrees_with_pingouin(make: Make) -> None:
    frame = make(listeners=12)
    gaps = means(frame, "B", "C")
    found = compare(frame).iloc[2]
    witness = pingouin.wilcoxon(gaps, np.zeros_like(gaps))
    assert found["p_wilcoxon"] == pytest.approx(float(witness.filter(regex="(?i)p.val").iloc[0, 0]))
    assert found["rank_biserial"] == pytest.approx(abs(float(witness["RBC"].iloc[0])))


@pytest.mark.parametrize("test", ["two-way", "wilcoxon"])
def test_a_difference_is_the_condition_minus_the_one_it_is_compared_with(
    mushra: pd.DataFrame, test: str
) -> None:
    table = compare(mushra, against="poor", test=test, draws=500)
    assert list(table["condition_a"]) == ["reference", "good", "anchor70", "anchor35"]
    assert set(table["condition_b"]) == {"poor"}
    means = mushra[mushra["kind"] == "trial"].groupby("condition")["score"].mean()
    assert table["difference"].to_numpy() == pytest.approx(
        (means[table["condition_a"]] - means["poor"]).to_numpy()
    )
    assert list(np.sign(table["difference"])) == [1, 1, -1, -1]
    assert list(np.sign(table["dz"])) == [1, 1, -1, -1]
    assert (table["superiority"] > 0.5).tolist() == [True, True, False, False]
    assert ((table["ci_low"] <= table["difference"]) & (table["difference"] <= table["ci_high"])).all()
    assert "poor" in table["sentence"][3] and " points below " in table["sentence"][3]
    assert " points above " in table["sentence"][0]
    # The same pairs the other way round: what the test says does not depend on the sign.
    turned = compare(mushra, against="anchor35", test=test, draws=500).set_index("condition_a").loc["poor"]
    mirrored = table.set_index("condition_a").loc["anchor35"]
    assert turned["difference"] == pytest.approx(-mirrored["difference"])
    assert turned[f"p_{test.replace('-', '_')}"] == pytest.approx(
        mirrored[f"p_{test.replace('-', '_')}"], rel=0.2
    )


def test_the_interval_of_a_finding_below_another_ends_at_zero(make: Make) -> None:
    # Holm's p can find what a simultaneous interval does not: on either side of 0 the interval ends there.
    for seed in range(40):
        frame = make(listeners=8, items=5, means={"A": 50.0, "B": 46.0, "C": 20.0}, seed=seed)
        table = compare(frame, against="A")
        found = table["p"] < 0.05
        assert (found == ((table["ci_low"] >= 0) | (table["ci_high"] <= 0))).all()
        if (table.loc[found, "ci_high"] == 0).any():
            return
    raise AssertionError("no interval was cut")


def test_against_an_unknown_condition(mushra: pd.DataFrame) -> None:
    with pytest.raises(DesignError, match="condition 'best' to compare with; found 'reference', 'good'"):
        compare(mushra, against="best")


def test_by_default_the_methods_are_compared(mushra: pd.DataFrame) -> None:
    table = compare(mushra, draws=500)
    assert [tuple(row) for row in table[["condition_a", "condition_b"]].to_numpy()] == [("good", "poor")]
    assert len(compare(mushra, among=["anchor35", "anchor70", "poor"], draws=500)) == 3


def test_the_sentence(make: Make) -> None:
    frame = make(listeners=12, means={"A": 60.0, "B": 40.0}).assign(
        label=lambda f: f["condition"].map({"A": "LMAC -6 dB", "B": "L-MAC"})
    )
    row = compare(frame).iloc[0]
    ends = f"{row['ci_low']:.1f} to {row['ci_high']:.1f}"
    assert row["sentence"] == (
        f"LMAC -6 dB is {row['difference']:.1f} points above L-MAC, 95 % interval {ends}, "
        f"{p_in_words(row['p'])}, Holm (new listeners and items)."
    )
    none = compare(frame, correction="none", test="permutation", level=0.9).iloc[0]["sentence"]
    assert "90 % interval" in none and none.endswith("p = 0.0005 (new listeners, these items).")


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.00001, "p < 0.0001"),
        (0.0003, "p = 0.0003"),
        (0.0213, "p = 0.021"),
        (0.9999, "p = 1"),
        (np.nan, "p not estimable"),
    ],
)
def test_p_values_in_words(p: float, words: str) -> None:
    assert p_in_words(p) == words


def test_equal_conditions(make: Make) -> None:
    frame = make(means={"A": 50.0})
    both = pd.concat([frame, frame.assign(condition="B", label="B")], ignore_index=True)
    row = compare(both, test="medians", draws=200).iloc[0]
    assert row["difference"] == 0 and np.isnan([row["ci_low"], row["ci_high"], row["p_two_way"]]).all()
    assert (row["p_wilcoxon"], row["p_permutation"], row["p_medians"]) == (1, 1, 1)
    assert np.isnan(row["dz"]) and np.isnan(row["rank_biserial"]) and row["superiority"] == 0.5
    assert row["sentence"].startswith("A and B have the same mean")


def test_equal_differences_tell_nothing_of_how_they_vary(make: Make) -> None:
    # 0.1 and 0.3 are no binary numbers: the differences are equal but for the last bit.
    frame = make(listeners=2, items=2, means={"A": 50.0}).assign(score=[10.1, 20.3, 30.7, 40.9])
    apart = frame.assign(condition="B", label="B", score=frame["score"] - 5.3)
    both = pd.concat([frame, apart], ignore_index=True)
    row = compare(both).iloc[0]
    assert np.isnan([row["p"], row["p_two_way"], row["ci_low"], row["ci_high"]]).all()
    assert row["p_permutation"] == 0.5
    assert row["sentence"] == (
        "A is 5.3 points above B; an interval is not estimable if all differences are equal."
    )
    tested = compare(both, test="permutation").iloc[0]["sentence"]
    assert tested.endswith(
        "not estimable if all differences are equal; p = 0.500, Holm (new listeners, these items)."
    )


@pytest.mark.parametrize(
    "gaps", [[1, 1, 2, 3, 4], [0, 0, 1, 2, 3, -4, 5], [2, 2, -2, 2, 2, 5, 7, -1], [1, -1]]
)
def test_few_tied_ranks_are_tested_exactly(make: Make, gaps: list[float]) -> None:
    frame = make(listeners=len(gaps), items=1, means={"A": 50.0}).assign(score=np.arange(len(gaps)) + 50.0)
    apart = frame.assign(condition="B", label="B", score=frame["score"] - gaps)
    found = compare(pd.concat([frame, apart], ignore_index=True), draws=50).iloc[0]["p_wilcoxon"]
    ranks = stats.rankdata(np.abs(gaps))
    witness = stats.permutation_test(
        (np.array(gaps, float),), lambda x, axis: (ranks * np.sign(x)).sum(axis=axis), vectorized=True,
        permutation_type="samples", n_resamples=np.inf,
    )  # fmt: skip
    assert found == pytest.approx(witness.pvalue)


def test_one_listener_and_nothing_to_compare(make: Make) -> None:
    row = compare(make(listeners=1)).iloc[0]
    assert row["note"] == "not estimable from one listener" and np.isnan(row["p"])
    assert row["sentence"].endswith("an interval is not estimable from one listener.")
    with pytest.raises(DesignError, match="only one condition, 'A'; nothing to compare"):
        compare(make(means={"A": 5.0}))
    apart = make(means={"A": 5.0, "B": 6.0}, items=2)
    apart = apart[(apart["condition"] == "A") == (apart["item"] < "item 01")]
    with pytest.raises(DesignError, match="no listener rated both 'B' and 'A'"):
        compare(apart)
    with pytest.raises(DesignError, match="unknown test 'wald'"):
        compare(make(), test="wald")


def test_the_test_of_medians_takes_the_draws_and_the_seed(make: Make) -> None:
    frame = make(listeners=5, items=2, means={"A": 52.0, "B": 50.0})
    scores = [frame.loc[frame["condition"] == name, "score"].to_numpy() for name in ("A", "B")]
    for draws, seed in ((150, 3), (150, 4), (700, 3)):
        row = compare(frame, test="medians", draws=draws, seed=seed).iloc[0]
        assert row["p_medians"] == medians(*scores, draws=draws, seed=seed)


def test_the_signed_rank_test_of_thirty_listeners_counts_all_patterns_of_signs() -> None:
    differences = np.random.default_rng(0).normal(0.3, 1, 30)
    ranks = stats.rankdata(np.abs(differences)).astype(int)
    ways = [1] + [0] * 465
    for rank in range(1, 31):
        for total in range(465, rank - 1, -1):
            ways[total] += ways[total - rank]
    positive = int(ranks[differences > 0].sum())
    expected = min(2 * sum(ways[: min(positive, 465 - positive) + 1]) / 2**30, 1)
    assert wilcoxon(differences) == pytest.approx(expected)


@pytest.mark.parametrize(("top", "decimals"), [(5.0, 2), (10.0, 2), (50.0, 1)])
def test_short_scales_have_two_decimals_in_the_sentence(
    mushra: pd.DataFrame, top: float, decimals: int
) -> None:
    frame = mushra.assign(score=mushra["score"] / mushra["score"].max() * top)
    row = compare(frame, correction="none").iloc[0]
    assert f" is {row['difference']:.{decimals}f} points above " in row["sentence"]


@pytest.mark.parametrize("seed", range(4))
def test_an_interval_leaves_out_0_if_and_only_if_its_corrected_p_is_below_5_percent(
    make: Make, seed: int
) -> None:
    means = {"A": 60.0, "B": 57.0, "C": 50.0, "D": 48.0, "E": 44.0}
    frame = make(listeners=9, items=6, means=means, seed=seed)
    for correction in ("holm", "hochberg", "none"):
        table = compare(frame, correction=correction)
        assert ((table["ci_low"] < 0) == (table["p"] >= 0.05)).all()
        assert set(table["together"]) == {1 if correction == "none" else 10}
    assert (table["ci_high"] < compare(frame)["ci_high"]).all(), "ten at once are wider than one"


def test_simultaneous_intervals_are_those_of_bonferroni_and_end_at_0_where_holm_finds_more(
    make: Make,
) -> None:
    frame = make(listeners=9, items=6)
    table, wide = compare(frame), compare(frame, correction="none", level=1 - 0.05 / 3)
    assert table["ci_high"].to_numpy() == pytest.approx(wide["ci_high"].to_numpy())
    assert table["ci_low"].to_numpy()[:2] == pytest.approx(wide["ci_low"].to_numpy()[:2])
    assert table["p"].iloc[2] < 0.05 and wide["ci_low"].iloc[2] < 0 and table["ci_low"].iloc[2] == 0
    assert table["sentence"].str.contains(", simultaneous 95 % interval ").all()


@pytest.mark.parametrize(
    ("test", "kind", "about"),
    [
        ("wilcoxon", "listener", "new listeners, these items"),
        ("permutation", "listener", "new listeners, these items"),
        ("medians", "naive-t", "single ratings as if independent"),
    ],
)
def test_interval_and_p_speak_about_the_same_population(make: Make, test: str, kind: str, about: str) -> None:
    frame = make(listeners=9, items=6)
    row = compare(frame, test=test, draws=200, correction="none").iloc[0]
    wide = frame.pivot(index=["listener", "item"], columns="condition", values="score")
    gaps = (wide[row["condition_a"]] - wide[row["condition_b"]]).dropna()
    codes = [pd.factorize(gaps.index.get_level_values(k))[0] for k in (0, 1)]
    expected = interval(kind, gaps.to_numpy(), *codes)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((expected.low, expected.high))
    assert row["about"] == about and row["sentence"].endswith(f"({about}).")


def test_means_over_different_items_are_compared_without_pairing(make: Make) -> None:
    frame = make(listeners=12, items=10, means={"A": 60.0, "B": 40.0}, seed=2)
    frame = frame[(frame["condition"] == "A") == (frame["item"] < "item 05")]
    row = compare(frame).iloc[0]
    means = frame.groupby(["condition", "item"])["score"].mean()
    by_listener = frame.pivot_table(index="listener", columns="condition", values="score")
    parts = [
        (by_listener["A"] - by_listener["B"]).var() / 12, means["A"].var() / 5, means["B"].var() / 5,
    ]  # fmt: skip
    variance = sum(parts)
    df = variance**2 / sum(part**2 / n for part, n in zip(parts, (11, 4, 4), strict=True))
    t = (means["A"].mean() - means["B"].mean()) / variance**0.5
    assert row["df"] == pytest.approx(df)
    assert row["p_two_way"] == pytest.approx(2 * stats.t.sf(t, df))
    assert row["note"] == "means over different listeners or items, compared without pairing"
    assert (row["n_listeners"], row["n_items"], row["n_pairs"]) == (12, 10, 0)

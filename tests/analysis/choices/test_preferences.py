"""Shares of preference: counting by hand, the order of presentation, ties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.choices.pairs import count_pairs
from analysis.choices.preferences import order_effect, preferences
from analysis.errors import DesignError
from analysis.statistics.corrections import adjust
from analysis.statistics.shares import clustered_share
from tests.analysis.choices.simulated import draw_pairs


def test_each_pair_is_counted_whichever_sound_came_first() -> None:
    pairs = draw_pairs([0.0, 0.9, -0.4], ties=0.4)
    table = preferences(pairs).set_index(["condition_a", "condition_b"])
    assert list(table.index) == [("c0", "c1"), ("c0", "c2"), ("c1", "c2")]
    for (a, b), row in table.iterrows():
        counts = {"a": 0, "b": 0, "tie": 0}
        for _, pair in pairs.iterrows():
            if {pair["first"], pair["second"]} != {a, b}:
                continue
            preferred = {1.0: pair["first"], 0.0: pair["second"], 0.5: None}[pair["choice"]]
            counts["tie" if preferred is None else "a" if preferred == a else "b"] += 1
        assert [row["preferred_a"], row["preferred_b"], row["ties"]] == list(counts.values())
        assert row["share"] == pytest.approx((counts["a"] + counts["tie"] / 2) / sum(counts.values()))
        decided = counts["a"] + counts["b"]
        assert row["p_exact"] == pytest.approx(stats.binomtest(counts["a"], decided).pvalue)
    assert list(table["p"]) == pytest.approx(list(adjust(table["p_uncorrected"].to_numpy(), "holm")))


def test_the_order_chooses_whose_share_is_given() -> None:
    pairs = draw_pairs([0.0, 0.9])
    a, b = preferences(pairs).iloc[0], preferences(pairs, order=["c1", "c0"]).iloc[0]
    assert (b["condition_a"], b["condition_b"]) == ("c1", "c0")
    assert [a["share"], a["ci_low"], a["ci_high"]] == pytest.approx(
        [1 - b["share"], 1 - b["ci_high"], 1 - b["ci_low"]]
    )
    assert a["p"] == pytest.approx(b["p"])


def test_the_order_effect_is_the_share_of_the_first_sound() -> None:
    pairs = draw_pairs([0.0, 0.9, 0.3], ties=0.2)
    codes = [pd.factorize(pairs[name])[0] for name in ("listener", "item")]
    by_hand = clustered_share(pairs["choice"].to_numpy(), *codes)
    assert order_effect(pairs) == by_hand
    assert by_hand.share == pytest.approx(pairs["choice"].mean())


def test_counts_are_those_of_the_rows() -> None:
    pairs = draw_pairs([0.0, 0.9, -0.4], ties=0.4)
    counts = count_pairs(pairs, ["c2", "c0", "c1"])
    assert counts.wins.sum() + counts.ties.sum() / 2 == len(pairs)
    one = pairs[pairs["listener"] == counts.listeners[3]]
    won = one[((one["first"] == "c2") & (one["second"] == "c1") & (one["choice"] == 1))
              | ((one["first"] == "c1") & (one["second"] == "c2") & (one["choice"] == 0))]  # fmt: skip
    assert counts.wins[3, 0, 2] == len(won)
    assert np.array_equal(counts.ties, counts.ties.swapaxes(1, 2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"choice": 2.0},
            r"^a choice is .*2.0.*; expected 1 \(the first\), 0 \(the second\) or 0.5 \(neither\)$",
        ),
        ({"second": "c0", "first": "c0"}, "^'c0' is compared with itself; expected two conditions$"),
        ({"choice": np.nan}, "^the pairs have no choice$"),
    ],
)
def test_bad_pairs_are_errors(change: dict[str, object], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        preferences(draw_pairs([0.0, 0.5]).assign(**change))
    with pytest.raises(
        DesignError, match=r"^the pairs have no column 'choice'; expected listener, item, first,"
    ):
        preferences(draw_pairs([0.0, 0.5]).drop(columns="choice"))
    with pytest.raises(DesignError, match=r"^the order of conditions lacks 'c1'$"):
        preferences(draw_pairs([0.0, 0.5]), order=["c0"])

"""Checks of what the statistics assume: against formulas, and what was planted is found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import assumptions
from analysis.models.checks.scores import bimodality, has_valley

Make = Callable[..., pd.DataFrame]


def test_bimodality_of_two_peaks_and_of_one() -> None:
    rng = np.random.default_rng(0)
    assert (
        bimodality(np.r_[rng.normal(10, 2, 200), rng.normal(90, 2, 200)])
        > 5 / 9
        > bimodality(rng.normal(50, 5, 400))
    )
    # A uniform distribution has b = 5/9 in the limit.
    assert bimodality(np.linspace(0, 1, 100_000)) == pytest.approx(5 / 9, abs=1e-3)
    assert np.isnan(bimodality(np.ones(9)))


def test_assumptions_find_what_was_planted(mushra: pd.DataFrame) -> None:
    def warned(frame: pd.DataFrame) -> set[str]:
        table = assumptions(frame)
        assert (table["sentence"].str.endswith(".")).all() and (
            table["clause"].str.startswith("BS.1534-3")
        ).all()
        return set(table.loc[table["warns"], "check"])

    assert warned(mushra) == set()
    top = mushra["condition"].isin(["good", "poor"])
    assert "ceiling" in warned(mushra.assign(score=mushra["score"].where(~top, 85 + mushra["score"] / 10)))
    moved = {f"item {n:02d}": n for n in range(6)}
    place = (mushra["item"].map(moved) + mushra["listener"].str[-2:].astype(int)) % 6
    drifting = mushra.assign(trial_position=place, score=mushra["score"] - 3 * place)
    assert "effect of order" in warned(drifting)
    low = mushra["condition"] == "anchor70"
    assert "anchor distance" in warned(mushra.assign(score=mushra["score"].where(~low, 15.0)))
    gap = (mushra["item"] == "item 05") & (mushra["condition"] == "poor")
    assert warned(mushra[~gap]) == {"same items"}
    table = assumptions(mushra[~gap]).set_index("check")
    assert table.loc["same items", "value"] == 29 / 30
    assert table.loc["same items", "sentence"] == (
        "Not every condition was rated on every item: the means are over different items, while the "
        "differences are within items."
    )
    swap = (mushra["item"] < "item 03") & (mushra["condition"] == "good")
    assert "item x condition" in warned(mushra.assign(score=mushra["score"].where(~swap, 20.0)))


def test_no_drift_is_claimed_of_a_fixed_order(make: Make) -> None:
    frame = make(listeners=10, items=8)
    position = frame["item"].str[-2:].astype(float)
    fixed = assumptions(frame.assign(trial_position=position, score=frame["score"] - 5 * position))
    row = fixed[fixed["check"] == "effect of order"].iloc[0]
    assert not row["warns"] and np.isnan(row["value"])
    assert row["sentence"] == (
        "The order was the same for all listeners: its effect cannot be separated from the sounds'."
    )
    turned = (position + frame["listener"].str[-3:].astype(int)) % 8
    tired = assumptions(frame.assign(trial_position=turned, score=frame["score"] - 5 * turned))
    row = tired[tired["check"] == "effect of order"].iloc[0]
    assert row["warns"] and row["value"] == pytest.approx(-5, abs=1)


def test_studies_of_the_same_sounds_are_compared_by_their_listeners(make: Make) -> None:
    first = make(listeners=6, seed=1)
    second = make(listeners=8, seed=2).assign(study="b", listener=lambda f: "b" + f["listener"])
    both = pd.concat([first, second.assign(score=second["score"] + 30)], ignore_index=True)
    row = assumptions(both).set_index("check").loc["study"]
    gaps = both["score"] - both.groupby(["item", "condition"])["score"].transform("mean")
    means = gaps.groupby([both["study"], both["listener"]]).mean()
    witness = stats.f_oneway(means["study"], means["b"])
    assert row["value"] == pytest.approx(witness.statistic) and row["warns"]
    assert row["sentence"].startswith("The studies differ in the scores of the same sounds (up to ")
    others = second.assign(item="other " + second["item"])
    row = assumptions(pd.concat([first, others], ignore_index=True)).set_index("check").loc["study"]
    assert row["warns"] and row["sentence"].startswith("The studies have different items: ")


def test_one_skewed_peak_is_not_two(make: Make) -> None:
    scores = np.repeat([1.0, 2, 3, 4, 5], [75, 35, 15, 8, 3])
    assert bimodality(scores) > 5 / 9 and not has_valley(scores, (1, 5))
    assert has_valley(np.repeat([1.0, 2, 3, 4, 5], [40, 10, 5, 10, 40]), (1, 5))
    frame = make(listeners=17, items=8, means={"A": 50.0}).assign(score=20 * scores - 10.5)
    row = assumptions(frame).set_index("check").loc["bimodality"]
    assert not row["warns"]
    assert row["sentence"] == f"The scores of A have one peak and are skewed (b = {bimodality(scores):.2f})."
    grades = assumptions(frame.assign(score=scores))
    assert "bimodality" not in set(grades["check"]), "gaps between grades are not valleys"

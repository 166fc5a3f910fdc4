"""Checks of what the statistics assume: against formulas, and what was planted is found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis import assumptions
from analysis.models.assumptions import bimodality


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

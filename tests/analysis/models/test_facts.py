"""The numbers of published studies that the whole way from file to table must give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis import compare, kept, load_ratings, mos, omnibus, screen
from analysis.models.anova import rm_anova

# Means of codec_mushra.csv, before and after screening, computed from the authors' table with pandas alone.
BEFORE = {
    "anchor35": 20.30, "AudioDec": 64.93, "Lyra 3": 29.38, "Lyra 6": 45.96, "Proposed 1.38": 54.07,
    "Proposed 1.38 16kHz": 48.35, "Proposed 5.51": 60.04, "Proposed 5.51 16kHz": 49.07, "reference": 98.36,
}  # fmt: skip
AFTER = {
    "anchor35": 19.42, "AudioDec": 66.71, "Lyra 3": 29.64, "Lyra 6": 45.55, "Proposed 1.38": 54.28,
    "Proposed 1.38 16kHz": 47.30, "Proposed 5.51": 60.44, "Proposed 5.51 16kHz": 48.64, "reference": 99.07,
}  # fmt: skip

# The example data of R's ez::ezANOVA that statsmodels tests AnovaRM with: 8 subjects x A (2) x B (3).
EZ = np.array(
    [
        [7, 7, 8, 16, 16, 24], [3, 11, 14, 7, 10, 29], [6, 9, 10, 11, 13, 10], [6, 11, 11, 9, 10, 22],
        [5, 10, 12, 10, 10, 25], [8, 10, 10, 11, 14, 28], [6, 11, 11, 8, 11, 22], [7, 11, 12, 8, 12, 24],
    ],
    dtype=float,
).reshape(8, 2, 3)  # fmt: skip


def test_screening_excludes_the_two_listeners_who_missed_the_reference(codec_csv: Path) -> None:
    frame = load_ratings(codec_csv)
    screening = screen(frame)
    assert list(screening.loc[~screening["kept"], "listener"]) == ["listener-06", "listener-17"]
    assert len(frame) == 1512 and len(kept(frame, screening)) == 1368


def test_means_before_and_after_screening(codec_csv: Path) -> None:
    frame = load_ratings(codec_csv)
    before = mos(frame).set_index("condition")["mos"]
    after = mos(kept(frame, screen(frame))).set_index("condition")["mos"]
    assert before.to_dict() == pytest.approx(BEFORE, abs=0.0051)
    assert after.to_dict() == pytest.approx(AFTER, abs=0.0051)


def test_friedman_over_listener_means(codec_csv: Path) -> None:
    frame = load_ratings(codec_csv)
    left = kept(frame, screen(frame))
    row = omnibus(left).iloc[0]
    assert (row["statistic"], row["p"]) == pytest.approx((62.139, 1.65e-11), rel=2e-3)
    methods = left[left["role"] == "method"]
    table = methods.groupby(["listener", "condition"])["score"].mean().unstack()
    witness = stats.friedmanchisquare(*table.to_numpy().T)
    assert (row["statistic"], row["p"]) == pytest.approx((witness.statistic, witness.pvalue))


def test_repeated_measures_anova_against_r() -> None:
    a, b, both = rm_anova(EZ, ("A", "B"))
    assert (a.f, a.df1, a.df2) == pytest.approx((40.14159, 1, 7), abs=5e-6)
    assert (b.f, b.df1, b.df2) == pytest.approx((29.21739, 2, 14), abs=5e-6)
    assert (both.f, both.df1, both.df2) == pytest.approx((17.10545, 2, 14), abs=5e-6)
    assert [a.p, b.p, both.p] == pytest.approx([3.905e-4, 1.0e-5, 1.74e-4], rel=8e-3)
    assert [b.p_gg, both.p_gg] == pytest.approx([5.33e-4, 2.046e-3], rel=1e-3)


def test_means_of_a_study_from_1_to_5_without_a_reference(timbre_csv: Path) -> None:
    frame = load_ratings(timbre_csv)
    assert len(frame) == 408 and frame["listener"].nunique() == 17 and frame["item"].nunique() == 8
    found = mos(frame).set_index("condition")
    expected = {"C1": 3.721, "C2": 1.735, "C3": 3.794, "C4": 2.897}
    assert found["mos"].to_dict() == pytest.approx(expected, abs=5e-4)
    assert screen(frame)["kept"].all()
    assert len(compare(frame)) == 6


def test_listeners_hear_half_of_the_items_and_the_interval_says_so(codec_csv: Path) -> None:
    found = mos(load_ratings(codec_csv)).set_index("condition").loc["AudioDec"]
    assert (found["n_listeners"], found["n_items"], found["n_ratings"]) == (21, 16, 168)
    naive = mos(load_ratings(codec_csv), interval="naive-t").set_index("condition").loc["AudioDec"]
    assert found["ci_high"] - found["ci_low"] > 2 * (naive["ci_high"] - naive["ci_low"])

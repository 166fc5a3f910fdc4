"""Tables of pairs and rows of choices: what was compared, in which order, and what was answered."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analysis import RatingsError, load_ratings
from analysis.choices.comparison_category import category_differences
from analysis.errors import DesignError
from analysis.ratings.choices import comparisons_of, pairs_of, sets_of, trials_of
from analysis.ratings.choices import test_of as attribute_test
from tests.analysis.choices.simulated import draw_best_worst, draw_pairs
from tests.analysis.conftest import shared_ratings
from tests.analysis.sources import write

PAIRS = """listener,item,first,second,choice,room
01,dog,old,new,0,a
01,dog,new,old,1,a
01,dog,new,old,0,a
02,dog,old,new,0.5,b
"""


def test_a_table_of_pairs_is_read_with_its_order(tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "pairs.csv", PAIRS))
    assert set(frame["attribute"]) == {"preferred"}
    assert list(frame["condition"]) == ["old", "new", "new", "old", "new", "old", "old", "new"]
    assert list(frame["score"]) == [0, 1, 1, 0, 0, 1, 0.5, 0.5]
    assert list(frame["q_room"]) == ["a"] * 6 + ["b"] * 2  # the same pair twice is no contradiction
    pairs = pairs_of(frame)
    assert pairs.to_numpy().tolist() == [
        ["01", "dog", "old", "new", 0], ["01", "dog", "new", "old", 1], ["01", "dog", "new", "old", 0],
        ["02", "dog", "old", "new", 0.5],
    ]  # fmt: skip


def test_rows_of_a_study_say_which_came_first(tmp_path: Path) -> None:
    head = "listener,item,condition,attribute,score,condition_position,trial_position"
    rows = ["01,dog,new,preferred,1,1,0", "01,dog,old,preferred,0,0,0", "01,dog,new,preferred,0,0,1",
            "01,dog,old,preferred,1,1,1"]  # fmt: skip
    text = "\n".join([head, *rows]) + "\n"
    pairs = pairs_of(load_ratings(write(tmp_path, "r.csv", text)))
    assert pairs.to_numpy().tolist() == [["01", "dog", "old", "new", 0], ["01", "dog", "new", "old", 0]]
    rated = load_ratings(write(tmp_path, "c.csv", text.replace("preferred", "comparison")))
    assert comparisons_of(rated)[["first", "second", "score"]].to_numpy().tolist() == [
        ["old", "new", 1], ["new", "old", 1],
    ]  # fmt: skip


def test_comparison_ratings_of_a_real_study_under_its_own_names() -> None:
    columns = {
        "listener": "subject", "item": "src", "first": "first_res", "second": "second_res",
        "score": "rating", "trial_position": "index", "session": ["subject", "rating_type", "experiment"],
    }  # fmt: skip
    frame = load_ratings(shared_ratings("hd_uhd_ccr.csv"), columns=columns)
    table = pd.read_csv(shared_ratings("hd_uhd_ccr.csv"))
    comparisons = comparisons_of(frame)
    assert len(comparisons) == len(table) == 3840
    assert list(comparisons["score"]) == list(table["rating"])
    assert list(comparisons["second"]) == list(table["second_res"])
    first = comparisons[(table["experiment"] == 1) & table["condition"].isin([1, 2])]
    row = category_differences(first, order=["UHD", "HD"]).iloc[0]
    assert row["difference"] == pytest.approx((0.7167 + 0.4875) / 2, abs=5e-5)


def test_right_answers_name_both_sounds_or_are_against_the_reference(tmp_path: Path) -> None:
    text = PAIRS.replace("choice", "correct").replace("0.5", "1")
    trials = trials_of(load_ratings(write(tmp_path, "abx.csv", text)))
    assert set(zip(trials["condition_a"], trials["condition_b"], strict=True)) == {("new", "old")}
    assert list(trials["correct"]) == [0, 1, 0, 1]
    alone = "listener,item,condition,attribute,score\n01,dog,codec,correct,1\n"
    trials = trials_of(load_ratings(write(tmp_path, "alone.csv", alone)))
    assert trials[["condition_a", "condition_b"]].to_numpy().tolist() == [["codec", "reference"]]


def test_choices_of_best_and_worst_keep_their_trials(tmp_path: Path) -> None:
    drawn = draw_best_worst([0.0, 0.5, -0.5, 0.2, 0.1])
    table = drawn.rename(columns={"trial": "trial_position", "choice": "score"}).assign(attribute="choice")
    path = tmp_path / "bw.csv"
    table.to_csv(path, index=False)
    sets = sets_of(load_ratings(path))
    assert sets.groupby(["listener", "item", "trial"]).ngroups == len(drawn) // 4
    assert list(sets["choice"]) == list(drawn["choice"])


def test_a_table_read_again_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    draw_pairs([0.0, 0.6]).to_csv(path, index=False)
    assert len(load_ratings(path, path)) == len(load_ratings(path)) == 72


def test_the_test_is_known_by_the_attribute() -> None:
    names = ("preferred", "correct", "comparison", "difference", "choice", "score")
    assert [attribute_test(name) for name in names] == ["ab", "abx", "ccr", "bs1116", "best-worst", None]


def test_what_is_not_a_pair_is_an_error(tmp_path: Path) -> None:
    both = PAIRS.replace("room", "correct").replace(",a\n", ",1\n").replace(",b\n", ",0\n")
    with pytest.raises(RatingsError, match=r"^p.csv has 'choice' and 'correct' for its pairs; exp"):
        load_ratings(write(tmp_path, "p.csv", both))
    with pytest.raises(RatingsError, match=r"^p.csv has no answer for its pairs; exp"):
        load_ratings(write(tmp_path, "p.csv", PAIRS.replace("choice", "said")))
    with pytest.raises(RatingsError, match=r"^p.csv has no column 'one' \(for first\); found 'li"):
        load_ratings(write(tmp_path, "p.csv", PAIRS), columns={"first": "one"})
    lone = "listener,item,condition,attribute,score,trial_position\n01,dog,codec,preferred,1,2\n"
    with pytest.raises(DesignError, match=r"^page 2 of session '01' has 1 rows of 'pref"):
        pairs_of(load_ratings(write(tmp_path, "lone.csv", lone)))

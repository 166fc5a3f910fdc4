"""Who listened, and which scores stand out: worked by hand."""

from __future__ import annotations

import pandas as pd

from analysis import describe_listeners, find_outliers
from analysis.ratings.tidy import tidy


def _panel(**answers: list[object]) -> pd.DataFrame:
    n = len(next(iter(answers.values())))
    columns = {"listener": [f"L{i}" for i in range(n)], "condition": "A", "score": 50, **answers}
    return tidy(pd.concat([pd.DataFrame({**columns, "item": item}) for item in ("dog", "rain")]))


def test_scores_outside_the_fences_are_listed() -> None:
    scores = {"L0": 50, "L1": 52, "L2": 54, "L3": 56, "L4": 58, "L5": 90, "L6": 20}
    rows = [(name, "dog", "A", score) for name, score in scores.items()]
    rows += [(f"L{i}", "rain", "A", score) for i, score in enumerate([0, 0, 0, 100])]
    found = find_outliers(tidy(pd.DataFrame(rows, columns=["listener", "item", "condition", "score"])))
    # 20 50 52 54 56 58 90: the hinges of the halves with the median are 51 and 57, the fences 42 and 66. Four
    # scores of the rain are too few.
    assert list(found["listener"]) == ["L5", "L6"]
    assert set(zip(found["q1"], found["median"], found["q3"], strict=True)) == {(51.0, 54.0, 57.0)}
    assert list(found["score"]) == [90.0, 20.0] and set(found["item"]) == {"dog"}


def test_a_study_without_outliers_has_an_empty_table() -> None:
    assert find_outliers(_panel(q_age=[20, 21, 22, 23, 24])).empty


def test_numbers_have_quartiles_and_words_counts() -> None:
    frame = _panel(
        q_age=[20, 30, 40, 50, 60, 70, None],
        q_device=["headphones", "speakers", "headphones", "headphones", " ", "speakers", "headphones"],
        q_email=[f"{i}@example.org" for i in range(7)],
        q_remark=["none", "none", "none", "too loud", "nice", "I am Ann", "none"],
        q_years=["1", "1", "2", "2", "2", "3", "3"],
    )
    table = describe_listeners(frame).set_index("question")
    assert table.loc["age", "answers"] == "median 45, quartiles 32.5 and 57.5, from 20 to 70"
    assert table.loc["age", "n_listeners"] == 6
    assert table.loc["device", "answers"] == "headphones: 4, speakers: 2"
    assert table.loc["email", "answers"] == "7 different answers", "a report must not identify anybody"
    assert table.loc["remark", "answers"] == "4 different answers"
    assert table.loc["years", "answers"] == "2: 3, 1: 2, 3: 2"
    assert not any("@" in text for text in table["answers"])

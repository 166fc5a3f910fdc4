"""The tidy frame: its defaults, what counts, its cells, the order of conditions and the ends of scales."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DesignError, RatingsError
from analysis.ratings.spellings import role_of
from analysis.ratings.tidy import (
    cells,
    conditions,
    is_simulated,
    map_values,
    scale_of,
    select_rated,
    separate_items,
    shares_items,
    tidy,
)


def few(**columns: object) -> pd.DataFrame:
    plain = {"listener": ["a", "a", "b"], "item": ["x", "y", "x"], "condition": ["m", "reference", "m"]}
    return pd.DataFrame({**plain, "score": [10.0, 20.0, 40.0], **columns})


def test_missing_columns_get_their_defaults_and_others_are_dropped() -> None:
    frame = tidy(few(unknown="?", q_age=[1, None, 3]))
    assert "unknown" not in frame
    assert list(frame["session"]) == ["a", "a", "b"] and set(frame["study"]) == {"study"}
    assert set(frame["attribute"]) == {"score"} and set(frame["kind"]) == {"trial"}
    assert list(frame["role"]) == ["method", "hidden_reference", "method"]
    assert list(frame["label"]) == ["m", "reference", "m"] and list(frame["item_label"]) == ["x", "y", "x"]
    assert frame["finished"].all() and not frame["simulated"].any() and not is_simulated(frame)
    assert frame["q_age"].iloc[0] == "1.0" and frame["q_age"].iloc[1] is None, "answers are text"


def test_ids_stay_text_and_flags_are_read_from_words() -> None:
    frame = tidy(
        few(listener=["007", "nan", ""], simulated=["TRUE", "0", None], finished=["", "false", "1.0"])
    )
    assert list(frame["listener"])[:2] == ["007", "nan"] and frame["listener"].isna().iloc[2]
    assert list(frame["simulated"]) == [True, False, False] and is_simulated(frame)
    assert list(frame["finished"]) == [True, False, True], "nothing said: the session was finished"
    with pytest.raises(RatingsError, match=r"x\.csv has 'maybe' in the column 'finished'; expected 0 or 1"):
        tidy(few(finished="maybe"), source="x.csv")
    with pytest.raises(RatingsError, match="the kind 'exam'; expected one of trial"):
        tidy(few(kind="exam"))
    with pytest.raises(RatingsError, match="no column 'item', 'score'"):
        tidy(few()[["listener", "condition"]])


def test_only_trials_with_a_score_count() -> None:
    frame = tidy(few(kind=["trial", "training", "trial"], score=[1.0, 2.0, None]))
    assert list(select_rated(frame)["score"]) == [1.0]
    two = tidy(few(attribute=["p", "q", "q"]))
    assert list(select_rated(two, "q")["score"]) == [20.0, 40.0]
    with pytest.raises(DesignError, match="no rating has the attribute 'r'; found 'p', 'q'"):
        select_rated(two, "r")
    with pytest.raises(DesignError, match="attributes 'p', 'q'; choose one"):
        select_rated(two)


def test_cells_average_what_was_rated_twice_and_are_sorted() -> None:
    frame = tidy(pd.concat([few(), few(score=[30.0, 0.0, 41.0])], ignore_index=True).iloc[::-1])
    assert cells(frame).to_dict("list") == {
        "listener": ["a", "a", "b"],
        "item": ["x", "y", "x"],
        "condition": ["m", "reference", "m"],
        "score": [20.0, 10.0, 40.5],
        "n": [2, 2, 2],
    }


def test_pooled_studies_keep_their_items_apart_unless_they_are_the_same() -> None:
    same = tidy(pd.concat([few(study="s"), few(study="t")]))
    assert shares_items(same) and separate_items(same, same) is same
    unlike = tidy(pd.concat([few(study="s"), few(study="t", item=["x", "z", "x"])]))
    assert not shares_items(unlike)
    assert set(separate_items(unlike, unlike)["item"]) == {"s/x", "s/y", "t/x", "t/z"}
    assert set(cells(unlike)["item"]) == {"s/x", "s/y", "t/x", "t/z"}
    assert separate_items(unlike, unlike[unlike["study"] == "s"]) is unlike


def panel() -> pd.DataFrame:
    means = {"tie": 80.0, "low": 10.0, "anchor35": 99.0, "high": 80.0, "anchor70": 5.0, "reference": 50.0}
    rows = [("a", "x", name, mean) for name, mean in means.items()]
    return tidy(pd.DataFrame(rows, columns=["listener", "item", "condition", "score"]))


def test_references_come_first_then_methods_by_score_then_anchors() -> None:
    frame = panel()
    assert list(conditions(frame)["condition"]) == ["reference", "high", "tie", "low", "anchor70", "anchor35"]
    stated = list(conditions(frame, ["low", "anchor35"])["condition"])
    assert stated == ["low", "anchor35", "reference", "high", "tie", "anchor70"]
    frame.attrs["order"] = ["low", "gone"]
    assert list(conditions(frame)["condition"])[:2] == ["low", "reference"], (
        "names without a rating are passed over"
    )
    assert list(conditions(frame, ["tie"])["condition"])[:2] == ["tie", "reference"], "the call goes first"
    with pytest.raises(DesignError, match="no rating has the condition 'gone'; found 'anchor35'"):
        conditions(frame, ["low", "gone"])
    unrated = frame.assign(score=frame["score"].where(frame["condition"] != "high"))
    assert "high" not in set(conditions(unrated)["condition"])


@pytest.mark.parametrize(
    ("low", "high", "ends"),
    [
        (0, 1, (0, 1)), (0.2, 0.9, (0, 1)), (1, 1.5, (1, 5)), (1, 5, (1, 5)), (0.5, 5, (0, 5)),
        (1, 5.1, (1, 7)), (1, 7, (1, 7)), (0, 7, (0, 10)), (2, 10, (0, 10)), (0, 10.1, (0, 100)),
        (1, 100, (0, 100)),
        (-1, 3, (-100, 100)), (-100, 100, (-100, 100)), (-101, 5, (-101, 5)), (0, 101, (0, 101)),
    ],
)  # fmt: skip
def test_the_narrowest_usual_scale_that_holds_the_scores(
    low: float, high: float, ends: tuple[float, float]
) -> None:
    assert scale_of(tidy(few(score=[low, high, high]))) == ends


def test_declared_scales_go_before_a_guess_if_all_are_declared() -> None:
    frame = tidy(few(attribute=["p", "q", "q"]))
    frame.attrs["scales"] = {"p": (0.0, 50.0), "q": (-5.0, 40.0)}
    assert scale_of(frame) == (-5.0, 50.0)
    frame.attrs["scales"] = {"p": (0.0, 50.0)}
    assert scale_of(frame) == (0.0, 100.0)
    assert scale_of(tidy(few(score=float("nan")))) == (0.0, 100.0)
    assert scale_of(tidy(few(score=250.0))) == (0.0, 250.0)  # a width, where all scores are the same
    assert scale_of(tidy(few(score=-250.0))) == (-250.0, 0.0)


def test_a_function_is_called_once_per_value() -> None:
    seen: list[object] = []
    column = pd.Series(["b", "a", None, "b"], index=[4, 3, 2, 1], name="word")
    found = map_values(column, lambda value: seen.append(value) or str(value).upper())
    assert list(found) == ["B", "A", None, "B"] and sorted(map(str, seen)) == ["a", "b"]
    assert list(found.index) == [4, 3, 2, 1] and found.name == "word"


def test_roles_of_names() -> None:
    names = ("reference", "anchor35", "anchor70", "mine")
    assert [role_of(name) for name in names] == ["hidden_reference", "low_anchor", "mid_anchor", "method"]


@pytest.mark.parametrize("items", [3, 400])
def test_cells_are_those_of_grouping_by_three_columns(items: int) -> None:
    # 5 x 400 x 4 possible cells for 150 ratings: numbered by sorting instead of by a table of all cells.
    rng = np.random.default_rng(items)
    names = {"listener": 5, "item": items, "condition": 4}
    frame = pd.DataFrame(
        {name: [f"{name} {k}" for k in rng.integers(0, n, 150)] for name, n in names.items()}
    )
    frame = tidy(frame.assign(score=rng.integers(0, 101, 150).astype(float)))
    frame.loc[[4, 9], "score"] = np.nan
    expected = frame.dropna(subset="score").groupby(list(names))["score"].agg(score="mean", n="size")
    pd.testing.assert_frame_equal(cells(frame), expected.reset_index(), check_dtype=False)

"""Pages of several types in one folder or file: a score from 0 to 100 never meets one from 1 to 5."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from analysis import DesignError, load_ratings, mos
from tests.analysis.ratings.test_readers import BS1116, LMS, LSS
from tests.analysis.sources import OURS, write

MUSHRA = """session_test_id,name,trial_id,rating_stimulus,rating_score,rating_time,rating_comment
t,Ann,m1,C1,63,1,
t,Bob,m1,C1,60,1,
"""


def means(frame: pd.DataFrame, attribute: str) -> dict[str, float]:
    table = mos(frame, attribute=attribute)
    return dict(zip(table["condition"], table["mos"], strict=True))


def test_pages_of_several_types_in_a_folder_stay_apart(tmp_path: Path) -> None:
    for name, text in {"mushra": MUSHRA, "lms": LMS, "bs1116": BS1116, "lss": LSS}.items():
        write(tmp_path, f"{name}.csv", text)
    frame = load_ratings(tmp_path, listener="name")
    assert set(frame["attribute"]) == {
        "mushra score", "likert_multi_stimulus score", "bs1116 score", "difference", "hidden_reference",
        "rating1", "rating2",
    }  # fmt: skip
    assert means(frame, "mushra score") == {"C1": 61.5} and means(frame, "likert_multi_stimulus score") == {
        "C1": 3.5
    }
    assert means(frame, "bs1116 score") == {"C2": 5, "C1": 3.2}
    with pytest.raises(
        DesignError, match=r"have the attributes 'mushra score', .*; choose one with attribute="
    ):
        mos(frame)
    again = load_ratings(*(tmp_path / f"{name}.csv" for name in ("mushra", "lms")), listener="name")
    assert set(again["attribute"]) == {"mushra score", "likert_multi_stimulus score"}
    assert set(load_ratings(tmp_path / "lms.csv", listener="name")["attribute"]) == {"score"}


def test_likert_pages_that_share_their_columns_stay_apart(tmp_path: Path) -> None:
    write(tmp_path, "lms.csv", LMS)
    write(tmp_path, "lss.csv", LMS.replace("page", "other"))
    assert set(load_ratings(tmp_path, listener="name")["attribute"]) == {
        "likert_multi_stimulus score",
        "likert_single_stimulus score",
    }


def test_a_file_that_our_server_began_anew_is_of_the_same_pages(tmp_path: Path) -> None:
    write(tmp_path, "mushra-old.csv", "no table")
    text = (
        MUSHRA.replace("trial_id", "session_uuid,trial_id").replace("Ann", "Ann,u1").replace("Bob", "Bob,u2")
    )
    write(tmp_path, "mushra.csv", text)
    write(tmp_path, "mushra-2.csv", text.replace("name", "who").replace("u1", "u3").replace("u2", "u4"))
    frame = load_ratings(tmp_path)
    assert set(frame["attribute"]) == {"score"} and set(frame["listener"]) == {"u1", "u2", "u3", "u4"}


def test_pages_of_several_types_in_a_file_of_pymushra(tmp_path: Path) -> None:
    shared = {"testId": "t", "config": "c", "date": "d", "questionaire": {"uuid": "u1"}}
    documents = {
        "1": {"type": "mushra", "id": "m", "responses": [{"stimulus": "C1", "score": 63}], **shared},
        "2": {"type": "likert_single_stimulus", "id": "l", **shared,
              "responses": [{"stimulus": "C1", "stimulusRating": [4], "time": 10}]},
    }  # fmt: skip
    frame = load_ratings(write(tmp_path, "db.json", json.dumps({"t": documents})))
    assert dict(zip(frame["attribute"], frame["score"], strict=True)) == {
        "mushra score": 63,
        "likert_single_stimulus score": 4,
    }


def test_pages_of_several_types_in_a_study_of_ours(tmp_path: Path) -> None:
    head, row = OURS.splitlines()[:2]
    other = row.replace(",55.5,", ",4,").replace(",dog,", ",cat,")
    file = write(tmp_path, "typed.csv", f"{head},page_type\n{row},mushra\n{other},likert_multi_stimulus\n")
    frame = load_ratings(file)
    assert dict(zip(frame["attribute"], frame["score"], strict=True)) == {
        "mushra score": 55.5, "likert_multi_stimulus score": 4,
    }  # fmt: skip
    earlier = write(tmp_path, "earlier.csv", f"{head}\n{row}\n{other}\n")
    assert set(load_ratings(earlier)["attribute"]) == {"score"}

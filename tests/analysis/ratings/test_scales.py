"""One scale per attribute, from the option or the study, goes with the ratings to all that needs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analysis import RatingsError, load_ratings, screen
from analysis.models.screening import RULES
from analysis.ratings.study import read_study
from analysis.ratings.tidy import scale_of, select_rated
from tests.analysis.ratings.test_readers import BS1116, database
from tests.analysis.sources import write

LONG = "listener,item,condition,attribute,score\na,x,reference,clarity,5\na,x,A,clarity,3\n"


def test_the_scale_that_was_asked_for_goes_with_the_ratings(tmp_path: Path) -> None:
    path = write(tmp_path, "long.csv", LONG)
    assert load_ratings(path).attrs["scales"] == {} and scale_of(load_ratings(path)) == (1, 5)
    frame = load_ratings(path, scale=(1, 7))
    assert frame.attrs["scales"] == {"clarity": (1, 7)} and scale_of(select_rated(frame)) == (1, 7)
    assert load_ratings(path).pipe(screen)["kept"].all()
    assert not screen(frame, exclude=RULES)["kept"].any(), "5 of 7 is less than nine tenths of the scale"


def test_difference_grades_have_ends_of_their_own(tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "bs1116.csv", BS1116), listener="name", scale=(1, 5))
    assert len(frame) == 6
    assert frame.attrs["scales"] == {"difference": (-4, 4), "score": (1, 5), "hidden_reference": (1, 5)}
    assert scale_of(select_rated(frame, "difference")) == (-4, 4)
    path = write(tmp_path, "bs1116.csv", BS1116.replace("3.2", "0"))
    with pytest.raises(RatingsError) as error:
        load_ratings(path, listener="name", scale=(1, 5))
    assert str(error.value) == (
        "2 rows cannot be used (bs1116.csv, line 2: the score is -5, expected -4 to 4; bs1116.csv, line 2: "
        "the score is 0, expected 1 to 5); fix them, or skip them with --bad-rows drop"
    )


def test_every_scale_of_a_study_goes_with_its_ratings(tmp_path: Path) -> None:
    database(tmp_path / "ratings.sqlite3")
    scales = [{"name": "score", "min": 0, "max": 60}, {"name": "noise", "min": 1, "max": 5}]
    config = {"testname": "A study", "pages": [], "listenable": {"scales": scales}}
    write(tmp_path, "config.yaml", json.dumps(config))
    assert load_ratings(tmp_path).attrs["scales"] == {"score": (0, 60)}, "nobody rated the noise"
    assert load_ratings(tmp_path, scale=(0, 70)).attrs["scales"] == {"score": (0, 70)}
    assert load_ratings(tmp_path, tmp_path).attrs["scales"] == {"score": (0, 60)}
    other = tmp_path / "other"
    other.mkdir()
    database(other / "ratings.sqlite3")
    write(other, "config.yaml", json.dumps({"testname": "Another", "pages": []}))
    assert load_ratings(other).attrs["scales"] == {"score": (0, 100)}, "the scale of a study that names none"
    write(
        other,
        "config.yaml",
        json.dumps({"pages": [], "listenable": {"scales": [{"name": "score"}, {"name": "b"}]}}),
    )
    assert load_ratings(other).attrs["scales"] == {"score": (0, 100)}, "the ends of a scale that names none"
    assert load_ratings(tmp_path, other).attrs["scales"] == {}, "two studies that do not agree"


STIMULI = {"A": "a.wav"}
PAGES = {
    "mushra": {"stimuli": STIMULI},
    "bs1116": {"stimuli": STIMULI, "reference": "r.wav"},
    "paired_comparison": {"stimuli": STIMULI, "reference": "r.wav"},
    "likert_multi_stimulus": {"stimuli": STIMULI, "response": [{"value": word} for word in "ab"]},
    "likert_single_stimulus": {"stimuli": STIMULI, "response": [{"value": n} for n in range(1, 8)]},
}
OURS = {"score": (0, 60), "noise": (1, 5)}
GRADES = {"score": (1, 5), "hidden_reference": (1, 5), "difference": (-4, 4), "noise": None}


@pytest.mark.parametrize(
    ("types", "scales"),
    [
        (["mushra", "mushra"], OURS),
        (["bs1116"], GRADES),
        (["likert_multi_stimulus"], {"score": None, "noise": None}),
        (["likert_single_stimulus"], {"score": (1, 7)}),
        (["mushra", "paired_comparison"], OURS | {"correct": (0, 1)}),
        (["bs1116", "mushra"], {"score": None, "mushra score": (0, 60), "bs1116 score": (1, 5)}),
        (["mushra", "likert_multi_stimulus"], {"mushra score": (0, 60), "likert_multi_stimulus score": None}),
        (["mushra", "likert_single_stimulus"], {"score": None, "likert_single_stimulus score": (1, 7)}),
        ([], OURS),
    ],
)  # fmt: skip
def test_scales_of_one_name_bear_the_type_of_their_pages(tmp_path: Path, types, scales) -> None:
    own = [{"name": "score", "max": 60}, {"name": "noise", "min": 1, "max": 5}]
    pages = [["random", *({"type": kind, "id": str(n), **PAGES[kind]} for n, kind in enumerate(types))]]
    write(tmp_path, "config.yaml", json.dumps({"pages": pages, "listenable": {"scales": own}}))
    study = read_study(tmp_path)
    assert {name: study.scale_ends(name) for name in scales} == scales


def test_a_score_beyond_webmushras_slider_is_a_bad_row(tmp_path: Path) -> None:
    head = "session_test_id,trial_id,rating_stimulus,rating_score,rating_time,session_uuid\n"
    rows = "t,item,reference,{},1,a\nt,item,C1,40,1,a\nt,item,reference,91,1,b\nt,item,C1,3,1,b\n"
    file = tmp_path / "mushra.csv"
    file.write_text(head + rows.format(101))
    with pytest.raises(RatingsError, match=r"mushra\.csv, line 2: the score is 101, expected 0 to 100"):
        load_ratings(file)
    assert len(load_ratings(file, bad_rows="drop")) == 3
    assert len(load_ratings(file, scale=(0, 200))) == 4
    file.write_text(head + rows.format(100))
    assert len(load_ratings(file)) == 4

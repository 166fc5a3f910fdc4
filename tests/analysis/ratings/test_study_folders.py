"""A study's `config.yaml` is read as the server reads it; what other programs served is read as well."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from analysis import RatingsError, load_ratings
from analysis.ratings.study import read_study
from tests.analysis.ratings.test_readers import database
from tests.analysis.sources import write

PAGE = "{type: mushra, id: dog, reference: r.wav, stimuli: {lmac: a.wav}}"
LIGHT = """
import sys
import analysis
assert not {"pydantic", "yaml", "pandas"} & set(sys.modules), "importing the package loads nothing"
analysis.load_ratings(sys.argv[1])
assert not {"pydantic", "yaml", "study_builder"} & set(sys.modules), "ratings alone need no config reader"
from analysis.ratings.study import read_study
assert not {"pydantic", "yaml", "study_builder"} & set(sys.modules)
read_study(sys.argv[2])
assert "pydantic" in sys.modules
"""


def test_pydantic_is_loaded_when_a_study_folder_is_read(tmp_path: Path) -> None:
    table = write(tmp_path, "long.csv", "listener,item,condition,score\na,x,A,3\nb,x,A,4\n")
    write(tmp_path, "config.yaml", f"testname: x\npages: [{PAGE}]\n")
    subprocess.run([sys.executable, "-c", LIGHT, str(table), str(tmp_path)], check=True)


@pytest.mark.parametrize(
    "text",
    [
        f"testname: A study\npages: [{PAGE}]\n",
        f"testname: A study\nlistenable:\npages:\n  - {{type: hologram}}\n  - - random\n    - {PAGE}\n",
        f"testname: A study\npages: [random, {{type: bs1116, id: b}}, {PAGE}]\n",
        "testname: A study\npages:\n",
        "testname: A study\n",
    ],
)
def test_what_another_program_served_is_read(tmp_path: Path, text: str) -> None:
    database(tmp_path / "ratings.sqlite3")
    write(tmp_path, "config.yaml", text)
    frame = load_ratings(tmp_path)
    assert frame.attrs["title"] == "A study" and frame.attrs["scales"] == {"score": (0, 100)}
    assert [trial.item for trial in read_study(tmp_path).trials] == ["dog"] * ("dog" in text)


def test_a_page_that_is_left_out_is_reported_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    database(tmp_path / "ratings.sqlite3")
    write(tmp_path, "config.yaml", f"testname: x\nours: 1\npages:\n  - {{type: hologram}}\n  - {PAGE}\n")
    with caplog.at_level(logging.WARNING):
        load_ratings(tmp_path)
    (found,) = [record.getMessage() for record in caplog.records]
    assert found.startswith(
        f"{tmp_path / 'config.yaml'}, line 4: a page's type is 'hologram'; expected one of"
    )
    assert found.endswith("; it was left out")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pages: 3\n", "line 1: 'pages' is int 3; expected a list of pages"),
        ("a: 1\na: 2\n", "line 2: the key 'a' is already on line 1"),
        ("- a\n", "has no keys; expected a study's config with 'testname' and 'pages'"),
        ("listenable: {ordr: random}\n", "line 1: the key 'ordr' is unknown (did you mean 'order'?)"),
    ],
)
def test_a_config_that_is_not_a_studys(tmp_path: Path, text: str, message: str) -> None:
    database(tmp_path / "ratings.sqlite3")
    write(tmp_path, "config.yaml", text)
    with pytest.raises(RatingsError) as error:
        load_ratings(tmp_path)
    assert message in str(error.value) and str(tmp_path / "config.yaml") in str(error.value)


def test_labels_of_a_study_name_its_webmushra_results_too(tmp_path: Path) -> None:
    head = "session_test_id,trial_id,rating_stimulus,rating_score,rating_time,session_uuid\n"
    write(tmp_path, "mushra.csv", head + "t,dog,lmac,40,1,a\nt,dog,lmac,50,1,b\n")
    ours = {"conditions": {"lmac": {"label": "Ours: new"}}, "items": {"dog": {"label": "Bello"}}}
    write(tmp_path, "config.yaml", json.dumps({"testname": "x", "pages": [], "listenable": ours}))
    frame = load_ratings(tmp_path)
    assert set(frame["label"]) == {"Ours: new"} and set(frame["item_label"]) == {"Bello"}

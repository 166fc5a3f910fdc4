"""webMUSHRA's wire: the raw body as its client sends it, the empty answer, the nine files."""

from __future__ import annotations

import csv
import html
import io
import json

import pytest

from mushra_server.errors import Refusal
from mushra_server.exporting import export_files
from mushra_server.webmushra import read_body
from mushra_server.webmushra_csv import csv_files, csv_text, folder_name

HARD = 'R&B was A+B, 50%25 louder = "😀" \\ \n; drop'
HEADERS = {
    "mushra.csv": "session_test_id,email,age,session_uuid,trial_id,rating_stimulus,rating_score,rating_time,"
    "rating_comment",
    "paired_comparison.csv": "session_test_id,email,age,trial_id,choice_reference,choice_non_reference,"
    "choice_answer,choice_time,choice_comment",
    "bs1116.csv": "session_test_id,email,age,trial_id,rating_reference,rating_non_reference,"
    "rating_reference_score,rating_non_reference_score,rating_time,choice_comment",
    "lms.csv": "session_test_id,email,age,trial_id,stimuli_rating,stimuli,rating_time",
    "lss.csv": "session_test_id,email,age,trial_id,stimuli_rating1,stimuli_rating2,stimuli,rating_time",
    "spatial_localization.csv": "session_test_id,email,age,trial_id,name,stimulus,position_x,position_y,"
    "position_z",
    "spatial_asw.csv": "session_test_id,email,age,trial_id,name,stimulus,position_outerRight_x,"
    "position_outerRight_y,position_outerRight_z,position_innerRight_x,position_innerRight_y,"
    "position_innerRight_z,position_innerLeft_x,position_innerLeft_y,position_innerLeft_z,"
    "position_outerLeft_x,position_outerLeft_y,position_outerLeft_z",
    "spatial_hwd.csv": "session_test_id,email,age,trial_id,name,stimulus,position_outerRight_x,"
    "position_outerRight_y,position_outerRight_z,position_innerRight_x,position_innerRight_y,"
    "position_innerRight_z,position_innerLeft_x,position_innerLeft_y,position_innerLeft_z,"
    "position_outerLeft_x,position_outerLeft_y,position_outerLeft_z,height,depth",
    "spatial_lev.csv": "session_test_id,email,age,trial_id,name,stimulus,position_center_x,position_center_y,"
    "position_center_z,position_height_x,position_height_y,position_height_z,position_width1_x,"
    "position_width1_y,position_width1_z,position_width2_x,position_width2_y,position_width2_z",
}
WIDTH = {f"position_{side}": [1, 2, 3] for side in ("outerRight", "innerRight", "innerLeft", "outerLeft")}
LEV = {f"position_{part}": [4, 5, 6] for part in ("center", "height", "width1", "width2")}


def session(**changes):
    """One session with a trial of every kind that webMUSHRA posts."""
    heard = {"stimulus": "lmac-td", "name": "locA"}
    pair = {"reference": "reference", "nonReference": "lmac-td"}
    posted = {
        "testId": "a-study",
        "participant": {"name": ["email", "age"], "response": ["a@b.c", "30"]},
        "trials": [
            {
                "id": "trial1",
                "type": "mushra",
                "responses": [
                    {"stimulus": "lmac-td", "score": "63", "comment": HARD, "time": 48211},
                    {"stimulus": "reference", "score": "100", "comment": None, "time": 48211},
                    {"stimulus": "anchor35", "score": "12", "comment": None, "time": 48211},
                ],
            },
            {
                "id": "bs",
                "type": "bs1116",
                "responses": [
                    {**pair, "referenceScore": "5", "nonReferenceScore": "3.2", "comment": None, "time": 1000}
                ],
            },
            {
                "id": "pc",
                "type": "paired_comparison",
                "responses": [{**pair, "answer": "correct", "comment": None, "time": 900}],
            },
            {
                "id": "lms",
                "type": "likert_multi_stimulus",
                "responses": [{"stimulus": "lmac-td", "stimulusRating": "3", "time": 500}],
            },
            {
                "id": "lss",
                "type": "likert_single_stimulus",
                "responses": [{"stimulus": "lmac-td", "stimulusRating": ["4", "NA"], "time": 500}],
            },
            {"id": "sp", "type": "localization", "responses": [{"position": [1, 2, 3], **heard}]},
            {"id": "sp", "type": "asw", "responses": [{**WIDTH, **heard}]},
            {"id": "sp", "type": "hwd", "responses": [{**WIDTH, "height": 7, "depth": 8, **heard}]},
            {"id": "sp", "type": "lev", "responses": [{**LEV, **heard}]},
        ],
        "uuid": "1d9f0b56-6f7e-4a60-9a3c-0f3c2f6f0a11",
        "config": "configs/default.yaml",
    }
    return {**posted, **changes}


def post(app, posted, path="/service/write.php"):
    """Post as webMUSHRA does: a form's content type around JSON that is not encoded."""
    body = b"sessionJSON=" + json.dumps(posted, ensure_ascii=False).encode()
    return app.test_client().post(path, data=body, content_type="application/x-www-form-urlencoded")


def test_the_answer_is_200_and_empty_and_the_comment_survives(app, rows):
    answer = post(app, session())
    assert answer.status_code == 200 and answer.data == b""
    assert answer.headers["Access-Control-Allow-Origin"] == "*", "webMUSHRA may run on another host"
    (row,) = rows(app, "SELECT * FROM export_ratings WHERE item = 'item1' AND condition = 'lmac-td'")
    assert row["comment"] == HARD
    assert (row["score"], row["time_ms"], row["role"], row["kind"]) == (63, 48211, "method", "trial")
    assert row["session"] == row["listener"] == session()["uuid"] and row["finished"] == 1
    answers = {row["name"]: row["value"] for row in rows(app, "SELECT * FROM export_answers")}
    assert answers == {"email": "a@b.c", "age": "30"}


def test_every_rated_type_reaches_the_ratings_view(app, rows):
    post(app, session())
    stored = rows(app, "SELECT item, condition, attribute, score FROM export_ratings WHERE item <> 'item1'")
    found = {(row["item"], row["condition"], row["attribute"]): row["score"] for row in stored}
    assert found == {
        ("bs", "lmac-td", "score"): 3.2,
        ("bs", "lmac-td", "hidden_reference"): 5,
        ("bs", "lmac-td", "difference"): -1.8,
        ("pc", "lmac-td", "correct"): 1,
        ("lms", "lmac-td", "score"): 3,
        ("lss", "lmac-td", "rating1"): 4,
        ("lss", "lmac-td", "rating2"): None,
    }


def test_a_second_click_stores_once(app, rows):
    """webMUSHRA does not disable its button, and posts the questionnaire doubled the second time."""
    post(app, session())
    doubled = {"name": ["email", "age"] * 2, "response": ["a@b.c", "30"] * 2}
    assert post(app, session(participant=doubled)).status_code == 200
    assert len(rows(app, "SELECT * FROM sessions")) == 1
    assert len(rows(app, "SELECT * FROM export_answers")) == 2


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "the body is not JSON"),
        (b"sessionJSON=", "the body is not JSON"),
        (b'sessionJSON={"testId":"a-study","tri', "the body is not JSON"),
        (b"sessionJSON=[]", "the body is a JSON list, expected an object"),
        (b"sessionJSON={}", "testId is missing"),
        (b'sessionJSON={"testId":"a-study","trials":[{"id":"x"}]}', "trials: expected a list of objects"),
        (b'sessionJSON={"testId":"other","trials":[]}', "testId is 'other', expected 'a-study'"),
        (b"sessionJSON=" + b"[" * 100_000, "the body is not JSON"),
        (b'sessionJSON={"a":' + b"[" * 40 + b"]" * 40 + b"}", "nested more than 16 levels"),
    ],
)
def test_what_is_no_session_is_refused_and_nothing_is_stored(app, rows, body, sentence):
    answer = app.test_client().post(
        "/service/write.php", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 400 and sentence.lower() in html.unescape(answer.text).lower()
    assert "Traceback" not in answer.text
    assert rows(app, "SELECT * FROM sessions") == []


def test_a_score_that_is_no_number_is_refused_whole(app, rows):
    posted = session()
    posted["trials"][0]["responses"][1]["score"] = "loud"
    assert post(app, posted).status_code == 400
    assert rows(app, "SELECT * FROM sessions") == [] and rows(app, "SELECT * FROM ratings") == []


def test_percent_encoded_bodies_are_read_too():
    from urllib.parse import quote_plus

    encoded = b"sessionJSON=" + quote_plus(json.dumps(session(), ensure_ascii=False)).encode()
    assert read_body(encoded) == read_body(b"sessionJSON=" + json.dumps(session()).encode())
    with pytest.raises(Refusal, match="not JSON"):
        read_body(b"sessionJSON=%7Bbroken")


def test_a_session_without_uuid_gets_the_same_one_each_time():
    posted = session()
    del posted["uuid"]
    body = b"sessionJSON=" + json.dumps(posted).encode()
    assert read_body(body).uuid == read_body(body).uuid != session()["uuid"]


def test_nine_files_with_the_headers_of_webmushra():
    files = csv_files([read_body(b"sessionJSON=" + json.dumps(session()).encode())])
    assert {name: csv_text(rows[:1]).strip() for name, rows in files.items()} == HEADERS
    table = list(csv.DictReader(io.StringIO(csv_text(files["mushra.csv"]))))
    assert table[0]["rating_comment"] == HARD and table[1]["rating_comment"] == ""
    assert csv_text(files["lms.csv"]).splitlines()[1] == 'a-study,a@b.c,30,lms," 3 ",lmac-td,500'
    assert csv_text(files["lss.csv"]).splitlines()[1] == "a-study,a@b.c,30,lss,4,NA,lmac-td,500"


def test_a_changed_questionnaire_starts_a_new_file():
    first = read_body(b"sessionJSON=" + json.dumps(session()).encode())
    other = session(participant={"name": ["age"], "response": ["31"]}, uuid="u2")
    second = read_body(b"sessionJSON=" + json.dumps(other).encode())
    files = csv_files([first, second, first])
    assert len(files["mushra.csv"]) == 1 + 6 and len(files["mushra-2.csv"]) == 1 + 3
    for rows in files.values():
        assert {len(row) for row in rows} == {len(rows[0])}, "no column is shifted"


def test_folder_name_is_webmushras():
    assert folder_name("My Test/Öl 1") == "my test-öl 1"
    assert folder_name("../../etc") == "------etc"


def test_the_configs_own_remote_service_is_served(make_app, make_study, rows):
    study = make_study()
    config = study / "config.yaml"
    config.write_text("remoteService: collect/here\n" + config.read_text())
    app = make_app(study)
    assert post(app, session(), "/collect/here").status_code == 200
    assert len(rows(app, "SELECT * FROM sessions")) == 1


def test_own_sessions_and_posted_ones_export_to_the_same_files(
    app, make_study, make_listener, rows, tmp_path
):
    listener = make_listener(app).start({"PROLIFIC_PID": "=1+1"}).save_all(score=70)
    listener.finish()
    make_listener(app).start(simulated=True).save_all()
    post(app, session())
    database = app.extensions["listenable"].database
    study = app.extensions["listenable"].study.root
    written = dict(export_files(database, study, "webmushra", tmp_path / "out"))
    own = tmp_path / "out/results/a-study/mushra.csv"
    assert written[own] == 3 * 5
    table = list(csv.DictReader(io.StringIO(own.read_text(encoding="utf-8"))))
    assert list(table[0]) == [
        "session_test_id", "age", "email", "hearing", "PROLIFIC_PID", "session_uuid", "trial_id",
        "rating_stimulus", "rating_score", "rating_time", "rating_comment",
    ]  # fmt: skip
    assert table[0]["PROLIFIC_PID"] == "=1+1", "another program's file is written as that program writes it"
    stored = {
        (row["item"], row["condition"]): row["score"]
        for row in rows(app, "SELECT * FROM export_ratings WHERE simulated = 0 AND listener = '=1+1'")
    }
    assert {
        (row["trial_id"].replace("trial", "item"), row["rating_stimulus"]): float(row["rating_score"])
        for row in table
    } == stored
    assert (tmp_path / "out/results/a-study/mushra-2.csv").exists(), (
        "the posted session asked other questions"
    )
    assert (tmp_path / "out/results/a-study-simulated/mushra.csv").exists()


def test_analysis_reads_the_exported_file(app, make_listener, tmp_path):
    """The reader of the analysis package is the independent witness of the columns."""
    from analysis import load_ratings

    make_listener(app).start().save_all(score=70).finish()
    server = app.extensions["listenable"]
    dict(export_files(server.database, server.study.root, "webmushra", tmp_path))
    frame = load_ratings(tmp_path / "results/a-study/mushra.csv")
    assert len(frame) == 15 and set(frame["item"]) == {"trial0", "trial1", "trial2"}
    assert sorted(frame["score"].unique()) == [70, 71, 72, 73, 74]


def test_pymushra_export_is_a_tinydb_document(app, tmp_path):
    post(app, session())
    server = app.extensions["listenable"]
    ((path, count),) = export_files(server.database, server.study.root, "pymushra", tmp_path)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert count == 9 and list(document) == ["a-study"] and list(document["a-study"])[:2] == ["1", "2"]
    entry = document["a-study"]["1"]
    assert set(entry) == {"id", "type", "responses", "config", "testId", "date", "questionaire"}
    assert entry["questionaire"] == {"email": "a@b.c", "age": "30", "uuid": session()["uuid"]}
    assert entry["responses"][0]["score"] == 63 and entry["responses"][0]["comment"] == HARD
    first = path.read_bytes()
    dict(export_files(server.database, server.study.root, "pymushra", tmp_path))
    assert path.read_bytes() == first, "the same export twice gives the same bytes"

"""Exports under webMUSHRA's and pymushra's names: the nine files, one trial per attribute, and back again."""

from __future__ import annotations

import csv
import io
import itertools
import json

import pytest

from analysis import load_ratings
from mushra_server.database.sessions import exclude, find_by_uuid
from mushra_server.errors import ServerError
from mushra_server.export.files import export_files
from mushra_server.webmushra.csv_files import csv_line, folder_name, iter_csv_rows
from mushra_server.webmushra.sessions import _number
from mushra_server.webmushra.wire_format import read_body
from tests.mushra_server.conftest import answer_to, mushra_page
from tests.mushra_server.posted import COLLECT, HARD, post, posted_pages, session

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


def csv_files(sessions):
    """Collect the rows of each file."""
    files = {}
    for name, row in iter_csv_rows(sessions):
        files.setdefault(name, []).append(row)
    return files


def csv_text(rows):
    return "".join(map(csv_line, rows))


def test_numbers_are_written_with_all_of_their_digits():
    assert csv_line([1234567.0, 70.0, 0.25, 1e300]) == "1234567,70,0.25,1e+300\n"
    assert [_number(score) for score in (12345.67, 1234567.0, None)] == ["12345.67", "1234567", ""]


@pytest.mark.parametrize("format", ["csv", "json", "webmushra", "pymushra"])
def test_no_posted_session_makes_an_export_fail(make_app, make_study, tmp_path, format):
    """Half a letter, a NUL and a number without end: of one stranger, in an answer that nobody checks."""
    study = make_study(pages=posted_pages(tmp_path / "study"), n_items=3)
    app = make_app(study, options=COLLECT)
    wild = {"name": "a\ud800b", "position": ["\udfff\0", 1, 2], "score": "1e999", "stimulusRating": "nan"}
    heard = {"stimulus": "lmac-td", "\ud801": "\ud802"}
    trials = [
        {"id": "sp", "type": "localization", "responses": [{**heard, **wild}]},
        {"id": "trial1", "type": "mushra", "responses": [{**heard, "score": "5"}]},
    ]
    names = {"name": ["e\ud803", "age"], "response": [{"a\ud804": "\0"}, "30\ud805"]}
    body = json.dumps(session(trials=trials, participant=names, config="c\ud806"))
    answer = app.test_client().post("/service/write.php", data=f"sessionJSON={body}")
    assert answer.status_code == 200, answer.text
    database = app.extensions["listenable"].database
    for path, _ in export_files(database, study, format, tmp_path / format):
        text = path.read_text(encoding="utf-8")
        assert "\0" not in text
        if path.suffix == ".json":
            json.loads(text, parse_constant=pytest.fail)


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


def test_any_number_of_questionnaires_needs_few_open_files(make_app, make_study, tmp_path, monkeypatch):
    app = make_app(make_study(pages=posted_pages(tmp_path / "study")), options=COLLECT)
    names = ("age", "email", "hearing")
    asked = [order for count in (1, 2, 3) for order in itertools.permutations(names, count)]
    for number in range(2 * len(asked)):
        order = list(asked[number % len(asked)])
        participant = {"name": order, "response": [str(number)] * len(order)}
        assert post(app, session(uuid=f"u{number}", participant=participant)).status_code == 200
    server = app.extensions["listenable"]
    first = dict(export_files(server.database, server.study.root, "webmushra", tmp_path / "many"))
    monkeypatch.setattr("mushra_server.export.files.MOST_OPEN_FILES", 2)
    second = dict(export_files(server.database, server.study.root, "webmushra", tmp_path / "few"))
    assert len(first) == 9 * len(asked) and set(first.values()) == {2, 6}
    for path, count in first.items():
        other = tmp_path / "few" / path.relative_to(tmp_path / "many")
        assert second[other] == count and other.read_bytes() == path.read_bytes()


def test_folder_name_is_webmushras():
    assert folder_name("My Test/Öl 1") == "my test-öl 1"
    assert folder_name("../../etc") == "------etc"


def test_own_sessions_and_posted_ones_export_to_the_same_files(make_app, make_listener, rows, tmp_path):
    app = make_app(options=COLLECT)
    listener = make_listener(app).start({"PROLIFIC_PID": "=1+1"}).save_all(score=70)
    listener.finish()
    make_listener(app).start(simulated=True).save_all()
    post(app, session(trials=session()["trials"][:1]))
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


def test_pymushra_export_is_a_tinydb_document(make_app, make_study, tmp_path):
    app = make_app(make_study(pages=posted_pages(tmp_path / "study")), options=COLLECT)
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


def export_and_read(app, tmp_path, format, file, listener=None):
    """The ratings of an export as the analysis reads them: score by item, condition and attribute."""
    from analysis import load_ratings

    server = app.extensions["listenable"]
    dict(export_files(server.database, server.study.root, format, tmp_path))
    frame = load_ratings(tmp_path / file, listener=listener)
    keys = zip(frame["item"], frame["condition"], frame["attribute"], strict=True)
    return dict(zip(keys, frame["score"], strict=True))


def rate_differently(listener, attributes):
    """Rate every page, each attribute with its own scores; return what was sent by attribute."""
    for page in listener.state["pages"]:
        body = answer_to(page)
        for place, rating in enumerate(body["ratings"]):
            number = attributes.index(rating["attribute"]) + 1
            rating["score"] = str(number) if page["type"].startswith("likert") else 10 * number + place % 5
        assert listener.put(page["index"], body).status_code == 200


@pytest.mark.parametrize(
    ("format", "file"), [("webmushra", "results/a-study/mushra.csv"), ("pymushra", "pymushra.json")]
)
def test_several_scales_are_exported_apart_and_read_back(
    make_app, make_listener, rows, tmp_path, format, file
):
    app = make_app(n_items=2, scales=[{"name": "speech"}, {"name": "noise"}])
    rate_differently(make_listener(app).start(), ["speech", "noise"])
    stored = rows(app, "SELECT item, condition, attribute, score FROM export_ratings")
    found = export_and_read(app, tmp_path, format, file)
    assert len(found) == 20 and found == {
        (row["item"].replace("item", "trial"), row["condition"], row["attribute"]): row["score"]
        for row in stored
    }


def test_a_trial_per_attribute_in_the_order_of_the_config(make_app, make_listener, tmp_path):
    app = make_app(n_items=1, scales=[{"name": "speech"}, {"name": "noise"}])
    rate_differently(make_listener(app).start(), ["speech", "noise"])
    server = app.extensions["listenable"]
    dict(export_files(server.database, server.study.root, "webmushra", tmp_path))
    with (tmp_path / "results/a-study/mushra.csv").open(encoding="utf-8") as file:
        trials = [row["trial_id"] for row in csv.DictReader(file)]
    assert trials == ["trial0:attribute=speech"] * 5 + ["trial0:attribute=noise"] * 5


def test_all_likert_scales_are_exported_in_the_order_of_the_config(
    make_app, make_study, make_listener, tmp_path
):
    """Eleven scales: as text, rating10 would stand before rating2."""
    points = [{"value": str(number)} for number in range(1, 12)]
    shared = {"name": "x", "content": "", "response": [points] * 11}
    page = mushra_page(tmp_path / "study", 0)
    stimuli = {"lmac-td": page["stimuli"]["lmac-td"]}
    pages = [
        {"type": "likert_multi_stimulus", "id": "lms", "stimuli": stimuli, **shared},
        {"type": "likert_single_stimulus", "id": "lss", "stimuli": stimuli, **shared},
    ]
    app = make_app(make_study(pages=pages))
    names = [f"rating{number}" for number in range(1, 12)]
    rate_differently(make_listener(app).start(), names)
    lms = export_and_read(app, tmp_path, "webmushra", "results/a-study/lms.csv", ["session_test_id"])
    assert lms == {("lms", "lmac-td", name): number for number, name in enumerate(names, start=1)}
    with (tmp_path / "results/a-study/lms.csv").open(encoding="utf-8") as file:
        assert [row["stimuli_rating"].strip() for row in csv.DictReader(file)] == [
            str(number) for number in range(1, 12)
        ]
    lss = export_and_read(app, tmp_path, "webmushra", "results/a-study/lss.csv", ["session_test_id"])
    assert lss == {("lss", "lmac-td", name): number for number, name in enumerate(names, start=1)}


def test_a_paired_comparison_without_a_reference_is_exported(app, make_listener, tmp_path):
    """The config asks for a reference; a database of an earlier release may hold such a page."""
    listener = make_listener(app).start()
    listener.save_all()
    database = app.extensions["listenable"].database
    with database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE submissions SET page_type = 'paired_comparison' WHERE kind = 'trial'"
        )
        connection.exec_driver_sql("UPDATE ratings SET attribute = 'choice', score = 1")
    server = app.extensions["listenable"]
    dict(export_files(server.database, server.study.root, "webmushra", tmp_path))
    with (tmp_path / "results/a-study/paired_comparison.csv").open(encoding="utf-8") as file:
        assert {row["choice_answer"] for row in csv.DictReader(file)} == {"unknown"}


@pytest.mark.parametrize("names", [[";a" * 60], ["\ta" * 60], ["|" * 60], ["age ", "\x85age", "age"]])
def test_whatever_questions_are_called_the_files_are_read(make_app, make_study, tmp_path, names):
    app = make_app(make_study(pages=[mushra_page(tmp_path / "study", 1)]), options=COLLECT)
    trials = session()["trials"][:1]
    assert post(app, session(trials=trials)).status_code == 200
    participant = {"name": names, "response": ["1"] * len(names)}
    assert post(app, session(trials=trials, uuid="u2", participant=participant)).status_code == 200
    server, out = app.extensions["listenable"], tmp_path / "out"
    for format in ("csv", "json", "webmushra", "pymushra"):
        dict(export_files(server.database, server.study.root, format, out))
    for source in ("ratings.csv", "ratings.json", "results/a-study", "pymushra.json"):
        assert len(load_ratings(out / source)) == 6, source


def test_an_earlier_export_is_not_read_with_a_later_one(make_app, make_study, tmp_path):
    app = make_app(make_study(pages=[mushra_page(tmp_path / "study", 1)]), options=COLLECT)
    trials = session()["trials"][:1]
    assert post(app, session(trials=trials)).status_code == 200
    other = {"name": ["age"], "response": ["31"]}
    assert post(app, session(trials=trials, uuid="u2", participant=other)).status_code == 200
    server, out = app.extensions["listenable"], tmp_path / "out"

    def export():
        return dict(export_files(server.database, server.study.root, "webmushra", out))

    assert len(export()) == 2
    for number, uuid in enumerate((session()["uuid"], "u2")):
        with server.database.write() as connection:
            exclude(connection, find_by_uuid(connection, uuid), "fell asleep")
        left = "mushra.csv" if number else "mushra-2.csv"
        before = {path.name: path.read_bytes() for path in out.rglob("*.csv")}
        with pytest.raises(ServerError, match=rf"a-study/{left}: is of an earlier export and would be read"):
            export()
        assert {path.name: path.read_bytes() for path in out.rglob("*.csv")} == before
        if not number:
            (out / "results/a-study" / left).unlink()
            assert [path.name for path in export()] == ["mushra.csv"]


def test_several_likert_scales_of_a_page_come_back_from_pymushras_file(make_app, make_study, tmp_path):
    app = make_app(make_study(pages=posted_pages(tmp_path / "study")), options=COLLECT)
    assert post(app, session()).status_code == 200
    server = app.extensions["listenable"]
    dict(export_files(server.database, server.study.root, "pymushra", tmp_path / "out"))
    stored = load_ratings(server.study.root)
    frame = load_ratings(tmp_path / "out/pymushra.json")
    found = [dict(table.groupby(["attribute", "condition"])["score"].sum()) for table in (stored, frame)]
    assert found[0] == found[1] and len(stored) == len(frame) == 10

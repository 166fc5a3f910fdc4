"""The database: which ones are opened, which refused; exports. On SQLite and on PostgreSQL."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import make_url

from analysis.ratings.names import RATING_COLUMNS
from mushra_server.app import create_app
from mushra_server.database.database import Database, sqlite_url
from mushra_server.errors import ServerError, StoreError
from mushra_server.export.tables import write_csv, write_json
from mushra_server.web.server import Options


@pytest.fixture
def app(make_app, url):
    return make_app(url=url, options=Options(collect_webmushra=True))


def exported(app, **options):
    file = io.StringIO()
    with app.extensions["listenable"].database.read() as connection:
        write_csv(connection, file, **options)
    return list(csv.DictReader(io.StringIO(file.getvalue())))


def test_the_csv_has_the_columns_of_the_contract_and_one_per_question(app, make_listener):
    make_listener(app).start({"PROLIFIC_PID": "007"}).save_all(score=40).finish()
    make_listener(app).start(simulated=True).save_all()
    found = exported(app)
    assert list(found[0]) == [*RATING_COLUMNS, "q_PROLIFIC_PID", "q_age", "q_consent"]
    assert len(found) == 30 and [row["simulated"] for row in found] == ["0"] * 15 + ["1"] * 15
    first = found[0]
    assert (first["listener"], first["q_PROLIFIC_PID"], first["q_age"]) == ("007", "007", "30")
    assert (first["score"], first["finished"], first["trial_position"], first["condition_position"]) == (
        "40", "1", "0", "0",
    )  # fmt: skip
    assert len(exported(app, simulated=True)) == 15


def test_the_columns_are_those_of_the_documentation():
    documented = (Path(__file__).parents[3] / "docs" / "formats.md").read_text("utf-8")
    columns = re.search(r"- `export_ratings`: `([\w, \n]+)`", documented)
    assert columns is not None and tuple(re.findall(r"\w+", columns[1])) == RATING_COLUMNS


def test_the_csv_is_the_same_each_time(app, make_listener):
    for _ in range(3):
        make_listener(app).start().save_all()
    assert exported(app) == exported(app)


def test_retries_revisions_and_resumes_store_once(app, make_listener, rows):
    listener = make_listener(app).start()
    index = listener.trials()[0]["index"]
    body = listener.save(index, score=10)
    listener.save(index, score=20)
    listener.put(index, body)
    listener.put(index, body)
    assert len(rows(app, "SELECT * FROM submissions")) == 2
    assert sorted(row["score"] for row in rows(app, "SELECT score FROM export_ratings")) == [
        20,
        21,
        22,
        23,
        24,
    ]


def test_a_posted_session_is_stored_once_whatever_is_written_in_it(app, rows):
    responses = [{"stimulus": "reference", "score": "99", "time": 5}]
    posted = {
        "testId": "a-study",
        "participant": {"name": ["a\x00", "b", "c"], "response": ["\x00\ud83d", None, 7]},
        "trials": [{"id": "trial1", "type": "mushra", "responses": responses}],
        "uuid": "u1",
    }
    for _ in range(2):
        body = f"sessionJSON={json.dumps(posted)}"
        assert app.test_client().post("/service/write.php", data=body).status_code == 200
    assert [row["score"] for row in rows(app, "SELECT * FROM export_ratings")] == [99]
    answers = {row["name"]: row["value"] for row in rows(app, "SELECT * FROM export_answers")}
    assert answers == {"a\ufffd": "\ufffd\ufffd", "c": "7"}


def test_the_json_holds_sessions_answers_and_decisions(app, make_listener):
    make_listener(app).start({"participant": "nan"}).save_all().finish()
    file = io.StringIO()
    with app.extensions["listenable"].database.read() as connection:
        assert write_json(connection, file) == 15
    found = json.loads(file.getvalue())
    assert found["schema_version"] == 1 and found["study"] == "a-study" and found["events"] == []
    assert found["sessions"][0]["listener"] == "nan" and "token_hash" not in found["sessions"][0]
    assert len(found["ratings"]) == 15 and list(found["ratings"][0]) == list(RATING_COLUMNS)


def test_sqlite_is_opened_durably(tmp_path):
    database = Database(sqlite_url(tmp_path / "r.sqlite3"))
    with database.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "fullfsync", "foreign_keys", "busy_timeout")
        }
    database.close()
    assert pragmas == {
        "journal_mode": "wal", "synchronous": 2, "fullfsync": 1, "foreign_keys": 1, "busy_timeout": 5000,
    }  # fmt: skip


def test_a_schema_of_another_version_is_refused(tmp_path):
    path = tmp_path / "r.sqlite3"
    Database(sqlite_url(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '9' WHERE key = 'schema_version'")
    connection.close()
    with pytest.raises(StoreError, match=r"r\.sqlite3: schema version 9 found, 1 expected"):
        Database(sqlite_url(path))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "database URL 'nonsense': expected sqlite:///FILE or postgresql://USER@HOST/NAME"),
        ("mysql://x/y", "database URL: backend 'mysql' found; expected sqlite or postgresql"),
        ("sqlite:////nowhere/at/all.sqlite3", "/nowhere/at/all.sqlite3: the database cannot be reached"),
    ],
)
def test_a_database_that_cannot_be_opened(url, sentence):
    with pytest.raises(StoreError) as error:
        Database(url)
    assert sentence in str(error.value)


def test_a_password_is_never_in_a_message():
    with pytest.raises(StoreError) as error:
        Database("postgresql://ann:hunter2@127.0.0.1:1/none")
    assert "hunter2" not in str(error.value) and "cannot be reached" in str(error.value)


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "r.sqlite3"
    path.write_text("not a database, but long enough to have a header of a hundred bytes" * 4)
    with pytest.raises(StoreError, match="the database cannot be used"):
        Database(sqlite_url(path))


def test_another_studys_database_is_refused(make_app, make_study, make_listener, tmp_path):
    url = sqlite_url(tmp_path / "shared.sqlite3")
    make_listener(make_app(make_study("one"), url=url)).start()
    other = make_study("two")
    config = other / "config.yaml"
    config.write_text(config.read_text().replace("testId: a-study", "testId: other"))
    with pytest.raises(StoreError, match="has sessions of the study 'a-study', not of 'other'"):
        create_app(other, url)


def test_a_study_without_a_sound_is_refused(make_study):
    study = make_study()
    (study / "audio/item1/saliency.wav").unlink()
    with pytest.raises(ServerError, match=r"saliency\.wav: not found; expected a sound of page 'trial1'"):
        create_app(study)


def test_the_analysis_reads_the_database_as_it_reads_the_export(app, url, make_listener, tmp_path):
    from analysis import load_ratings

    for score in (40, 60):
        make_listener(app).start({"PROLIFIC_PID": f"00{score}"}).save_all(score=score).finish()
    with app.extensions["listenable"].database.read() as connection, (tmp_path / "r.csv").open("w") as file:
        write_csv(connection, file)
    keys = ["listener", "item", "condition"]
    ours, theirs = (
        load_ratings(source).sort_values(keys, ignore_index=True) for source in (url, tmp_path / "r.csv")
    )
    assert len(ours) == 30
    assert ours[[*keys, "score"]].equals(theirs[[*keys, "score"]])
    assert sorted(ours["listener"].unique()) == ["0040", "0060"]


@pytest.mark.parametrize(("configured", "expected"), [("off", "on"), ("remote_apply", "remote_apply")])
def test_a_commit_of_postgresql_waits_for_the_disk(make_app, postgresql_url, configured, expected):
    import psycopg

    with psycopg.connect(postgresql_url) as connection:
        name = make_url(postgresql_url).database
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = {configured}")
    database = make_app(url=postgresql_url).extensions["listenable"].database
    for _ in range(2):  # a connection keeps it
        with database.write() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == expected

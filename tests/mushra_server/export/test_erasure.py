"""Forgetting a participant: what was written is gone from rows, stored bodies and the file's bytes."""

from __future__ import annotations

import io
import json
import sqlite3
import threading
from contextlib import closing

import pytest
from sqlalchemy import select

from mushra_server.database import engines
from mushra_server.database.database import Database
from mushra_server.database.drafts import save_draft
from mushra_server.database.progress import load_progress
from mushra_server.database.schema import sessions
from mushra_server.database.sessions import exclude, find_by_participant
from mushra_server.errors import ServerError
from mushra_server.export import erasure
from mushra_server.export.erasure import describe_answered, find_answered, forget
from mushra_server.export.tables import write_json
from mushra_server.web.server import Options
from tests.mushra_server.posted import COLLECT, post, posted_pages, session


@pytest.fixture
def app(make_app, url):
    return make_app(url=url, options=Options(collect_webmushra=True))


def test_forgetting_removes_the_reason_of_an_exclusion(app, make_listener, rows):
    make_listener(app).start({"participant": "ann"}).save_all()
    database = app.extensions["listenable"].database
    with database.write() as connection:
        exclude(connection, find_by_participant(connection, "ann"), "Ann Smith fell asleep")
    forget(database, "ann")
    file = io.StringIO()
    with database.read() as connection:
        write_json(connection, file)
    assert "Smith" not in file.getvalue()
    assert json.loads(file.getvalue())["sessions"][0]["excluded_at"], "it stays excluded"


@pytest.mark.parametrize("with_ratings", [False, True])
def test_forgetting_removes_the_person(app, make_listener, rows, with_ratings):
    gone = make_listener(app).start({"PROLIFIC_PID": "remove-me"})
    ratings = [
        {"key": s["key"], "attribute": "score", "score": 5, "comment": "my name is Ann"}
        for s in gone.trials()[0]["stimuli"]
    ]
    gone.save_all()
    gone.save(gone.trials()[0]["index"], ratings=ratings)
    make_listener(app).start({"PROLIFIC_PID": "stays"}).save_all()
    database = app.extensions["listenable"].database
    removed = forget(database, "remove-me", ratings=with_ratings)
    assert removed["comments"] == 5 and removed["identities"] == 1
    for table in ("sessions", "submissions", "ratings", "answers", "parameters", "drafts", "events"):
        text = json.dumps(rows(app, f"SELECT * FROM {table}"))
        assert "remove-me" not in text and "Ann" not in text, table
    assert len(rows(app, "SELECT * FROM export_ratings")) == (15 if with_ratings else 30)
    assert {row["listener"] for row in rows(app, "SELECT * FROM export_ratings")} > {"stays"} or with_ratings
    assert gone.client.get("/api/session").status_code == 401
    assert [row["action"] for row in rows(app, "SELECT * FROM events")] == ["forget"]
    with pytest.raises(ServerError, match="nobody has the id 'remove-me'"):
        forget(database, "remove-me")


def test_forgotten_text_is_gone_from_the_files_bytes(make_app, make_listener):
    app = make_app()
    make_listener(app).start({"PROLIFIC_PID": "needle-in-the-file"}).save_all()
    server = app.extensions["listenable"]
    forget(server.database, "needle-in-the-file")
    for path in server.study.root.glob("ratings.sqlite3*"):
        assert b"needle-in-the-file" not in path.read_bytes(), path


def test_forgetting_waits_for_a_page_that_is_being_stored(make_app, make_listener, rows, postgresql_url):
    app = make_app(url=postgresql_url)
    make_listener(app).start({"participant": "ann"})
    database = app.extensions["listenable"].database
    forgetting = threading.Thread(target=forget, args=(database, "ann"))
    with database.write() as connection:
        session = find_by_participant(connection, "ann")
        connection.execute(select(sessions.c.id).with_for_update())  # as a request for a page has it
        forgetting.start()
        forgetting.join(0.3)
        save_draft(connection, session, 0, {"attempt": "a", "answers": {"email": "ann@example.org"}})
    forgetting.join(30)
    assert rows(app, "SELECT participant FROM sessions") == [{"participant": None}]
    assert rows(app, "SELECT * FROM drafts") == []


def everything(app, rows):
    """All rows of all tables as one text."""
    tables = rows(app, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return {row["name"]: json.dumps(rows(app, f"SELECT * FROM {row['name']}"), default=str) for row in tables}


@pytest.fixture
def written(make_app, make_listener):
    """An app with two participants who wrote into every field."""
    app = make_app()
    for name in ("needle-a", "needle-b"):
        person = make_listener(app).start({"PROLIFIC_PID": name, "STUDY_ID": f"{name}-study"})
        for page in person.state["pages"]:
            if page["type"] == "finish":
                answers = {"age": "30", "email": f"{name}@example.org"}
                person.save(page["index"], answers=answers)
            else:
                person.save(page["index"])
        body = [
            {"key": one["key"], "attribute": "score", "score": 5, "comment": f"{name} wrote this"}
            for one in person.trials()[0]["stimuli"]
        ]
        person.save(person.trials()[0]["index"], ratings=body)
        began = {
            "attempt": "a-1",
            "page": person.state["pages"][0]["id"],
            "answers": {"email": f"{name} began this"},
        }
        answer = person.client.put("/api/session/pages/0/draft", json=began)
        assert answer.status_code == 200, answer.json
    return app


def test_answers_do_not_stay_in_stored_bodies(written, rows):
    forget(written.extensions["listenable"].database, "needle-a")
    bodies = [json.loads(row["body"]) for row in rows(written, "SELECT body FROM submissions ORDER BY id")]
    half = len(bodies) // 2
    assert [body["answers"] for body in bodies[:half]] == [{}] * half
    assert all("comment" not in one for body in bodies[:half] for one in body["ratings"])
    scores = [one["score"] for body in bodies[:half] for one in body["ratings"]]
    assert len(scores) == 20 and scores.count(5) == 5, "what was rated stays"
    assert any("needle-b@example.org" in json.dumps(body) for body in bodies[half:]), "the other's stays"


def test_no_table_keeps_a_word_and_the_other_participant_keeps_all(written, rows):
    before = everything(written, rows)
    removed = forget(written.extensions["listenable"].database, "needle-a")
    after = everything(written, rows)
    for name, text in after.items():
        assert "needle-a" not in text, name
        assert text.count("needle-b") == before[name].count("needle-b"), name
    assert removed == {
        "URL parameters": 2, "drafts": 1, "refused posts": 0, "answers": 3, "webMUSHRA bodies": 0,
        "comments": 5, "identities": 1,
    }  # fmt: skip
    assert len(rows(written, "SELECT * FROM ratings")) == 40
    assert len(rows(written, "SELECT * FROM sessions WHERE token_hash IS NULL")) == 1


def test_with_the_ratings_only_the_others_rows_stay(written, rows):
    before = len(rows(written, "SELECT * FROM submissions"))
    taken = len(rows(written, "SELECT * FROM slots WHERE session_id IS NOT NULL"))
    removed = forget(written.extensions["listenable"].database, "needle-a", ratings=True)
    assert removed["ratings"] == 20
    assert len(rows(written, "SELECT * FROM ratings")) == 20
    assert len(rows(written, "SELECT * FROM submissions")) == before // 2
    assert len(rows(written, "SELECT * FROM slots WHERE session_id IS NOT NULL")) == taken // 2
    (event,) = rows(written, "SELECT * FROM events")
    assert (event["action"], event["reason"]) == ("forget", "ratings too") and event["session_id"] is not None


def test_a_sessions_name_will_do_and_the_log_says_that_ratings_stayed(written, rows):
    uuid = rows(written, "SELECT uuid FROM sessions ORDER BY id")[1]["uuid"]
    assert forget(written.extensions["listenable"].database, uuid)["identities"] == 1
    (event,) = rows(written, "SELECT * FROM events")
    assert (event["action"], event["reason"]) == ("forget", None)
    assert "needle-b" not in json.dumps(rows(written, "SELECT * FROM submissions"))


def test_what_webmushra_posted_is_gone(make_app, make_study, tmp_path, rows):
    study = make_study(pages=posted_pages(tmp_path / "study"))
    app = make_app(study, options=Options(collect_webmushra=True))
    assert post(app, session()).status_code == 200
    assert post(app, session(uuid="other", participant={"name": ["email"], "response": ["stays@b.c"]}))
    (uuid,) = (row["uuid"] for row in rows(app, "SELECT uuid FROM sessions ORDER BY id LIMIT 1"))
    removed = forget(app.extensions["listenable"].database, uuid)
    assert removed["webMUSHRA bodies"] == 1 and removed["comments"] == 1
    left = everything(app, rows)
    assert not [name for name, text in left.items() if "a@b.c" in text]
    assert "stays@b.c" in left["wire_sessions"] and "stays@b.c" in left["answers"]
    assert (left["wire_sessions"].count("R&B was"), left["ratings"].count("R&B was")) == (1, 1), "the other's"


def test_who_may_be_meant_by_an_answer_is_said(make_app, make_study, tmp_path, rows, url):
    """Whoever gave an address to webMUSHRA asks to be forgotten by it, and it names no session."""
    app = make_app(make_study(pages=posted_pages(tmp_path / "study")), url=url, options=COLLECT)
    database = app.extensions["listenable"].database
    assert post(app, session(uuid="mine")).status_code == 200
    assert post(app, session(uuid="wrong", trials=[], testId="another")).status_code == 400
    assert forget(database, "A@B.c")["refused posts"] == 1
    with database.read() as connection:
        assert find_answered(connection, "A@B.c") == ["mine"], "what was accepted is not removed unasked"
        assert find_answered(connection, "nobody@b.c") == []
    with pytest.raises(
        ServerError, match=r"nobody has the id .*; it is an answer in the session mine: if that"
    ):
        forget(database, "a@b.c")
    assert forget(database, "mine")["webMUSHRA bodies"] == 1
    with pytest.raises(ServerError, match=r"nobody has the id .a@b\.c.$"):
        forget(database, "a@b.c")
    assert describe_answered([str(number) for number in range(12)]).startswith(
        "it is an answer in the session 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more: "
    )


def test_an_exclusion_is_logged_without_its_reason(written, rows):
    database = written.extensions["listenable"].database
    with database.write() as connection:
        for name in ("needle-a", "needle-b"):
            exclude(connection, find_by_participant(connection, name), f"{name} fell asleep")
    forget(database, "needle-a")
    reasons = [row["reason"] for row in rows(written, "SELECT reason FROM events ORDER BY id")]
    assert reasons == [None, "needle-b fell asleep", None]


def test_nothing_is_left_in_the_file_or_its_log(written):
    server = written.extensions["listenable"]
    forget(server.database, "needle-a")
    files = list(server.study.root.glob("ratings.sqlite3*"))
    assert all(b"needle-a" not in path.read_bytes() for path in files)
    assert any(b"needle-b" in path.read_bytes() for path in files)
    log = server.study.root / "ratings.sqlite3-wal"
    assert not log.exists() or log.stat().st_size == 0


def test_what_a_reader_keeps_in_the_file_is_said(make_app, make_listener, monkeypatch):
    monkeypatch.setattr(erasure, "SCRUB_S", 0.2)
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 0.1)
    app = make_app()
    make_listener(app).start({"participant": "ann"}).save_all()
    database = app.extensions["listenable"].database
    reader = sqlite3.connect(database.name, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT COUNT(*) FROM sessions").fetchone()
    with pytest.raises(
        ServerError, match="the data were removed, but what another program is reading is still"
    ):
        erasure.forget(database, "ann")
    reader.close()


def test_what_another_program_locks_is_said(make_app, make_listener, monkeypatch):
    app = make_app()
    make_listener(app).start({"participant": "ann"}).save_all()
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 0.01)
    opened = Database(app.extensions["listenable"].database.url, create=False)
    with closing(sqlite3.connect(opened.name, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ServerError, match=r"the database cannot be reached \(database is locked\)"):
            erasure.forget(opened, "ann")
        with pytest.raises(
            ServerError, match=r"removed, but the file could not be rewritten \(database is l"
        ):
            erasure._scrub(opened)
    opened.close()


def test_forgetting_leaves_no_unknown_key_of_a_body(make_app, make_listener, rows):
    app = make_app()
    make_listener(app).start({"participant": "ann"}).save_all()
    database = app.extensions["listenable"].database
    with database.write() as connection:  # as an earlier release stored it
        connection.exec_driver_sql(
            "UPDATE submissions SET body = "
            "json_set(body, '$.name', 'ann needle', '$.ratings[0].note', 'needle')"
        )
    forget(database, "ann")
    assert not any("needle" in row["body"] for row in rows(app, "SELECT body FROM submissions"))


def test_whoever_is_forgotten_with_the_ratings_takes_no_place_in_the_quota(make_app, make_listener, url):
    """The next participant gets the row of the design, so they must be let in."""
    app = make_app(url=url, completion={"code": "C1"}, quota=1)
    make_listener(app).start({"participant": "ann"}).save_all().finish()
    database = app.extensions["listenable"].database
    refused = app.test_client().post("/api/session", json={"parameters": {}})
    assert refused.status_code == 403
    forget(database, "ann", ratings=True)
    with database.read() as connection:
        assert load_progress(connection, simulated=False).finished == 0
    make_listener(app).start({"participant": "ben"})

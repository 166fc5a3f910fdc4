"""One participant however the id is typed, a clock that jumps, and what a load balancer is answered."""

from __future__ import annotations

import shutil
from collections import namedtuple

import pytest
from sqlalchemy import text

from mushra_server.database import clock, slots
from mushra_server.database.clock import ago
from mushra_server.database.database import Database
from mushra_server.export.erasure import forget
from mushra_server.web.server import Options


@pytest.mark.parametrize("typed", ["p1", "P1", " p1 ", "p\u200b1", "\uff50\uff11"])
def test_an_id_takes_part_once_however_it_is_typed(make_app, typed, url):
    app = make_app(options=Options(one_entry=True), url=url)
    first = app.test_client().post("/api/session", json={"parameters": {"participant": "P1"}})
    again = app.test_client().post("/api/session", json={"parameters": {"participant": typed}})
    assert (first.status_code, again.status_code) == (201, 403)
    assert again.json["reason"] == "already"


@pytest.mark.parametrize("end", ["\n", "\r", "\t", "\x1b[2J", "\x85", "\u2028", "\u2029"])
def test_an_id_is_one_line_that_no_terminal_obeys(app, make_listener, rows, end):
    """A list of whom to pay has one id per line: whoever sends two would be paid, or let others be, twice."""
    make_listener(app).start({"participant": f"p1{end}other,1000.00{end}p2"})
    (found,) = rows(app, "SELECT participant FROM sessions")
    assert found["participant"].isprintable() and len(found["participant"].splitlines()) == 1


def test_exports_have_one_listener_written_as_the_first_time(make_app, make_listener, rows):
    app = make_app()
    for typed in ("Stra\u00dfe1", "STRASSE1", "strasse1"):
        make_listener(app).start({"participant": typed}).save_all()
    assert {row["listener"] for row in rows(app, "SELECT listener FROM export_ratings")} == {"Stra\u00dfe1"}


def test_the_same_browser_resumes_with_another_writing(app, make_listener):
    listener = make_listener(app).start({"participant": "P1"})
    assert listener.client.post("/api/session", json={"parameters": {"participant": "p1"}}).status_code == 200
    assert listener.client.post("/api/session", json={"parameters": {"participant": "p2"}}).status_code == 201


def test_forgetting_finds_every_writing_and_leaves_none(make_app, make_listener, rows, url):
    app = make_app(url=url)
    make_listener(app).start({"participant": "P1"}).save_all()
    assert forget(app.extensions["listenable"].database, " p1")["identities"] == 1
    assert rows(app, "SELECT * FROM participant_ids") == []


def test_a_database_of_an_earlier_release_learns_the_ids_of_its_sessions(make_app, make_listener, rows, url):
    app = make_app(url=url)
    make_listener(app).start({"participant": "P1"})
    with app.extensions["listenable"].database.write() as connection:
        connection.execute(text("DROP TABLE participant_ids"))
        connection.execute(text("DROP TABLE activity"))
    Database(url, create=False).close()
    assert rows(app, "SELECT folded FROM participant_ids") == [{"folded": "p1"}]
    assert rows(app, "SELECT * FROM activity") == []


def _slots_held(rows, app):
    return rows(app, "SELECT COUNT(session_id) AS held FROM slots")[0]["held"]


def test_a_clock_that_jumps_forward_gives_back_no_active_slot(app, listener, rows, monkeypatch):
    monkeypatch.setattr(slots, "ago", lambda minutes: ago(minutes - 24 * 60))  # a day later, all at once
    with app.extensions["listenable"].database.write() as connection:
        assert slots.give_back_abandoned(connection, 120) == 0
    assert _slots_held(rows, app) == 1


def test_a_silent_session_gives_its_slot_back_whatever_the_clock_says(app, listener, rows, monkeypatch):
    now = clock.steady_s()
    monkeypatch.setattr(slots, "steady_s", lambda: now + 121 * 60)
    monkeypatch.setattr(slots, "ago", lambda minutes: ago(minutes + 24 * 60))  # the clock was set back
    with app.extensions["listenable"].database.write() as connection:
        assert slots.give_back_abandoned(connection, 120) == 1


def test_after_another_start_of_the_machine_the_time_of_day_decides(app, listener, rows, monkeypatch):
    monkeypatch.setattr(slots, "boot", lambda: "another")
    with app.extensions["listenable"].database.write() as connection:
        assert slots.give_back_abandoned(connection, 120) == 0
        monkeypatch.setattr(slots, "ago", lambda minutes: ago(minutes - 24 * 60))
        assert slots.give_back_abandoned(connection, 120) == 1


def test_a_healthy_server_says_so(make_app, url):
    answer = make_app(url=url).test_client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "process": "ok", "database": "ok", "disk": "ok"}


def test_a_full_disk_and_a_missing_database_are_not_healthy(app, make_study, monkeypatch):
    usage = namedtuple("usage", "total used free")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage(100, 99, 1024**2))
        answer = app.test_client().get("/healthz")
        assert answer.status_code == 503 and answer.json["disk"] == "1 MiB are free; expected at least 50"
    file = app.extensions["listenable"].database.file
    file.rename(file.with_suffix(".kept"))
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 503 and "was removed" in answer.json["database"]
    assert answer.json["process"] == "ok"

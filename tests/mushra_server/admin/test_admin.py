"""The experimenter's pages: decisions on sessions and the study, and what is never shown as code."""

from __future__ import annotations

import re

import pytest

from mushra_server.database import settings
from tests.mushra_server.admin.conftest import send


def test_excluding_leaves_the_views_and_the_log_keeps_why(app, listener, admin, rows):
    listener.save_all().finish()
    uuid = rows(app, "SELECT uuid FROM sessions")[0]["uuid"]
    assert send(admin, f"/admin/sessions/{uuid}/exclude", reason="  broken headphones ").status_code == 302
    assert rows(app, "SELECT * FROM export_ratings") == [] and rows(app, "SELECT * FROM export_answers") == []
    assert len(rows(app, "SELECT * FROM ratings")) == 15, "nothing is deleted"
    assert "broken headphones" in admin.get(f"/admin/sessions/{uuid}").text
    assert send(admin, f"/admin/sessions/{uuid}/restore", reason="was a mistake").status_code == 302
    assert len(rows(app, "SELECT * FROM export_ratings")) == 15
    log = [(row["action"], row["reason"]) for row in rows(app, "SELECT * FROM events ORDER BY id")]
    assert log == [("login", None), ("exclude", "broken headphones"), ("restore", "was a mistake")]


def test_a_reason_is_needed(app, listener, admin, rows):
    uuid = rows(app, "SELECT uuid FROM sessions")[0]["uuid"]
    answer = send(admin, f"/admin/sessions/{uuid}/exclude", reason="   ")
    assert answer.status_code == 400 and "A reason of 1 to 500 characters is needed" in answer.text
    assert send(admin, "/admin/sessions/none/exclude", reason="x").status_code == 404


def test_excluded_sessions_give_their_slot_to_the_next(app, make_listener, admin, rows):
    make_listener(app).start()
    first = rows(app, "SELECT uuid FROM sessions")[0]["uuid"]
    send(admin, f"/admin/sessions/{first}/exclude", reason="x")
    make_listener(app).start()
    send(admin, f"/admin/sessions/{first}/restore", reason="y")
    assert [row["slot"] for row in rows(app, "SELECT slot FROM sessions ORDER BY id")] == [0, 0]
    assert len(rows(app, "SELECT * FROM slots")) == 1


def test_closing_lets_nobody_new_in_but_lets_listeners_finish(app, listener, admin):
    send(admin, "/admin/close", reason="enough")
    answer = app.test_client().post("/api/session", json={"parameters": {}})
    assert answer.status_code == 403
    assert answer.json == {"error": "this study is closed", "reason": "closed"}
    assert listener.save_all().finish().status_code == 200
    send(admin, "/admin/reopen", reason="more")
    assert app.test_client().post("/api/session", json={"parameters": {}}).status_code == 201


def test_the_overview_names_a_sound_that_was_changed(app, admin):
    assert "since the study is served" not in admin.get("/admin").text
    file = app.extensions["listenable"].study.file("audio/item0/saliency.wav")
    file.unlink()
    assert f"{file} is missing since the study is served" in admin.get("/admin").text


def test_every_page_finds_its_styles(app, admin):
    for path in ("/admin", "/admin/log", "/admin/sessions/none"):
        styles = re.findall(r'stylesheet" href="([^"]+)"', admin.get(path).text)
        assert styles == [
            f"/static/{name}.css" for name in ("tokens", "admin/layout", "admin/parts", "admin/stack")
        ]
        assert {admin.get(style).status_code for style in styles} == {200}


def test_what_participants_write_is_shown_as_text(app, make_listener, admin, rows):
    evil = "<script>alert(1)</script>"
    listener = make_listener(app).start({"PROLIFIC_PID": evil})
    listener.save_all()
    listener.save(5, answers={"age": "30", "email": evil})
    uuid = rows(app, "SELECT uuid FROM sessions")[0]["uuid"]
    for path in ("/admin", "/admin/sessions", f"/admin/sessions/{uuid}"):
        answer = admin.get(path)
        assert evil not in answer.text, path
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "&lt;script&gt;" in admin.get(f"/admin/sessions/{uuid}").text


def test_the_log_has_pages(app, admin):
    with app.extensions["listenable"].database.write() as connection:
        for number in range(60):
            settings.log_action(connection, "export", f"number {number}")
    first, second = admin.get("/admin/log").text, admin.get("/admin/log?page=1").text
    assert "number 59" in first and "number 5<" not in first and "log?page=1" in first
    assert "number 5<" in second and "number 59" not in second and "log?page=0" in second
    assert admin.get("/admin/log?page=x").status_code == 404


def test_a_new_resume_link_replaces_the_lost_one(app, listener, admin, rows):
    uuid = rows(app, "SELECT uuid FROM sessions")[0]["uuid"]
    link = re.search(r"/resume/[\w-]+", send(admin, f"/admin/sessions/{uuid}/link").text)[0]
    assert listener.client.get("/api/session").status_code == 401
    other = app.test_client()
    other.get(link, headers={"Sec-Fetch-Site": "none"})
    assert other.get("/api/session").json["pages"][0]["id"] == listener.state["pages"][0]["id"]


@pytest.mark.parametrize("page", ["9e18", "9" * 19, "-1", "x", "\u0663"])
def test_a_page_that_cannot_be_is_404(admin, page):
    assert admin.get("/admin/sessions", query_string={"page": page}).status_code == 404
    assert admin.get("/admin/sessions").status_code == 200


def test_an_error_leads_back_to_the_overview_and_participants_nowhere(app, admin):
    back = '<a class="button quiet" href="/admin">Overview</a>'
    for path in ("/admin/nothing", "/admin/sessions/none", "/admin/log?page=x"):
        answer = admin.get(path)
        assert answer.status_code == 404 and back in answer.text, path
    lost = app.test_client().get("/nothing")
    assert lost.status_code == 404 and "<a" not in lost.text


def test_every_cell_of_a_table_says_on_a_phone_what_it_is(listener, admin, rows):
    """There the head of a table is not shown: numbers and times need their names."""
    session = rows(listener.client.application, "SELECT uuid FROM sessions")[0]["uuid"]
    for path in ("/admin", "/admin/sessions", f"/admin/sessions/{session}"):
        page = admin.get(path).text
        for table in re.findall(r"<table.*?</table>", page, re.S):
            assert 'class="' in table and "stack" in table.split(">")[0]
            for cell in re.findall(r'<td class="number"[^>]*>.*?</td>', table, re.S):
                assert "data-label" in cell or 'class="none"' in cell, cell

"""Nobody without a login fills the disk, or keeps others from the server."""

from __future__ import annotations

import json

import pytest

from mushra_server.database import submissions
from mushra_server.web.security import RateLimiter
from mushra_server.web.server import Options
from tests.mushra_server.conftest import answer_to

ADDRESS = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.mark.parametrize("path", ["", "/draft"])
def test_unknown_keys_are_not_stored(app, listener, rows, path):
    page = listener.trials()[0]
    body = {**answer_to(page), "padding": "x" * 1000}
    body["ratings"][0] |= {"padding": "x" * 1000, "listened_ms": 5}
    answer = listener.client.put(f"/api/session/pages/{page['index']}{path}", json=body)
    assert answer.status_code == 200
    (stored,) = rows(app, f"SELECT body FROM {'drafts' if path else 'submissions'}")
    found = json.loads(stored["body"])
    assert "padding" not in stored["body"] and "xxx" not in stored["body"]
    assert set(found) == {"attempt", "time_ms", "ratings", "answers"}
    assert set(found["ratings"][0]) == {"key", "attribute", "score", "comment", "listened_ms"}


@pytest.mark.parametrize("path", ["", "/draft"])
def test_a_page_has_64_kib_and_an_option_changes_that(make_app, make_study, make_listener, rows, path):
    for options, room in ((Options(), 65536), (Options(page_bytes=2048), 2048)):
        app = make_app(make_study(f"study-{room}"), options=options)
        listener = make_listener(app).start()
        page = listener.trials()[0]
        address = f"/api/session/pages/{page['index']}{path}"
        body = answer_to(page)
        body["ratings"][0]["comment"] = ""
        body["ratings"][0]["comment"] = "x" * (room - len(json.dumps(body)))
        assert len(json.dumps(body)) == room
        send = {"content_type": "application/json"}
        answer = listener.client.put(address, data=json.dumps(body) + " ", **send)
        assert answer.status_code == 413
        assert answer.json["error"] == f"the body has {room + 1} bytes; expected at most {room}"
        assert rows(app, "SELECT * FROM drafts") == rows(app, "SELECT * FROM submissions") == []
        assert listener.client.put(address, data=json.dumps(body), **send).status_code == 200


def test_a_page_is_stored_200_times_and_its_last_answer_stays(app, listener, rows, monkeypatch):
    assert submissions.MAX_ATTEMPTS == 200
    monkeypatch.setattr(submissions, "MAX_ATTEMPTS", 3)
    trial = listener.trials()[0]
    bodies = [answer_to(trial, score) for score in (1, 2, 3, 4)]
    codes = [listener.put(trial["index"], body).status_code for body in bodies]
    assert codes == [200, 200, 200, 409]
    refused = listener.put(trial["index"], bodies[3])
    assert refused.json["error"] == (
        f"page {trial['index']} was changed 3 times, which is the most that is stored"
    )
    assert listener.put(trial["index"], bodies[1]).status_code == 200, "a retry stores nothing"
    stored = rows(app, "SELECT MIN(score) AS lowest FROM export_ratings")
    assert stored == [{"lowest": 3}] and len(rows(app, "SELECT * FROM submissions")) == 3
    listener.save(0)


def test_the_long_answers_of_a_session_are_bounded_together(make_app, make_study, make_listener, rows):
    """Whoever resumes a session gets all of them: megabytes, each time that anybody asks."""
    assert Options().session_chars == 1024 * 1024
    app = make_app(make_study("study"), options=Options(page_bytes=5000))
    listener = make_listener(app).start()

    def send(page, text, path="/draft"):
        body = {"page": page["id"], "attempt": "a", "answers": {"email": text, "age": "30"}}
        answer = listener.client.put(
            f"/api/session/pages/{page['index']}{path}",
            data=json.dumps(body, ensure_ascii=False).encode(),
            content_type="application/json",
        )
        return answer.status_code, answer.json

    *others, last = listener.state["pages"]
    long = "é" * 2350  # six characters each, as they are stored
    for _ in range(2):
        assert [send(page, long)[0] for page in others] == [200] * 5, "a draft replaces the one before"
    for path in ("/draft", ""):
        assert send(last, long, path) == (
            413,
            {
                "error": "the answers of this session have more than 80000 characters together; "
                "expected a shorter one on page 5"
            },
        )
    assert send(last, "short", "")[0] == 200, "what is short always has room"
    (stored,) = rows(app, "SELECT SUM(LENGTH(body)) AS size FROM drafts")
    assert 70_000 < stored["size"] < 80_000


def test_nobody_names_columns_of_the_exports(make_app, make_listener, rows):
    """The headphone check's answers have names that the page chooses, and each name is a column for all."""
    app = make_app(headphone_check="huggins")
    listener = make_listener(app).start()
    page = next(page for page in listener.state["pages"] if page["type"] == "headphone_check")
    own = {"headphone_check": "passed", "headphone_check_correct": "6", "headphone_check_attempts": "1"}
    forged = {**own, "a1": "x", "a2": "x"}
    refused = listener.put(page["index"], answer_to(page, answers=forged))
    assert refused.status_code == 400 and refused.json["error"] == "answers: 'a1' is not asked on this page"
    answer = {**own, "headphone_check_method": "huggins"}
    assert listener.put(page["index"], answer_to(page, answers=answer)).status_code == 200
    assert {row["name"]: row["value"] for row in rows(app, "SELECT * FROM export_answers")} == answer


def test_sessions_of_an_address_are_limited_and_its_own_can_go_on(make_app, make_listener, rows):
    app = make_app(options=Options(sessions_per_hour=2))
    first = app.test_client()
    codes = [
        client.post("/api/session", json={}, environ_base=ADDRESS).status_code
        for client in (first, app.test_client(), app.test_client(), first)
    ]
    assert codes == [201, 201, 429, 200]
    refused = app.test_client().post("/api/session", json={}, environ_base=ADDRESS)
    assert refused.json["error"] == (
        "too many sessions were started from this address within an hour; please try again later, or "
        "tell the experimenter (--sessions-per-hour)"
    )
    assert refused.json["reason"] == "too_many_sessions", (
        "the page shows the sentence, and does not try again"
    )
    assert 1790 <= int(refused.headers["Retry-After"]) <= 1801
    assert len(rows(app, "SELECT * FROM sessions")) == 2
    other = {"REMOTE_ADDR": "203.0.113.10"}
    assert app.test_client().post("/api/session", json={}, environ_base=other).status_code == 201
    make_listener(app).start(simulated=True)


def test_a_class_behind_one_address_gets_in(make_app):
    """300 at once, each with a page of 60 scripts and styles: what the limits leave room for."""
    app = make_app()
    client = app.test_client()
    codes = {
        app.test_client().post("/api/session", json={}, environ_base=ADDRESS).status_code for _ in range(300)
    }
    assert codes == {201}
    limiter = app.extensions["listenable"].limits.reads
    assert not any(limiter._take("203.0.113.10", 0.0) for _ in range(10_000))
    assert limiter._take("203.0.113.10", 0.0) == 1
    assert client.get("/", environ_base=ADDRESS).status_code == 200


def test_reading_is_limited_too(make_app):
    app = make_app(options=Options(reads_per_s=0.01, read_burst=2))
    client = app.test_client()
    paths = ("/", "/api/session", "/audio/x", "/static/page/main.js", "/admin/login")
    for number, path in enumerate(paths):
        address = {"REMOTE_ADDR": f"203.0.113.{number}"}
        codes = [client.get(path, environ_base=address).status_code for _ in range(3)]
        assert 429 not in codes[:2] and codes[2] == 429, path
    assert client.get("/").status_code == 200, "the machine's own programs are not limited"


def test_drafts_count_as_far_as_they_grow(make_app, make_listener, rows):
    """A draft replaces the one before; drafts of all pages of all sessions do not."""
    app = make_app()
    listener = make_listener(app).start()
    limiter = app.extensions["listenable"].limits.volume
    limiter.burst, limiter.per_second = 40, 1e-9

    def draft(place, size):
        page = listener.trials()[place]
        body = answer_to(page)
        body["ratings"][0]["comment"] = "x" * size
        address = f"/api/session/pages/{page['index']}/draft"
        return listener.client.put(address, json=body, environ_base=ADDRESS).status_code

    assert [draft(0, 20_000) for _ in range(5)] == [200] * 5, "one in place of the other"
    assert draft(1, 25_000) == 429 and len(rows(app, "SELECT * FROM drafts")) == 1
    assert draft(1, 15_000) == 200 and draft(2, 15_000) == 429
    assert draft(0, 30_000) == 429, "nor one that becomes longer"
    assert draft(0, 1000) == 200


def test_scores_that_nobody_gave_count_as_what_they_take(make_app, make_listener, rows):
    """An empty answer is stored with a row for each sound and scale."""
    app = make_app(must_rate=False)
    listener = make_listener(app).start()
    limiter = app.extensions["listenable"].limits.volume
    limiter.burst, limiter.per_second = 4, 1e-9
    page = listener.trials()[0]

    def save(attempt):
        body = {"page": page["id"], "attempt": attempt}
        answer = listener.client.put(f"/api/session/pages/{page['index']}", json=body, environ_base=ADDRESS)
        return answer.status_code

    assert [save(str(number)) for number in range(8)] == [200] * 4 + [429] * 4
    assert len(rows(app, "SELECT * FROM ratings")) == 4 * len(page["stimuli"])


def test_whatever_an_address_asks_for_is_limited(make_app):
    """Also what no page is asked for by: other methods, and addresses that do not exist."""
    app = make_app(options=Options(reads_per_s=0.01, read_burst=2))
    asked = [("OPTIONS", "/"), ("POST", "/nowhere"), ("DELETE", "/api/session"), ("PROPFIND", "/admin")]
    for number, (method, path) in enumerate(asked):
        address = {"REMOTE_ADDR": f"203.0.113.{number}"}
        codes = [app.test_client().open(path, method=method, environ_base=address).status_code for _ in "123"]
        assert 429 not in codes[:2] and codes[2] == 429, path


def test_an_ipv6_network_is_one_address():
    limiter = RateLimiter(0.01, 1)
    limiter.check("2001:db8::1")
    with pytest.raises(Exception, match="too many requests"):
        limiter.check("2001:db8::ffff:2")
    limiter.check("2001:db8:0:1::1")
    limiter.check("::ffff:203.0.113.9")
    with pytest.raises(Exception, match="too many requests"):
        limiter.check("203.0.113.9")

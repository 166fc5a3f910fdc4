"""A session from start to finish: the answers of the interface, and the rows that they leave."""

from __future__ import annotations

import json
from pathlib import PurePath

from sqlalchemy import text

from mushra_server.database.clock import ago, now


def test_starting_a_session_stores_it_and_sets_an_http_only_cookie(app, rows):
    client = app.test_client()
    answer = client.post("/api/session", json={"parameters": {"PROLIFIC_PID": "007", "junk": "x"}})
    assert answer.status_code == 201
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("listenable_session=") and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    (row,) = rows(app, "SELECT * FROM sessions")
    assert (row["slot"], row["participant"], row["simulated"], row["finished_at"]) == (0, "007", 0, None)
    token = cookie.split("=")[1].split(";")[0]
    assert token not in json.dumps(row)
    assert rows(app, "SELECT name, value FROM parameters") == [{"name": "PROLIFIC_PID", "value": "007"}]


def test_state_has_the_keys_of_the_contract(listener):
    state = listener.state
    assert set(state["study"]) == {"title", "language", "show_previous", "lab"}
    assert state["position"] == 0 and state["finished"] is False and state["simulated"] is False
    assert [page["type"] for page in state["pages"]] == [
        "generic",
        "consent",
        "mushra",
        "mushra",
        "mushra",
        "finish",
    ]
    trial = listener.trials()[0]
    assert [stimulus["key"] for stimulus in trial["stimuli"]] == ["s1", "s2", "s3", "s4", "s5"]
    assert trial["kind"] == "trial" and trial["prediction"] == "dog" and trial["loop"] is True
    assert trial["must_listen"] is False and trial["must_rate"] is True
    assert trial["scales"] == [
        {
            "name": "score",
            "question": None,
            "min": 0,
            "max": 100,
            "step": 1,
            "labels": ["Bad", "Poor", "Fair", "Good", "Excellent"],
        }
    ]


def test_a_whole_session_is_stored_row_by_row(app, listener, rows):
    listener.save_all(score=40)
    done = listener.finish()
    assert done.status_code == 200
    assert done.json == {"finished": True, "completion": None, "popup_content": None}
    stored = rows(app, "SELECT * FROM export_ratings")
    assert len(stored) == 3 * 5
    assert {row["item"] for row in stored} == {"item0", "item1", "item2"}
    roles = {row["condition"]: row["role"] for row in stored}
    assert roles == {
        "reference": "hidden_reference",
        "anchor35": "low_anchor",
        "anchor70": "mid_anchor",
        "lmac-td": "method",
        "saliency": "method",
    }
    one = next(row for row in stored if row["trial_position"] == 0 and row["condition_position"] == 2)
    assert (one["score"], one["time_ms"], one["listened_ms"]) == (42, 1200, 800)
    assert (one["study"], one["kind"], one["simulated"], one["finished"]) == ("a-study", "trial", 0, 1)
    assert one["listener"] == one["session"] and one["submitted_at"].endswith("Z")
    answers = {row["name"]: row["value"] for row in rows(app, "SELECT * FROM export_answers")}
    assert answers == {"consent": "true", "age": "30"}


def test_scores_belong_to_the_condition_that_was_heard(app, listener, rows):
    """The score of a key is found again at the condition whose sound the key's address plays."""
    trial = listener.trials()[0]
    server = app.extensions["listenable"]
    session = rows(app, "SELECT uuid, slot FROM sessions")[0]
    heard = {}
    for stimulus in trial["stimuli"]:
        path = server.names.find(session["uuid"], session["slot"], stimulus["url"].removeprefix("/audio/"))
        heard[stimulus["key"]] = PurePath(path).stem
    scores = {key: 7 * number for number, key in enumerate(heard)}
    ratings = [{"key": key, "attribute": "score", "score": score} for key, score in scores.items()]
    listener.save(trial["index"], ratings=ratings)
    stored = {row["condition"]: row["score"] for row in rows(app, "SELECT * FROM export_ratings")}
    assert stored == {heard[key]: score for key, score in scores.items()}


def test_the_same_attempt_stores_once(app, listener, rows):
    trial = listener.trials()[0]
    body = listener.save(trial["index"], score=10)
    again = listener.put(trial["index"], body)
    assert again.status_code == 200 and again.json == {"saved": trial["index"], "position": 0}
    assert len(rows(app, "SELECT * FROM submissions")) == 1
    assert len(rows(app, "SELECT * FROM ratings")) == 5


def test_a_new_attempt_supersedes_and_a_late_retry_changes_nothing(app, listener, rows):
    index = listener.trials()[0]["index"]
    first = listener.save(index, score=10)
    listener.save(index, score=80)
    assert listener.put(index, first).status_code == 200
    assert min(row["score"] for row in rows(app, "SELECT score FROM export_ratings")) == 80
    assert len(rows(app, "SELECT * FROM submissions")) == 2, "what was sent first is kept, though superseded"


def test_resuming_gives_the_same_order_and_the_stored_answers(app, listener):
    listener.save(0)
    index = listener.trials()[1]["index"]
    draft = {"attempt": "draft-1", "time_ms": 5, "ratings": [{"key": "s2", "score": 33}], "answers": {}}
    sent = {"page": listener.state["pages"][index]["id"], **draft}
    assert listener.client.put(f"/api/session/pages/{index}/draft", json=sent).status_code == 200
    other = app.test_client()
    answer = other.get(listener.state["resume_url"], headers={"Sec-Fetch-Site": "none"})
    assert answer.status_code == 303 and answer.headers["Location"] == "/"
    resumed = other.get("/api/session").json
    assert resumed["position"] == 1
    assert resumed["pages"][index]["answer"] == draft and resumed["pages"][index]["saved"] is False
    assert resumed["pages"][0]["saved"] is True
    for before, after in zip(listener.state["pages"], resumed["pages"], strict=True):
        assert (before["id"], before.get("stimuli")) == (after["id"], after.get("stimuli"))
    posted = listener.client.post("/api/session", json={"parameters": {}})
    assert posted.status_code == 200 and posted.json["pages"][index]["answer"] == draft


def test_a_page_that_was_changed_after_it_was_stored_is_open_again(listener, answer):
    """A browser that resumes shows the change, which is in no export before the page is left."""
    for page in listener.state["pages"][:4]:
        listener.save(page["index"])
    change = answer(listener.state["pages"][2], score=90)
    assert listener.client.put("/api/session/pages/2/draft", json=change).status_code == 200
    resumed = listener.start().state
    assert resumed["position"] == 2
    assert [page["saved"] for page in resumed["pages"]] == [True, True, False, True, False, False]
    assert resumed["pages"][2]["answer"]["ratings"] == change["ratings"]
    listener.put(2, change)
    assert listener.start().state["position"] == 4


def test_a_draft_that_comes_after_its_page_is_dropped(app, listener, rows):
    index = listener.trials()[0]["index"]
    body = listener.save(index, score=60)
    assert listener.client.put(f"/api/session/pages/{index}/draft", json=body).status_code == 200
    assert rows(app, "SELECT * FROM drafts") == []


def test_finish_names_the_missing_pages(app, listener, rows):
    listener.save(1)
    answer = listener.finish()
    assert answer.status_code == 409
    assert answer.json == {"error": "no answer is stored for page 2, 3, 4, 5", "missing": [2, 3, 4, 5]}
    assert rows(app, "SELECT finished_at FROM sessions") == [{"finished_at": None}]


def test_finishing_twice_answers_the_same_and_the_answers_are_closed(make_app, make_listener, answer, rows):
    app = make_app(completion={"code": "C0DE", "redirect": "https://example.org/done"})
    listener = make_listener(app).start().save_all()
    code = {"code": "C0DE", "redirect": "https://example.org/done"}
    done = {"finished": True, "completion": code, "popup_content": None}
    assert listener.finish().json == done and listener.finish().json == done
    page = listener.trials()[0]["index"]
    refused = listener.put(page, answer(listener.trials()[0]))
    assert refused.status_code == 409 and "finished" in refused.json["error"]
    assert refused.json["reason"] == "finished"
    assert len(rows(app, "SELECT * FROM submissions")) == 6
    assert make_listener(app).start().state["completion"] is None


def test_without_a_session_nothing_is_answered(app):
    client = app.test_client()
    for method, path in [
        ("get", "/api/session"),
        ("put", "/api/session/pages/0"),
        ("put", "/api/session/pages/0/draft"),
        ("post", "/api/session/finish"),
        ("get", "/audio/abc"),
    ]:
        body = {} if method == "get" else {"json": {"attempt": "a"}}
        answer = getattr(client, method)(path, **body)
        assert answer.status_code == 401, path
        assert answer.json == {"error": "no session: open the study's page first"}
    assert client.get("/resume/forged").status_code == 404


def test_a_simulated_session_is_marked_and_has_slots_of_its_own(app, make_listener, rows):
    make_listener(app).start(simulated=True)
    make_listener(app).start()
    found = rows(app, "SELECT slot, simulated FROM sessions ORDER BY id")
    assert found == [{"slot": 0, "simulated": 1}, {"slot": 0, "simulated": 0}]


def test_another_participant_on_the_same_browser_starts_anew(app, listener, rows):
    listener.start({"PROLIFIC_PID": "a"})
    listener.start({"PROLIFIC_PID": "a"})
    listener.start({"PROLIFIC_PID": "b"})
    assert [row["participant"] for row in rows(app, "SELECT participant FROM sessions ORDER BY id")] == [
        None,
        "a",
        "b",
    ]


def test_new_makes_room_only_when_the_session_is_finished(listener):
    token = listener.client.get_cookie("listenable_session").value
    listener.client.get("/new")
    assert listener.client.get_cookie("listenable_session").value == token
    listener.save_all().finish()
    answer = listener.client.get("/new?participant=p2")
    assert answer.headers["Location"] == "/?participant=p2"
    assert listener.client.get_cookie("listenable_session") is None


def test_a_tab_cannot_write_into_the_session_that_another_tab_opened(app, listener, answer, rows):
    """Both share the cookie; indexes and keys are the same in both sessions, what they stand for is not."""
    page = listener.trials()[0]
    listener.client.post("/api/session", json={"parameters": {"participant": "p08"}})
    for path in (f"/api/session/pages/{page['index']}", f"/api/session/pages/{page['index']}/draft"):
        refused = listener.client.put(path, json=answer(page))
        assert refused.status_code == 409
        assert refused.json == {
            "error": "this is not page 2 of this browser's session: another session was opened in it",
            "reason": "other_session",
        }
    assert rows(app, "SELECT * FROM submissions") == rows(app, "SELECT * FROM drafts") == []
    listener.client.get(listener.state["resume_url"], headers={"Sec-Fetch-Site": "same-origin"})
    assert listener.put(page["index"], answer(page)).status_code == 200, "the first session is still there"


def test_an_answer_names_its_page(listener, answer):
    body = {**answer(listener.state["pages"][0]), "page": None}
    for path in ("/api/session/pages/0", "/api/session/pages/0/draft"):
        refused = listener.client.put(path, json=body)
        assert refused.status_code == 400
        assert refused.json["error"] == "page is None; expected the id of page 0"


def test_a_page_that_does_not_exist_is_404(listener):
    answer = listener.put(99, {"attempt": "a"})
    assert answer.status_code == 404
    assert answer.json["error"] == "page 99 does not exist: this session has 6 pages"


def test_page_modules_are_asked_for_again_after_an_upgrade(app) -> None:
    """Modules of two releases must not mix: a browser asks each time, and an unchanged file costs 304."""
    client = app.test_client()
    with client.get("/static/page/main.js") as first:
        assert first.status_code == 200
        assert first.headers["Cache-Control"] == "no-cache"
        tag = first.headers["ETag"]
    with client.get("/static/page/main.js", headers={"If-None-Match": tag}) as again:
        assert again.status_code == 304


def test_the_time_last_seen_is_noted_twice_a_minute_at_most(app, listener, rows):
    """A write for every page would be a quarter of its cost; a quiet half minute must still be noted."""
    query = "SELECT last_seen_at AS seen FROM sessions"
    started = rows(app, query)[0]["seen"]
    listener.save(0)
    assert rows(app, query)[0]["seen"] == started
    with app.extensions["listenable"].database.write() as connection:
        connection.execute(text("UPDATE sessions SET last_seen_at = :then"), {"then": ago(0.51)})
    listener.save(0)
    assert ago(0.4) < rows(app, query)[0]["seen"] <= now()


def test_where_to_go_on_is_the_first_page_without_an_answer(listener, answer):
    pages = listener.state["pages"]
    found = [listener.put(index, answer(pages[index])).json for index in (1, 0, 3, 0, 2)]
    assert [place["position"] for place in found] == [0, 2, 2, 2, 4]
    assert [place["saved"] for place in found] == [1, 0, 3, 0, 2]

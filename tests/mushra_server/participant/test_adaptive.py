"""An adaptive session over HTTP: the next page comes with the answers, and what decided on it stays."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from mushra_server.database.clock import now
from mushra_server.database.database import sqlite_url
from mushra_server.database.schema import drafts
from mushra_server.export.backup import back_up
from mushra_server.participant import routes
from mushra_server.study import served_study
from mushra_server.study.session_cache import SessionCache
from mushra_server.web.server import EXTENSION
from study_builder.config import StudyConfig
from study_builder.design import session_plan

LEVELS = ("q1", "q2", "q3", "q4")


@pytest.fixture
def study(tmp_path: Path, tone: Callable[..., str], make_study: Callable[..., Path]) -> Path:
    root = tmp_path / "study"
    paths = {name: f"audio/item/{name}.wav" for name in (*LEVELS, "reference")}
    for place, path in enumerate(paths.values()):
        tone(root / path, 300 + 40 * place)
    pages = [
        {
            "type": "abx",
            "id": f"item.{name}",
            "stimuli": {name: paths[name], "reference": paths["reference"]},
        }
        for name in LEVELS
    ]
    trials = {page["id"]: {"item": "item", "test": "abx"} for page in pages}
    end = {"type": "finish", "id": "end", "name": "Thanks", "content": ""}
    return make_study(
        pages=[["random", *pages], end],
        trials=trials,
        tests=["abx"],
        adaptive="2-down-1-up",
        must_listen=False,
    )


def reload(listener: Any) -> dict[str, Any]:
    listener.state = listener.client.get("/api/session").json
    state: dict[str, Any] = listener.state
    return state


def answer(listener: Any, study: Path, right: bool, answers: list[bool], **way: Any) -> dict[str, Any]:
    """Answer the open page; what X is, only the plan knows. `way` says how the answer came."""
    page = listener.state["pages"][-1]
    planned = session_plan(StudyConfig.load(study), 0, answers).pages[-1]
    x = planned.conditions.index(planned.hidden)
    ratings = [
        {
            "key": sound["key"],
            "attribute": "chosen",
            "score": float((place == x) == right),
            "listened_ms": 900,
        }
        for place, sound in enumerate(page["stimuli"])
    ]
    body = {"page": page["id"], "attempt": str(uuid.uuid4()), "time_ms": 900, "ratings": ratings, **way}
    stored = listener.put(page["index"], body)
    assert stored.status_code == 200, stored.json
    assert stored.json["position"] == page["index"] + 1  # where a page follows, or the session ends
    answers.append(right)
    return body


def test_a_session_from_its_first_page_to_its_threshold(
    study: Path, make_app: Callable[..., Flask], make_listener: Callable[..., Any], rows: Callable[..., Any]
) -> None:
    app = make_app(study)
    listener = make_listener(app).start()
    answers: list[bool] = []
    turns = 0
    while listener.state["more"]:
        pages = listener.state["pages"]
        assert len(pages) == len(answers) + 1  # and none of those that nobody knows yet
        for sound in (*pages[-1]["stimuli"], pages[-1]["x"]):
            assert listener.client.get(sound["url"]).status_code == 200
        assert listener.finish().status_code == 409
        answer(listener, study, turns % 3 != 2, answers)
        turns += 1
        reload(listener)
    assert listener.state["pages"][-1]["type"] == "finish"
    listener.save(len(answers))
    assert listener.finish().status_code == 200
    stored = rows(app, "SELECT * FROM export_ratings ORDER BY trial_position")
    levels = [row for row in stored if row["attribute"] == "level" and row["condition"] == "reference"]
    # Right, right, wrong: from level 4 down to 3 and up again, from the first answers to the last.
    assert [row["score"] for row in levels] == [4, 4, 3] * (len(answers) // 3) + [4, 4][: len(answers) % 3]
    (threshold,) = [
        row["score"] for row in stored if row["attribute"] == "threshold" and row["condition"] == "reference"
    ]
    assert threshold == 3.5  # reversals at 3 and 4 in turn
    assert len(answers) == 14  # the eighth reversal is the fourth fall from level 4 after the first


def test_an_answer_that_decided_on_the_next_page_stays(
    study: Path, make_app: Callable[..., Flask], make_listener: Callable[..., Any], rows: Callable[..., Any]
) -> None:
    app = make_app(study)
    listener = make_listener(app).start()
    answers: list[bool] = []
    body = answer(listener, study, True, answers)
    first = listener.state["pages"][0]["id"]
    assert listener.put(0, body).status_code == 200  # the same attempt again
    changed = listener.put(0, {**body, "attempt": "another"})  # a second tab that still shows the first page
    assert changed.status_code == 409
    assert changed.json["reason"] == "answered"
    assert changed.json["error"] == "page 0 is answered, and the pages after it follow from that"
    draft = {"page": first, "attempt": "late", "ratings": [], "answers": {}}
    assert listener.client.put("/api/session/pages/0/draft", json=draft).status_code == 200
    state = reload(listener)
    assert [page["saved"] for page in state["pages"]] == [True, False]
    assert state["position"] == 1
    resumed = make_listener(app)
    resumed.client.get(state["resume_url"], headers={"Sec-Fetch-Site": "none"})
    assert reload(resumed)["pages"][1]["id"] == state["pages"][1]["id"]


def test_a_draft_that_is_newer_than_the_answer_does_not_open_the_page_again(
    study: Path, make_app: Callable[..., Flask], make_listener: Callable[..., Any], rows: Callable[..., Any]
) -> None:
    """An answer waits on one device, and another one has the page open when it arrives."""
    app = make_app(study)
    listener = make_listener(app).start()
    page = listener.state["pages"][0]["id"]
    draft = {"page": page, "attempt": "draft", "ratings": [], "answers": {}}
    drafted = {**draft, "device": "phone", "given_at": 2, "waited_ms": 0}
    assert listener.client.put("/api/session/pages/0/draft", json=drafted).status_code == 200
    way = {"device": "laptop", "given_at": 1, "waited_ms": 60_000}
    answer(listener, study, True, [], **way)
    assert rows(app, "SELECT * FROM drafts") == []
    assert reload(listener)["position"] == 1


def test_a_draft_that_an_earlier_release_left_at_an_answered_page_goes(
    study: Path, make_app: Callable[..., Flask], make_listener: Callable[..., Any]
) -> None:
    app = make_app(study)
    listener = make_listener(app).start()
    body = answer(listener, study, True, [])
    left = {"session_id": 1, "page_index": 0, "body": json.dumps(body), "saved_at": now()}
    with app.extensions[EXTENSION].database.write() as connection:
        connection.execute(drafts.insert().values(left))
    assert reload(listener)["position"] == 0
    again = {**body, "attempt": "again"}
    assert listener.put(0, again).json["reason"] == "answered"
    assert listener.client.put("/api/session/pages/0/draft", json=again).status_code == 200
    assert reload(listener)["position"] == 1


def test_a_tab_that_is_ahead_of_a_restored_backup_loads_the_session_again(
    study: Path,
    tmp_path: Path,
    make_app: Callable[..., Flask],
    make_listener: Callable[..., Any],
    rows: Callable[..., Any],
) -> None:
    """With any other status it would send its page again for good, and never show those that are missing."""
    listener = make_listener(make_app(study)).start()
    answers: list[bool] = []
    backup = tmp_path / "backup.sqlite3"
    for _ in range(3):
        answer(listener, study, True, answers)
        reload(listener)
        if not backup.exists():
            back_up(sqlite_url(study / "ratings.sqlite3"), backup)
    page = listener.state["pages"][3]
    body = {"page": page["id"], "attempt": "ahead", "ratings": [], "answers": {}}
    app = make_app(study, url=sqlite_url(backup))
    tab = make_listener(app)
    tab.client.get(listener.state["resume_url"], headers={"Sec-Fetch-Site": "none"})
    for path in ("/api/session/pages/3", "/api/session/pages/3/draft"):
        refused = tab.client.put(path, json=body)
        assert refused.status_code == 409
        assert refused.json["reason"] == "answered"
        assert refused.json["error"] == "page 3 does not exist: this session has 2 pages"
    assert len(rows(app, "SELECT * FROM submissions")) == 1
    reload(tab)
    answer(tab, study, True, answers[:1])


def test_active_pairs_follow_from_the_preferences(
    tmp_path: Path,
    tone: Callable[..., str],
    make_study: Callable[..., Path],
    make_app: Callable[..., Flask],
    make_listener: Callable[..., Any],
    rows: Callable[..., Any],
) -> None:
    names = ("a", "b", "c", "d")
    paths = {name: f"audio/item/{name}.wav" for name in names}
    for place, path in enumerate(paths.values()):
        tone(tmp_path / "study" / path, 300 + 40 * place)
    pages = [
        {"type": "ab", "id": f"item.{a}-{b}", "ties": True, "stimuli": {a: paths[a], b: paths[b]}}
        for place, a in enumerate(names)
        for b in names[place + 1 :]
    ]
    study = make_study(
        pages=[["random", *pages], {"type": "finish", "id": "end", "name": "Thanks", "content": ""}],
        trials={page["id"]: {"item": "item", "test": "ab"} for page in pages},
        tests=["ab"],
        adaptive="active-5",
        must_listen=False,
    )
    app = make_app(study)
    listener = make_listener(app).start()
    config, answers = StudyConfig.load(study), []
    while listener.state["more"]:
        page, planned = listener.state["pages"][-1], session_plan(config, 0, answers).pages[-1]
        first, second = planned.conditions
        better = 0.5 if {first, second} == {"a", "b"} else float(first < second)
        ratings = [
            {"key": sound["key"], "attribute": "preferred", "score": score, "listened_ms": 900}
            for sound, score in zip(page["stimuli"], (better, 1 - better), strict=True)
        ]
        body = {"page": page["id"], "attempt": str(uuid.uuid4()), "time_ms": 900, "ratings": ratings}
        assert listener.put(page["index"], body).status_code == 200
        answers.append(better)
        reload(listener)
    assert len(answers) == 5
    server = app.extensions["listenable"].study
    assert server.count_pages(0) == 6  # known before any answer, for the list of sessions
    stored = rows(app, "SELECT condition, score, trial_position FROM export_ratings ORDER BY trial_position")
    assert len(stored) == 10
    assert {row["score"] for row in stored if row["condition"] == "d"} == {0}
    listener.save(len(answers))
    assert listener.finish().status_code == 200


def test_no_transaction_is_open_while_pages_and_states_are_worked_out(
    study: Path,
    make_app: Callable[..., Flask],
    make_listener: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = make_app(study)
    engine = app.extensions[EXTENSION].database.engine
    worked_out: list[str] = []

    def watch(module: Any, name: str) -> None:
        act = getattr(module, name)

        def watched(*given: Any, **named: Any) -> Any:
            assert engine.pool.checkedout() == 0
            worked_out.append(name)
            return act(*given, **named)

        monkeypatch.setattr(module, name, watched)

    def find_work(act: Callable[[], Any]) -> list[str]:
        monkeypatch.setattr(served_study, "_plans", SessionCache(1))  # as after a restart
        worked_out.clear()
        act()
        return [*worked_out]

    watch(served_study, "session_plan")
    watch(routes, "session_state")
    listener = make_listener(app)
    answers: list[bool] = []
    assert find_work(listener.start) == ["session_state", "session_plan"]
    draft = {"page": listener.state["pages"][0]["id"], "attempt": "draft", "ratings": [], "answers": {}}
    for _ in range(2):
        put = partial(listener.client.put, "/api/session/pages/0/draft", json=draft)
        assert find_work(put) == ["session_plan"]
        assert find_work(listener.finish) == ["session_plan"]
        assert find_work(lambda: answer(listener, study, False, answers)) == ["session_plan"]
        assert find_work(lambda: reload(listener)) == ["session_state", "session_plan"]

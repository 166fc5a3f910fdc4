"""What a page save and a view cost, however often the pages of the session were changed before."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import event, text

from mushra_server.database.submissions import MAX_ATTEMPTS
from mushra_server.web.server import EXTENSION

CHANGE_OFTEN = text(
    "INSERT INTO submissions "
    "(session_id, page_index, attempt, page_id, page_type, body, superseded, submitted_at) "
    "VALUES (1, :page, :attempt, 'page', 'mushra', '{}', 1, '2026')"
)
STEP = 10  # of SQLite's own instructions


def test_a_request_costs_the_same_however_often_other_pages_were_changed(
    make_app: Callable[..., Flask], make_listener: Callable[..., Any], answer: Callable[..., dict[str, Any]]
) -> None:
    app = make_app()
    database = app.extensions[EXTENSION].database
    listener = make_listener(app).start().save_all()
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    @event.listens_for(database.engine, "checkout")
    def watch(connection: Any, *_: object) -> None:
        connection.set_progress_handler(count, STEP)

    def measure() -> list[int]:
        nonlocal steps
        costs = []
        body = answer(listener.state["pages"][2], attempt=str(uuid.uuid4()))
        body["ratings"][0]["comment"] = "long " * 2000
        draft = {**body, "attempt": str(uuid.uuid4())}
        for act in (
            lambda: listener.put(2, body),
            lambda: listener.put(2, body),
            lambda: listener.client.put("/api/session/pages/2/draft", json=draft),
            lambda: listener.client.get("/api/session"),
            listener.finish,
        ):
            steps = 0
            assert act().status_code == 200
            costs.append(steps)
        with database.write() as connection:
            connection.execute(text("UPDATE sessions SET finished_at = NULL"))
        return costs

    measure()
    before = measure()
    others = [page for page in range(len(listener.state["pages"])) if page != 2]
    with database.write() as connection:
        rows = [{"page": page, "attempt": str(n)} for page in others for n in range(MAX_ATTEMPTS)]
        connection.execute(CHANGE_OFTEN, rows)
    assert min(before) > 5
    assert all(after < 1.3 * cost for after, cost in zip(measure(), before, strict=True))

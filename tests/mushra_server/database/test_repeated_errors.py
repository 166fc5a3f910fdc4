"""A failure that every request meets is told once, and then how often."""

from __future__ import annotations

import logging

import pytest

from mushra_server.database import repeated_errors
from mushra_server.database.repeated_errors import MOST_KINDS, RepeatedErrors
from mushra_server.errors import Unavailable


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(repeated_errors.time, "monotonic", lambda: now[0])
    return now


def test_an_error_that_repeats_is_logged_once_in_ten_seconds(
    clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    errors = RepeatedErrors(logging.getLogger("mushra_server"))
    for place in range(300):
        errors.log("busy", "PUT /pages/%d: %s", place, "busy")
    errors.log("full", "PUT /pages/%d: %s", 0, "100 % full")
    clock[0] += 9.9
    errors.log("busy", "PUT /pages/%d: %s", 301, "busy")
    assert caplog.messages == ["PUT /pages/0: busy", "PUT /pages/0: 100 % full"]
    clock[0] += 0.2
    errors.log("busy", "PUT /pages/%d: %s", 302, "busy")
    assert caplog.messages[2:] == ["PUT /pages/302: busy (300 more since the last)"]
    clock[0] += 60
    errors.log("busy", "PUT /pages/%d: %s", 303, "busy")
    assert caplog.messages[3:] == ["PUT /pages/303: busy"]


def test_kinds_without_end_are_not_remembered(caplog: pytest.LogCaptureFixture) -> None:
    errors = RepeatedErrors(logging.getLogger("mushra_server"))
    for number in range(2 * MOST_KINDS):
        errors.log(str(number), "%s", number)
    assert len(caplog.messages) == 2 * MOST_KINDS and len(errors._kinds) == MOST_KINDS


def test_a_database_that_is_gone_does_not_fill_the_log(app, listener, caplog, monkeypatch) -> None:
    def gone() -> None:
        raise Unavailable("the ratings database is busy", 5)

    monkeypatch.setattr(app.extensions["listenable"].database, "_check", gone)
    assert {listener.client.get("/api/session").status_code for _ in range(20)} == {503}
    assert caplog.messages == ["GET '/api/session': the ratings database is busy"]

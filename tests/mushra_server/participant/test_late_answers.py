"""Answers that arrive after newer ones, of the same device or of another: what was given last counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from mushra_server.database import clock
from mushra_server.database.schema import drafts, submissions
from mushra_server.web.server import EXTENSION

TRIAL = 2
MINUTE = 60_000


class Devices:
    """One session on a laptop and a phone."""

    def __init__(self, app: Flask, laptop: Any, phone: Any, answer: Callable[..., dict[str, Any]]) -> None:
        self.database = app.extensions[EXTENSION].database
        self.laptop, self.phone, self.answer = laptop, phone, answer

    def give(self, listener: Any, attempt: str, waited_ms: float = 0, **more: Any) -> Any:
        return listener.put(TRIAL, {**self._make_body(listener, attempt, waited_ms), **more})

    def draft(self, listener: Any, attempt: str, waited_ms: float = 0, **more: Any) -> None:
        body = {**self._make_body(listener, attempt, waited_ms), **more}
        body["page"] = listener.state["pages"][TRIAL]["id"]
        assert listener.client.put(f"/api/session/pages/{TRIAL}/draft", json=body).status_code == 200

    def _make_body(self, listener: Any, attempt: str, waited_ms: float) -> dict[str, Any]:
        device = "laptop" if listener is self.laptop else "phone"
        body = self.answer(listener.state["pages"][TRIAL], attempt=attempt)
        return {**body, "device": device, "waited_ms": waited_ms}

    def read(self, query: Any) -> list[str]:
        with self.database.read() as connection:
            return list(connection.execute(query).scalars())

    def find_answer(self) -> str:
        query = select(submissions.c.attempt).where(
            submissions.c.page_index == TRIAL, submissions.c.superseded == 0
        )
        return ",".join(self.read(query))

    def set_back(self, minutes: float) -> None:
        """Let what is stored have been stored earlier, or later."""

        with self.database.write() as connection:
            connection.execute(submissions.update().values(submitted_at=clock.ago(minutes)))
            connection.execute(drafts.update().values(saved_at=clock.ago(minutes)))


@pytest.fixture
def devices(
    make_app: Callable[..., Flask], make_listener: Callable[..., Any], answer: Callable[..., dict[str, Any]]
) -> Devices:
    app = make_app()
    laptop, phone = make_listener(app).start(), make_listener(app)
    phone.client.get(laptop.state["resume_url"], headers={"Sec-Fetch-Site": "none"})
    phone.state = phone.client.get("/api/session").json
    return Devices(app, laptop, phone, answer)


def test_what_waited_on_another_device_is_kept_and_does_not_count(devices: Devices) -> None:
    devices.give(devices.phone, "newer")
    devices.draft(devices.phone, "changed-again")
    devices.set_back(minutes=1)
    for _ in range(2):  # a retry says the same
        assert devices.give(devices.laptop, "older", waited_ms=2 * MINUTE).status_code == 200
    assert devices.find_answer() == "newer"
    assert sorted(devices.read(select(submissions.c.attempt))) == ["newer", "older"]
    rated = len(devices.answer(devices.phone.state["pages"][TRIAL])["ratings"])
    assert devices.read(text("SELECT count(*) FROM export_ratings")) == [rated]
    assert devices.read(select(drafts.c.page_index)) == [TRIAL]


def test_what_was_given_last_counts_however_long_it_waited(devices: Devices) -> None:
    devices.give(devices.phone, "first")
    devices.set_back(minutes=3)
    devices.give(devices.laptop, "second", waited_ms=2 * MINUTE)
    assert devices.find_answer() == "second"
    devices.give(devices.phone, "third", waited_ms=MINUTE)  # the second had waited longer
    assert devices.find_answer() == "third"


@pytest.mark.parametrize(
    ("device", "waited_ms", "minutes"),
    [
        ("phone", 2 * MINUTE, 1),  # the same device sends in the order in which it was given
        ("laptop", 4000, 0),  # under way, as any request may be
        ("laptop", 2 * MINUTE, -60),  # the server's clock was set back
        (None, 2 * MINUTE, 1),  # a page of an earlier release
    ],
)
def test_an_answer_counts_where_nothing_says_that_it_is_older(
    devices: Devices, device: str | None, waited_ms: int, minutes: float
) -> None:
    devices.give(devices.phone, "before")
    devices.set_back(minutes)
    devices.give(devices.laptop, "after", waited_ms=waited_ms, device=device)
    assert devices.find_answer() == "after"


def test_an_older_draft_of_another_device_is_dropped(devices: Devices) -> None:
    devices.draft(devices.phone, "newer")
    devices.set_back(minutes=1)
    devices.draft(devices.laptop, "older", waited_ms=2 * MINUTE)
    assert '"newer"' in devices.read(select(drafts.c.body))[0]
    devices.draft(devices.laptop, "newest", waited_ms=MINUTE / 2)
    assert '"newest"' in devices.read(select(drafts.c.body))[0]
    devices.give(devices.phone, "late", waited_ms=2 * MINUTE)
    assert '"newest"' in devices.read(select(drafts.c.body))[0], "it is newer than that answer"
    devices.give(devices.phone, "answer")
    devices.set_back(minutes=1)
    devices.draft(devices.laptop, "older-too", waited_ms=2 * MINUTE)
    assert devices.read(select(drafts.c.body)) == []


def test_of_one_device_what_was_given_last_counts_whatever_arrives_last(devices: Devices) -> None:
    phone = devices.phone
    devices.draft(phone, "one", given_at=1002, time_ms=90)
    devices.draft(phone, "one", given_at=1001, time_ms=80)  # it was overtaken on its way
    assert '"time_ms": 90' in devices.read(select(drafts.c.body))[0]
    devices.give(phone, "earlier", given_at=1000)  # it waited for a connection that the draft had already
    assert devices.find_answer() == "earlier"
    assert '"time_ms": 90' in devices.read(select(drafts.c.body))[0], "it was changed after that answer"
    devices.give(phone, "one", given_at=1004)
    devices.give(phone, "another-tab", given_at=1003)
    devices.draft(phone, "another-tab-too", given_at=1003)
    assert devices.find_answer() == "one"
    assert devices.read(select(drafts.c.body)) == []
    devices.give(phone, "two", given_at=1005)
    assert devices.find_answer() == "two"


def test_a_draft_ends_with_its_answer_also_if_that_comes_late(devices: Devices) -> None:
    devices.give(devices.phone, "newer")
    devices.draft(devices.laptop, "older")
    devices.set_back(minutes=1)
    devices.give(devices.laptop, "older", waited_ms=2 * MINUTE)
    assert devices.find_answer() == "newer"
    assert devices.read(select(drafts.c.body)) == []


def test_the_name_and_the_clock_of_a_device_are_checked(devices: Devices) -> None:
    refused = devices.give(devices.laptop, "one", device="a b")
    assert refused.status_code == 400
    assert refused.json["error"] == "device is 'a b'; expected a text of 1 to 64 letters, digits and hyphens"
    refused = devices.give(devices.laptop, "one", given_at="noon")
    assert refused.status_code == 400 and refused.json["error"] == "given_at is 'noon'; expected milliseconds"
    assert devices.give(devices.laptop, "one", given_at=1e300).status_code == 200


def test_times_that_are_stored_are_read_back() -> None:
    moment = datetime.now(UTC) - timedelta(seconds=90)
    assert 90_000 <= clock.milliseconds_since(moment.isoformat()) < 100_000
    assert 0 <= clock.milliseconds_since(clock.now()) < 10_000

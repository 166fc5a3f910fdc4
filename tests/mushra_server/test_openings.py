"""Whoever asks for every closed study in turn keeps nobody from theirs."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from werkzeug.test import Client

from mushra_server import openings
from mushra_server.many import ManyStudies, make_front
from mushra_server.open_studies import APP_SOUNDS
from mushra_server.openings import BeingOpened, Openings
from mushra_server.web.server import Options
from tests.mushra_server.conftest import build


def test_an_address_has_two_places_and_none_of_the_last_two() -> None:
    places = Openings()
    with ExitStack() as stack:
        for number in range(3):
            for time in range(openings.PER_ADDRESS):
                stack.enter_context(places.place(f"{number}-{time}", f"192.0.2.{number}"))
            with pytest.raises(BeingOpened), places.place("more", f"192.0.2.{number}"):
                pass
        stack.enter_context(places.place("a", "192.0.2.7"))
        with pytest.raises(BeingOpened), places.place("b", "192.0.2.7"):
            pass
        stack.enter_context(places.place("c", "192.0.2.8"))
        with pytest.raises(BeingOpened), places.place("d", "192.0.2.9"):
            pass
    assert places.waiting.total() == 0
    with ExitStack() as stack:
        for number in range(openings.PER_ADDRESS):
            stack.enter_context(places.place("a", f"2001:db8::{number}"))
        with pytest.raises(BeingOpened), places.place("b", "2001:db8::9"):
            pass


def test_many_addresses_that_have_studies_opened_again_leave_places_to_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places, now = Openings(), 1000.0
    monkeypatch.setattr(openings.time, "monotonic", lambda: now)
    places.note("a", 0.1)
    for number in range(9):
        places.charge("a", f"192.0.2.{number}")
    with ExitStack() as stack:
        for number in range(4):
            stack.enter_context(places.place(f"{number}", f"192.0.2.{number}"))
        with pytest.raises(BeingOpened), places.place("b", "192.0.2.8"):
            pass
        stack.enter_context(places.place("b", "198.51.100.1"))
        now += openings.LATELY_S + 1
        stack.enter_context(places.place("c", "192.0.2.8"))


def test_what_an_address_has_opened_again_is_charged_to_it() -> None:
    places = Openings()
    places.note("long", 1000.0)
    for _ in range(100):
        places.charge("new", "192.0.2.1")  # the first time is for everybody
        places.charge("long", "127.0.0.1")
    for _ in range(2):
        places.charge("long", "192.0.2.1")
    with pytest.raises(BeingOpened):
        places.charge("long", "192.0.2.1")
    places.charge("long", "192.0.2.2")


def test_who_asks_for_closed_studies_in_turn_is_told_to_wait_and_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        build(tmp_path / name, n_items=1)
    options = Options(behind_proxy=True)
    served = ManyStudies(tmp_path, make_front(options), options, most_sounds=APP_SOUNDS)
    monkeypatch.setattr(
        served._openings, "note", lambda name, _: served._openings._seconds.update({name: 11})
    )

    def ask(name: str, sender: str) -> int:
        headers = {"X-Forwarded-For": sender}
        proxy = {"REMOTE_ADDR": "127.0.0.1"}
        return Client(served).get(f"/s/{name}/", headers=headers, environ_base=proxy).status_code

    codes = [ask(name, "192.0.2.1") for name in "ababab"]
    assert codes == [200, 200, 200, 200, 503, 200], (
        "each was opened for everybody, and each again; the last is open"
    )
    assert ask("a", "192.0.2.2") == 200
    assert [ask("a", "192.0.2.1"), ask("b", "192.0.2.1")] == [200, 503]
    served.close()

"""Turns in the database: handed over in order, saves first, and no waiting for what answers nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mushra_server.database import turns as module
from mushra_server.database.turns import Turns
from mushra_server.errors import Unavailable


class Queue:
    """Threads that wait for a turn, one after the other, and note when they get it."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.got: list[str] = []
        self._threads: list[threading.Thread] = []

    def add(self, name: str, *, urgent: bool = False) -> None:
        def wait() -> None:
            try:
                self.turns.take(urgent=urgent)
            except Unavailable:
                self.got.append(f"{name} left")
            else:
                self.got.append(name)

        waiting = len(self.turns._waiting)
        self._threads.append(threading.Thread(target=wait))
        self._threads[-1].start()
        wait_until(lambda: len(self.turns._waiting) > waiting or not self._threads[-1].is_alive())

    def hand_over(self) -> None:
        """Give one place back, and wait until somebody has it."""
        count = len(self.got)
        self.turns.give_back(answered=True)
        wait_until(lambda: len(self.got) > count)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(20)


def wait_until(reached: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not reached():
        assert time.monotonic() < until
        time.sleep(0.001)


@contextmanager
def queue(places: int = 1) -> Iterator[Queue]:
    """Let all places be taken before anybody waits."""
    turns = Turns(places)
    for _ in range(places):
        turns.take()
    found = Queue(turns)
    yield found
    found.join()


def test_saves_go_first_and_nobody_waits_for_ever() -> None:
    with queue() as found:
        found.add("start")
        found.add("sound")
        for number in range(5):
            found.add(f"save {number}", urgent=True)
        for _ in range(7):
            found.hand_over()
    assert found.got == ["save 0", "save 1", "save 2", "start", "save 3", "save 4", "sound"]


def test_who_comes_later_takes_no_place_from_who_waits() -> None:
    """A place that is given back is its successor's at once; a semaphore's is whoever's asks next."""
    with queue() as found:
        found.add("first")
        found.turns.give_back(answered=True)
        found.add("second")
        wait_until(lambda: found.got == ["first"])
        found.hand_over()
    assert found.got == ["first", "second"]


def test_a_busy_database_is_waited_for_as_long_as_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALL_S", 1.0)
    with queue(places=2) as found:
        for number in range(8):
            found.add(f"save {number}")
        for _ in range(8):  # all of it takes longer than a stall
            time.sleep(0.2)
            found.hand_over()
    assert found.got == [f"save {number}" for number in range(8)]


def test_a_database_that_answers_nobody_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALL_S", 0.6)
    with queue() as found:
        found.add("one who waits")
        wait_until(lambda: found.got == ["one who waits left"])
        started = time.monotonic()
        for _ in range(100):
            with pytest.raises(Unavailable, match="busy, full or out of reach"):
                found.turns.take()
        assert time.monotonic() - started < 0.6, "those who come after do not even wait"
        found.turns.give_back(answered=False)
        found.turns.take()  # the place is free: it is tried
        found.add("another")
        assert found.got[1:] == ["another left"], "it has not answered yet"
        found.turns.give_back(answered=True)
        found.turns.take()
        found.add("a third")
        found.hand_over()
    assert found.got[2:] == ["a third"]


def test_nobody_waits_longer_than_the_page_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.PATIENCE_S < 20, "the page gives up then (api.js)"
    monkeypatch.setattr(module, "PATIENCE_S", 0.4)
    with queue(places=2) as found:
        found.add("unlucky")
        started = time.monotonic()
        while not found.got:
            assert time.monotonic() - started < 5
            found.turns._answered = time.monotonic()  # others get their answers all the while
            time.sleep(0.01)
        found.turns.give_back(answered=True)
        found.turns.take()  # and the next one is let in
    assert found.got == ["unlucky left"]


def test_starts_wait_for_one_another_and_not_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALL_S", 0.1)
    turns = Turns(1, impatient=False)
    turns.take()
    found = Queue(turns)
    found.add("start")
    time.sleep(0.5)
    assert found.got == []
    found.hand_over()
    found.join()
    assert found.got == ["start"]


def test_no_place_is_lost_when_many_threads_come_and_go() -> None:
    turns, inside, most = Turns(3), 0, 0
    lock = threading.Lock()

    def work(number: int) -> None:
        nonlocal inside, most
        for step in range(50):
            turns.take(urgent=(number + step) % 3 == 0)
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0)
            with lock:
                inside -= 1
            turns.give_back(answered=True)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (inside, turns._free, turns._waiting) == (0, 3, [])
    assert 1 <= most <= 3

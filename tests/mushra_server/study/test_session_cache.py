"""What is worked out for sessions has one bound for all studies, however many sessions strangers start."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mushra_server.study import opaque_files, served_study
from mushra_server.study.opaque_files import AudioNames
from mushra_server.study.served_study import SessionPage, Study
from mushra_server.study.session_cache import SessionCache


def test_the_oldest_make_room() -> None:
    cache: SessionCache[str] = SessionCache(10)
    made: list[str] = []

    def ask(text: str) -> str:
        return cache.get(text, lambda: made.append(text) or text)  # type: ignore[func-returns-value]

    for text in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb"):
        assert ask(text) == text
    assert made == ["aaaa", "bbbb", "cccc", "bbbb"]
    for number in range(1000):
        cache.get(number, tuple)  # of no parts
    assert cache.parts <= 10
    assert len(ask("d" * 100)) == 100 and ask("d" * 100) is made[-1] and made.count("d" * 100) == 1
    assert ask("e") == "e" and cache.parts == 2


class MissedByAll(SessionCache[str]):
    """Lets nobody go on until as many have looked in vain."""

    def __init__(self, asking: int) -> None:
        super().__init__(10)
        self._together, self._own = threading.Barrier(asking, timeout=20), threading.local()

    def find(self, key: Hashable) -> str | None:
        found = super().find(key)
        if not hasattr(self._own, "looked"):
            self._own.looked = True
            self._together.wait()
        return found


def test_of_those_who_ask_at_once_one_makes_it() -> None:
    cache, made = MissedByAll(8), []

    def ask(_: int) -> str:
        return cache.get("key", lambda: made.append(1) or "value")  # type: ignore[func-returns-value]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"value"}
    assert len(made) == 1


def test_what_cannot_be_made_holds_up_nobody() -> None:
    cache: SessionCache[str] = SessionCache(10)
    with pytest.raises(ZeroDivisionError):
        cache.get("key", lambda: str(1 / 0))
    assert cache.get("key", lambda: "made") == "made"


def test_all_studies_have_one_bound(make_study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    plans: SessionCache[tuple[SessionPage, ...]] = SessionCache(40)
    addresses: SessionCache[dict[str, str]] = SessionCache(100)
    monkeypatch.setattr(served_study, "_plans", plans)
    monkeypatch.setattr(opaque_files, "_addresses", addresses)
    first, second = (Study(make_study(name, n_items=2)) for name in "ab")
    names = [AudioNames(study, "one key") for study in (first, second)]
    for slot in range(20):
        for one in names:
            assert one.find(f"session{slot}", slot, "nothing") is None
    assert 30 < plans.parts <= 40 and 80 < addresses.parts <= 100
    page = first.pages(0)[2]
    for one in names:  # a study that was changed is another one, with the same sessions
        found = one.find("session0", 0, one.make_opaque("session0", page.id, "reference"))
        assert found is not None and (one.study.root / found).is_file()
    assert first.pages(0) is first.pages(0) and first.pages(0) is not second.pages(0)

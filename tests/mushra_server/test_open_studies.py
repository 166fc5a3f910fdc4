"""More studies than are kept open: whether one is open shows nowhere, and what is closed is given back."""

from __future__ import annotations

import gc
import os
import sqlite3
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import Client

from mushra_server.admin.results_cache import RESULTS
from mushra_server.database.database import Database, sqlite_url
from mushra_server.database.files.sqlite import keep_handles
from mushra_server.many import ManyStudies, make_front
from mushra_server.open_studies import APP_SOUNDS
from mushra_server.web.server import Options
from stimuli.files import atomic_folder
from tests.mushra_server.conftest import answer_to, build, write_tone

NAMES = ("a", "b", "c", "d", "e")
OPEN = 2
OTHER_PROGRAM = (
    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT 1 FROM meta'); c.close()"
)


def serve(folder: Path, **options: Any) -> ManyStudies:
    return ManyStudies(folder, make_front(), Options(**options), most_sounds=(OPEN + 1) * APP_SOUNDS - 1)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ManyStudies]:
    for name in NAMES:
        build(tmp_path / name, n_items=1)
    found = serve(tmp_path, sessions_per_hour=2, limit_local=True)
    yield found
    found.close()


def visit(served: ManyStudies, names: tuple[str, ...]) -> None:
    assert [Client(served).get(f"/s/{name}/").status_code for name in names] == [200] * len(names)


def count_descriptors() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_those_that_were_asked_for_last_stay_open(served: ManyStudies) -> None:
    visit(served, NAMES)
    assert served._opened.names() == ["d", "e"]
    visit(served, ("d", "a"))
    assert served._opened.names() == ["d", "a"]


def test_one_that_is_in_use_stays_open(served: ManyStudies) -> None:
    with served.use("a") as server, served.use("b"):
        visit(served, ("c", "d", "e"))
        assert served._opened.names() == ["a", "b", "e"]
        visit(served, ("d",))
        assert served._opened.names() == ["a", "b", "d"]
        with server.database.read() as connection:
            assert connection.execute(text("SELECT COUNT(*) FROM sessions")).scalar() == 0
    assert served._opened.names() == ["a", "d"], "once it was given back"


@pytest.mark.parametrize("busy", ["computing", "checking"])
def test_one_that_is_analysed_or_checked_stays_open(served: ManyStudies, monkeypatch, busy: str) -> None:
    visit(served, ("a",))
    app = served._opened._open["a"].app
    found = app.extensions[RESULTS] if busy == "computing" else app.extensions["listenable"].database
    monkeypatch.setattr(type(found), busy, property(lambda one: one is found))
    visit(served, ("b", "c", "d"))
    assert "a" in served._opened


def test_what_a_closed_study_had_is_given_back(served: ManyStudies) -> None:
    visit(served, ("a", "b"))
    descriptors = count_descriptors()
    Client(served).post("/s/a/api/session", json={})
    gc.collect()
    gc.disable()  # which would find it at some time, and until then it is in memory
    try:
        with served.use("a") as server:
            gone = [weakref.ref(part) for part in (server.study, server.names, server.files)]
        del server
        visit(served, ("c", "d"))
        assert [ref() for ref in gone] == [None] * 3
    finally:
        gc.enable()
    assert count_descriptors() <= descriptors


def test_a_listener_and_an_administrator_notice_nothing(served: ManyStudies) -> None:
    listener = Client(served)
    state = listener.post("/s/a/api/session", json={"parameters": {"PROLIFIC_PID": "p1"}}).json
    sounds = [url for page in state["pages"] for url in [s["url"] for s in page.get("stimuli", [])]]
    for page in state["pages"]:
        visit(served, ("b", "c"))
        assert "a" not in served._opened
        path = f"/s/a/api/session/pages/{page['index']}"
        assert listener.put(path, json=answer_to(page)).status_code == 200
        assert all(listener.get(url).status_code == 200 for url in sounds)
    visit(served, ("b", "c", "d"))
    again = listener.get("/s/a/api/session").json
    assert [page["id"] for page in again["pages"]] == [page["id"] for page in state["pages"]]
    assert listener.post("/s/a/api/session/finish", json={}).status_code == 200


def test_limits_are_those_of_before(served: ManyStudies) -> None:
    """Otherwise whoever opens other studies in between could start sessions, or guess, without end."""
    starts, guesses = [], []
    for _ in range(3):
        starts.append(Client(served).post("/s/a/api/session", json={}).status_code)
        visit(served, ("b", "c"))
    for number in range(12):
        guesses.append(Client(served).post("/s/a/admin/login", data={"token": "x"}).status_code)
        if number % 4 == 0:
            served.release("a")
    assert starts == [201, 201, 429] and guesses[0] != 429 and guesses[-1] == 429


def test_a_study_whose_files_have_changed_is_not_closed(served: ManyStudies, tmp_path: Path) -> None:
    """It could not be opened again, and those who have begun would lose it."""
    visit(served, ("a",))
    config = tmp_path / "a" / "config.yaml"
    config.write_text("pages: [")
    visit(served, ("b", "c", "d"))
    assert "a" in served._opened, "nobody has asked for the new one"
    visit(served, ("a", "b", "c", "d", "a"))
    assert served._opened.names() == ["d", "a"], "as before its config changed"
    visit(served, ("b",))
    write_tone(next((tmp_path / "b" / "audio").rglob("*.wav")), 900)
    visit(served, ("c", "d", "e"))
    assert "b" in served._opened
    (tmp_path / "e" / "ratings.sqlite3").rename(tmp_path / "aside")
    visit(served, ("c", "d"))
    assert "e" in served._opened, "another database would be made"


def test_a_database_that_was_removed_meanwhile_is_not_made_again(
    served: ManyStudies, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody would notice that the ratings of before are gone, and listeners would begin again."""
    visit(served, ("a", "b", "c"))
    file, aside = tmp_path / "a" / "ratings.sqlite3", tmp_path / "aside"
    assert "a" not in served._opened
    file.rename(aside)
    assert Client(served).get("/s/a/").status_code == 503 and not file.exists()
    assert "ratings.sqlite3: was removed while the server was running; put it back" in caplog.text
    aside.rename(file)
    served._broken.clear()  # as some seconds later
    visit(served, ("a",))


def test_a_study_that_was_built_again_meanwhile_is_served(served: ManyStudies, tmp_path: Path) -> None:
    """As one that is open: whoever builds it without ratings replaces its database, too."""
    visit(served, ("a", "b", "c"))
    assert "a" not in served._opened
    with atomic_folder(tmp_path / "a") as folder:
        build(folder, n_items=2)
    visit(served, ("a",))


def test_studies_are_closed_under_many_threads_and_nothing_is_lost(tmp_path: Path) -> None:
    for name in NAMES:
        build(tmp_path / name, n_items=1)
    served, rounds = serve(tmp_path), 2
    failed: list[object] = []

    def listen(name: str, number: int) -> None:
        for turn in range(rounds):
            client = Client(served)
            body = {"parameters": {"PROLIFIC_PID": f"{number}-{turn}"}}
            answers = [client.post(f"/s/{name}/api/session", json=body)]
            for page in (answers[0].json or {}).get("pages", ()):
                path = f"/s/{name}/api/session/pages/{page['index']}"
                answers.append(client.put(path, json=answer_to(page)))
            answers.append(client.post(f"/s/{name}/api/session/finish", json={}))
            failed.extend(one.text for one in answers if one.status_code not in (200, 201))

    threads = [
        threading.Thread(target=listen, args=(name, number)) for number, name in enumerate((*NAMES, "a"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads) and failed == []
    visit(served, NAMES[:1])
    assert len(served._opened.names()) == OPEN
    assert all(study.users == 0 for study in served._opened._open.values())
    served.close()
    finished = {}
    for name in NAMES:
        with closing(sqlite3.connect(tmp_path / name / "ratings.sqlite3")) as database:
            query = "SELECT COUNT(*) FROM sessions WHERE finished_at IS NOT NULL"
            (finished[name],) = database.execute(query).fetchone()
    assert finished == {name: rounds * (2 if name == "a" else 1) for name in NAMES}


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps locks by handle")
def test_closing_a_study_leaves_other_connections_their_locks(tmp_path: Path) -> None:
    """POSIX drops all locks on a file with any handle of it; another program then removes the log."""
    path = tmp_path / "ratings.sqlite3"
    with ExitStack() as stack:
        database = Database(sqlite_url(path))
        database.guard()
        stack.enter_context(keep_handles(path))  # as whoever counts listeners, or makes a backup
        connection = stack.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
        connection.execute("BEGIN")
        connection.execute("SELECT COUNT(*) FROM sessions").fetchone()
        database.close()
        subprocess.run([sys.executable, "-c", OTHER_PROGRAM, str(path)], check=True)
        assert path.with_name("ratings.sqlite3-wal").exists()
    assert not path.with_name("ratings.sqlite3-wal").exists()

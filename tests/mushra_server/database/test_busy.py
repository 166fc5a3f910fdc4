"""A database that is locked, silent or gone: 503 in time, and sounds and static files as ever."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import threading
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from mushra_server.database import database as module
from mushra_server.database import engines, turns
from mushra_server.database.database import Database
from mushra_server.errors import StoreError, Unavailable
from tests.mushra_server.conftest import answer_to

BUSY = "the ratings database is busy, full or out of reach; nothing was stored: try again in a moment"


@contextmanager
def locked(database):
    """Let another program hold SQLite's lock."""
    with closing(sqlite3.connect(database.name, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.fixture
def hasty(monkeypatch):
    """Wait for less time than people would."""
    assert engines.BUSY_TIMEOUT_S == 5.0
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 0.3)


def test_a_locked_database_is_503_in_time_and_the_page_is_stored_later(hasty, make_app, make_listener, rows):
    app = make_app()
    listener = make_listener(app).start()
    body = answer_to(listener.state["pages"][0])
    with locked(app.extensions["listenable"].database):
        started = time.monotonic()
        answer = listener.put(0, body)
        assert time.monotonic() - started < 3
        assert answer.status_code == 503 and answer.json["error"] == BUSY
        assert answer.headers["Retry-After"] == "5"
        assert app.test_client().post("/api/session", json={}).status_code == 503
    assert rows(app, "SELECT * FROM submissions") == []
    assert listener.put(0, body).status_code == 200


def test_sounds_and_static_files_need_no_database(app, listener, monkeypatch):
    def gone(*_args, **_more):
        raise AssertionError("the database was asked")

    monkeypatch.setattr(module.Database, "read", gone)
    monkeypatch.setattr(module.Database, "write", gone)
    for path in (listener.trials()[0]["reference"]["url"], "/", "/static/page/main.js"):
        assert listener.client.get(path).status_code == 200, path


def test_more_requests_than_places_are_turned_away_and_not_queued(app, monkeypatch):
    monkeypatch.setattr(turns, "STALL_S", 0.2)
    database = app.extensions["listenable"].database
    silent = threading.Event()
    inside = threading.Semaphore(0)

    def wait():
        with database.read():
            inside.release()
            silent.wait(20)

    threads = [threading.Thread(target=wait) for _ in range(module.AT_ONCE)]
    for thread in threads:
        thread.start()
    try:
        for _ in threads:
            assert inside.acquire(timeout=10)
        started = time.monotonic()
        for _ in range(20):
            with pytest.raises(Unavailable, match="busy, full or out of reach"), database.read():
                pass
        assert time.monotonic() - started < 5, "only the first of a row waits"
        assert app.test_client().get("/static/page/main.js").status_code == 200
        assert (
            app.test_client().get("/api/session", headers={"Cookie": "listenable_session=x"}).status_code
            == 503
        )
    finally:
        silent.set()
        for thread in threads:
            thread.join()
    deadline = time.monotonic() + 10
    while True:
        try:
            with database.read():
                break
        except Unavailable:
            assert time.monotonic() < deadline, "a database that answers again is asked again"


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_many_starts_leave_places_for_page_saves(make_app, make_listener, url):
    """Starts queue for their slots in the database; dozens of them must not fill its places meanwhile."""
    import psycopg

    app = make_app(url=url)
    listener = make_listener(app).start()
    database = app.extensions["listenable"].database
    statuses = []

    def start():
        statuses.append(app.test_client().post("/api/session", json={}).status_code)

    threads = [threading.Thread(target=start) for _ in range(2 * module.AT_ONCE)]
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE slots IN ACCESS EXCLUSIVE MODE")
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 10
        while len(database._starts._waiting) < len(threads) - module.STARTS_AT_ONCE:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert database._turns._free == module.AT_ONCE - module.STARTS_AT_ONCE
        with database.read() as connection:
            assert connection.exec_driver_sql("SELECT COUNT(*) FROM sessions").scalar() == 1
        other.rollback()
    for thread in threads:
        thread.join(30)
    assert statuses == [201] * len(threads)
    listener.save(0)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_postgresql_does_not_wait_for_a_lock_forever(make_app, make_listener, url, monkeypatch):
    import psycopg

    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 1.0)
    app = make_app(url=url)
    listener = make_listener(app).start()
    database = app.extensions["listenable"].database
    with database.read() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "15s"
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "1s"
    with database.read(patient=True) as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "0"
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        answer = listener.put(0, answer_to(listener.state["pages"][0]))
        assert answer.status_code == 503 and answer.json["error"] == BUSY
        assert time.monotonic() - started < 5
    listener.save(0)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_pooler_that_leaves_out_the_settings_of_connections_is_refused(url, monkeypatch):
    """As pgbouncer does with `ignore_startup_parameters = options`: statements would wait forever."""
    monkeypatch.setattr(engines, "_patience_of_postgresql", lambda url: {"options": "-c lock_timeout=9"})
    with pytest.raises(
        StoreError, match=r"^the database at \S+: a pooler .* expected the address of PostgreSQL itself"
    ):
        Database(url)


def test_a_pooler_that_refuses_the_settings_of_connections_is_called_by_its_name():
    """What pgbouncer answers as it is by default: the message of its protocol."""
    said = b"SFATAL\0C08P01\0Munsupported startup parameter: options\0\0"
    with socket.create_server(("127.0.0.1", 0)) as pooler:

        def refuse():
            connection, _ = pooler.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"E" + (len(said) + 4).to_bytes(4) + said)

        refusing = threading.Thread(target=refuse, daemon=True)
        refusing.start()
        url = f"postgresql://me@127.0.0.1:{pooler.getsockname()[1]}/study?sslmode=disable&gssencmode=disable"
        with pytest.raises(
            StoreError, match=r"^postgresql\S+/study\S*: a pooler such as pgbouncer is between"
        ):
            Database(url)


@contextmanager
def silent(postgresql):
    """Stop every process of PostgreSQL: it is there, takes connections, and answers nothing."""
    import psycopg

    with psycopg.connect(f"host={postgresql} user=postgres dbname=postgres") as connection:
        found = connection.execute("SELECT pid FROM pg_stat_activity").fetchall()
    first = Path(postgresql, "data/postmaster.pid").read_text(encoding="ascii").split()[0]
    stopped = []
    for process in (int(first), *(pid for (pid,) in found)):
        with suppress(ProcessLookupError):  # the connection that asked has ended
            os.kill(process, signal.SIGSTOP)
            stopped.append(process)
    try:
        yield
    finally:
        for process in stopped:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


def test_a_silent_postgresql_stops_neither_sounds_nor_static_files(
    make_app, make_listener, postgresql_server, postgresql_url, rows
):
    """Requests that are in the database wait for it; the next ones are 503, and nothing is stored twice."""
    app = make_app(url=postgresql_url)
    listener = make_listener(app).start()
    listener.save(0)
    sound, body = listener.trials()[0]["reference"]["url"], answer_to(listener.state["pages"][1])
    cookie = {"Cookie": f"listenable_session={listener.client.get_cookie('listenable_session').value}"}
    statuses = []

    def put():
        client = app.test_client(use_cookies=False)
        statuses.append(client.put("/api/session/pages/1", json=body, headers=cookie).status_code)

    threads = [threading.Thread(target=put) for _ in range(module.AT_ONCE + 4)]
    with silent(postgresql_server):
        for thread in threads:
            thread.start()
        time.sleep(2 * turns.STALL_S)
        assert statuses == [503] * 4
        started = time.monotonic()
        answer = app.test_client(use_cookies=False).get("/api/session", headers=cookie)
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
        assert listener.client.get(sound).status_code == 200
        assert listener.client.get("/static/page/main.js").status_code == 200
        assert time.monotonic() - started < 3
    for thread in threads:
        thread.join(30)
    assert sorted(statuses) == [200] * module.AT_ONCE + [503] * 4
    assert len(rows(app, "SELECT * FROM submissions WHERE page_index = 1")) == 1


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_without_a_connection_left_the_answer_is_503(hasty, make_app, make_listener, url):
    app = make_app(url=url)
    listener = make_listener(app).start()
    pool = app.extensions["listenable"].database.engine
    with ExitStack() as taken:
        for _ in range(pool.pool.size() + pool.pool._max_overflow):
            taken.enter_context(pool.connect())
        answer = listener.put(0, answer_to(listener.state["pages"][0]))
        assert answer.status_code == 503 and answer.json["error"] == BUSY
        assert listener.client.get(listener.trials()[0]["reference"]["url"]).status_code == 200
    listener.save(0)

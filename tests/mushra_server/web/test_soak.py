"""A worker or PostgreSQL that ends under load: what was acknowledged is stored once, every session ends."""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import psycopg
import pytest

from benchmarks.crowd import children
from benchmarks.loading.client import Client, Log, whole_session
from benchmarks.loading.ports import find_free_port
from benchmarks.loading.soak import soak
from benchmarks.workers import gunicorn
from mushra_server.web.waitress_server import bind, listen
from tests.mushra_server.conftest import mushra_page


class Stored:
    """What PostgreSQL has, after what was started was stopped."""

    def __init__(self, url):
        self.url = url
        self.running = ExitStack()
        self.kills = 0

    def stop(self):
        self.running.close()

    def count_stored(self):
        with psycopg.connect(self.url) as connection:
            found = connection.execute("SELECT attempt, COUNT(*) FROM submissions GROUP BY attempt")
            return dict(found.fetchall())


class KilledWorker(Stored):
    """gunicorn: a worker is killed, and another takes its place without a word."""

    def __init__(self, study, url):
        super().__init__(url)
        self.port = find_free_port()
        self.first = self.running.enter_context(gunicorn(study, url, f"127.0.0.1:{self.port}", workers=2))

    def kill(self):
        os.kill(children(self.first.pid)[0], signal.SIGKILL)
        self.kills += 1

    def start(self):
        pass


class StoppedPostgreSQL(Stored):
    """PostgreSQL is stopped as by its administrator, then as by a power cut, and started again."""

    def __init__(self, app, url, cluster):
        super().__init__(url)
        self.cluster, self.modes = cluster, itertools.cycle(["fast", "immediate"])
        server = listen(app, bind("127.0.0.1", 0))
        self.port = server.effective_port
        threading.Thread(target=server.run, daemon=True).start()
        self.running.callback(server.close)

    def kill(self):
        self.cluster.stop(next(self.modes))
        self.kills += 1

    def start(self):
        self.cluster.start()


@pytest.fixture
def study(make_study, tmp_path):
    """Two trials and nothing that must be answered."""
    root = tmp_path / "study"
    pages = [mushra_page(root, 0), mushra_page(root, 1), {"type": "finish", "id": "end", "name": "Thanks"}]
    return make_study(pages=pages, n_items=2)


def assert_nothing_is_lost(served, sessions, kills):
    with ThreadPoolExecutor(1) as apart:  # where no loop runs: Playwright's does in the thread of the tests
        outcome = apart.submit(soak, served, whole_session, sessions, at_once=6, kill_every=(3, 8)).result()
    assert outcome.kills == served.kills >= kills
    assert (outcome.missing, outcome.doubled, outcome.given_up) == (0, 0, 0)
    assert outcome.acknowledged == outcome.once == 3 * sessions


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("gunicorn") is None, reason="gunicorn is not installed")
@pytest.mark.release
def test_a_killed_worker_loses_nothing_that_was_acknowledged(study, postgresql_url):
    assert_nothing_is_lost(KilledWorker(study, postgresql_url), sessions=24, kills=2)


def test_a_postgresql_that_is_stopped_under_load_loses_nothing_that_was_acknowledged(
    make_app, study, postgresql_cluster, postgresql_url
):
    app = make_app(study, url=postgresql_url)
    assert_nothing_is_lost(StoppedPostgreSQL(app, postgresql_url, postgresql_cluster), sessions=24, kills=2)


def test_the_loading_client_asks_again_as_browsers_do():
    """A kept connection that ends as a request is sent: reading is asked for again, a change is not."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"

    async def answer_once(reader, writer):
        with suppress(asyncio.IncompleteReadError):  # the client has gone
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await reader.readuntil(b"\r\n\r\n")  # and go without an answer to the second
        writer.close()
        await writer.wait_closed()

    async def ask(second):
        async with await asyncio.start_server(answer_once, "127.0.0.1", 0) as server:
            client = Client(server.sockets[0].getsockname()[1], Log())
            try:
                return [await client.send("x", method, "/") for method in ("GET", second)]
            finally:
                client.close()
                await asyncio.sleep(0.1)  # both ends of each connection hear of it

    with ThreadPoolExecutor(1) as thread:  # the tests' browser has an event loop in this one
        assert thread.submit(lambda: asyncio.run(ask("GET"))).result() == [b"ok", b"ok"]
        with pytest.raises(OSError, match="IncompleteRead"):
            thread.submit(lambda: asyncio.run(ask("PUT"))).result()

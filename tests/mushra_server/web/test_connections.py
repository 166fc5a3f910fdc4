"""Idle connections keep nobody out: they are closed, and one address cannot have them all."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from contextlib import ExitStack, closing, contextmanager

import pytest

from mushra_server.web import connections
from mushra_server.web.connections import Limits
from mushra_server.web.waitress_server import bind, listen


@contextmanager
def serving(app, limits):
    """Serve an app from a thread."""
    bound = bind("127.0.0.1", 0)
    server = listen(app, bound, limits=limits)
    stop = threading.Event()

    def run():
        while not stop.is_set():
            server.asyncore.loop(timeout=0.05, map=server._map, use_poll=True, count=1)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield server
    finally:
        stop.set()
        thread.join()
        server.task_dispatcher.shutdown()
        for channel in list(server._map.values()):
            channel.close()


def ask(port, timeout=10):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)) as connection:
        connection.request("GET", "/static/page/main.js")
        return connection.getresponse().status


def kept_alive(port):
    """Open a connection as a browser does: ask once, and keep it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/static/page/main.js")
    response = connection.getresponse()
    assert response.status == 200 and response.read()
    return connection


def test_idle_connections_make_room_for_the_next_browser(app):
    with serving(app, Limits(connections=30, per_address=30, idle_s=1)) as server, ExitStack() as stack:
        for _ in range(27):  # the rest are the server's own
            stack.enter_context(closing(kept_alive(server.effective_port)))
        silent = [socket.create_connection(("127.0.0.1", server.effective_port)) for _ in range(10)]
        for one in silent:
            stack.enter_context(one)
        started = time.monotonic()
        assert ask(server.effective_port) == 200
        assert time.monotonic() - started < 8
        deadline = time.monotonic() + 10
        while server.open_by_network and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not server.open_by_network, "every connection was closed, and none is counted any more"


def test_one_address_cannot_have_all_connections(app, monkeypatch):
    monkeypatch.setattr(connections, "is_local", lambda _: False)
    with serving(app, Limits(connections=100, per_address=5, idle_s=30)) as server, ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(closing(kept_alive(server.effective_port)))
        with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
            ask(server.effective_port)
        monkeypatch.setattr(connections, "is_local", lambda _: True)
        assert ask(server.effective_port) == 200, "the machine's own programs, and a proxy on it, get in"


@pytest.mark.parametrize(
    ("files", "browsers", "connections_", "per_address"),
    [(1024, 145, 874, 437), (20_000, 1333, 8000, 4000), (100, 8, 50, 25)],
)
def test_the_limit_of_open_files_decides(files, browsers, connections_, per_address):
    limits = Limits.of(files)
    assert (limits.browsers, limits.connections, limits.per_address) == (browsers, connections_, per_address)
    assert limits.idle_s == 10
    assert Limits.of(files, behind_proxy=True).per_address == connections_

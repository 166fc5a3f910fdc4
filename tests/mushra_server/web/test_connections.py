"""Idle connections keep nobody out: they are closed, and one address cannot have them all."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from types import SimpleNamespace

import pytest

from mushra_server.web import channels
from mushra_server.web.connections import Limits
from mushra_server.web.proxy import find_proxy
from mushra_server.web.waitress_server import THREADS, bind, listen


@contextmanager
def serving(app, limits, **options):
    """Serve an app from a thread."""
    bound = bind("127.0.0.1", 0)
    server = listen(app, bound, limits=limits, **options)
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
        for channel in list(server.active_channels.values()):
            channel.handle_close()
        for other in list(server._map.values()):
            other.close()


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


def test_a_clock_that_is_set_back_lets_nobody_idle(app):
    later = time.time() + 3600
    with closing(bind("127.0.0.1", 0)) as bound:
        server = listen(app, bound)
        idle = SimpleNamespace(
            last_activity=later,
            requests=[],
            will_close=False,
            arriving_bytes=0,
            held_bytes=0,
            counted_as=None,
            dawdles=lambda: False,
        )
        server.active_channels[-1], server.next_channel_cleanup = idle, later
        server.readable()
        assert idle.last_activity < later - 3000, "it counts as idle from now on"
        assert server.next_channel_cleanup < later - 3000, "and somebody looks"
        server.active_channels.clear()
        server.task_dispatcher.shutdown()
        for other in list(server._map.values()):
            other.close()


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
        while server.open_connections and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not server.open_connections, "every connection was closed, and none is counted any more"


def test_closing_an_idle_connection_resets_no_new_one(app):
    """The new connection gets the number (the file descriptor) of the one that is closed as it arrives."""
    server = listen(app, bind("127.0.0.1", 0), limits=Limits(connections=30, per_address=30, idle_s=30))
    address = ("127.0.0.1", server.effective_port)

    def look():
        server.asyncore.loop(timeout=1, map=server._map, use_poll=True, count=1)

    try:
        with socket.create_connection(address) as idle:
            look()
            (old,) = server.active_channels.values()
            number, old.last_activity, server.next_channel_cleanup = old.socket.fileno(), 0, 0
            with socket.create_connection(address):
                look()
                assert idle.recv(1) == b"" and old.socket is None
                (new,) = server.active_channels.values()
                assert new.connected and new.socket.fileno() == number
    finally:
        server.task_dispatcher.shutdown()
        for other in list(server._map.values()):
            other.close()


def test_one_address_cannot_have_all_connections(app, monkeypatch):
    monkeypatch.setattr(channels, "is_local", lambda _: False)
    with serving(app, Limits(connections=100, per_address=5, idle_s=30)) as server, ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(closing(kept_alive(server.effective_port)))
        with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
            ask(server.effective_port)
        monkeypatch.setattr(channels, "is_local", lambda _: True)
        assert ask(server.effective_port) == 200, "the machine's own programs, and a proxy on it, get in"


def test_few_addresses_cannot_have_all_connections(app, monkeypatch):
    """Two could: 4,000 each that send a byte now and then, and nobody else was let in."""
    own = {"127.0.0.9": True}
    monkeypatch.setattr(channels, "is_local", lambda name: own.get(name, False))
    limits = Limits(connections=30, per_address=15, idle_s=30)
    with serving(app, limits) as server, ExitStack() as stack:

        def connect(address):
            place = ("127.0.0.1", server.effective_port)
            found = socket.create_connection(place, timeout=10, source_address=(address, 0))
            stack.enter_context(found).sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
            return found

        def is_in(connection):
            """Tell whether a connection gets an answer, even if late."""
            with suppress(ConnectionError):
                connection.sendall(b"x\r\n\r\n")
                return connection.recv(4) == b"HTTP"
            return False

        machines = [connect("127.0.0.9") for _ in range(2)]
        many = {address: [connect(address) for _ in range(15)] for address in ("127.0.0.2", "127.0.0.3")}
        browsers = [connect(f"127.0.0.{number}") for number in range(11, 14) for _ in range(4)]
        assert all(map(is_in, browsers)) and all(map(is_in, machines))
        left = [sum(map(is_in, held)) for held in many.values()]
        assert all(1 <= number <= 6 for number in left), left


def test_the_proxy_that_was_declared_may_have_all_connections_and_others_may_not(app, monkeypatch):
    monkeypatch.setattr(channels, "is_local", lambda _: False)
    limits = Limits(connections=100, per_address=2, idle_s=30)
    for address, refused in (("127.0.0.0/8", False), ("203.0.113.9", True)):
        is_proxy = find_proxy(True, address)
        with serving(app, limits, is_proxy=is_proxy) as server, ExitStack() as stack:
            for _ in range(2):
                stack.enter_context(closing(kept_alive(server.effective_port)))
            assert {channel.from_proxy for channel in server.active_channels.values()} == {not refused}
            with pytest.raises(OSError) if refused else nullcontext():
                assert ask(server.effective_port) == 200


def test_urgent_data_ends_a_connection_and_turns_no_loop(app, caplog):
    """TCP's: nothing reads it, so the system reports it in each turn of the event loop."""
    with serving(app, Limits(connections=30, per_address=30, idle_s=30)) as server:
        with socket.create_connection(("127.0.0.1", server.effective_port), timeout=10) as other:
            other.send(b"x", socket.MSG_OOB)
            with suppress(ConnectionResetError):
                assert other.recv(1) == b""
        assert ask(server.effective_port) == 200
        assert not caplog.records


def test_what_strangers_cause_is_logged_once_in_ten_seconds(app, caplog, monkeypatch):
    """A client that opens one connection too many and closes it again, for example."""
    with serving(app, Limits(connections=30, per_address=30, idle_s=30)) as server:
        for number in range(5):
            server.logger.warning("connection %d is one too many", number)
        assert [record.message for record in caplog.records] == ["connection 0 is one too many"]
        monkeypatch.setattr("mushra_server.web.waitress_server.EVERY_S", 0)
        for number in range(2):
            server.logger.warning("connection %d is one too many", number)
        assert len(caplog.records) == 3


def drain(connection):
    """Read a connection to its end."""
    chunks = []
    with closing(connection):
        while chunk := connection.recv(1 << 16):
            chunks.append(chunk)
    return b"".join(chunks)


def test_requests_that_are_sent_together_get_one_answer_and_the_connection_ends(app):
    with serving(app, Limits(connections=30, per_address=30, idle_s=30)) as server:
        connection = socket.create_connection(("127.0.0.1", server.effective_port), timeout=10)
        connection.sendall(b"GET /static/page/start.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
        # The first may be answered before the second is parsed, and on a busy machine so may a few more.
        assert 1 <= drain(connection).count(b"HTTP/1.1 200 OK") < 20


def test_readers_who_never_read_occupy_no_thread():
    """Each asks for 100 MiB and reads nothing: as many as the server has threads would stop it."""

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(1 << 20))])
        return [b"x" * (1 << 20)]

    with serving(app, Limits(connections=60, per_address=60, idle_s=30)) as server, ExitStack() as stack:
        for _ in range(2 * THREADS):
            greedy = stack.enter_context(socket.create_connection(("127.0.0.1", server.effective_port)))
            greedy.sendall(b"GET / HTTP/1.1\r\n\r\n" * 100)
        assert ask(server.effective_port) == 200


def test_a_request_that_trickles_in_is_closed(app, monkeypatch):
    """A byte now and then keeps a connection from being idle, but not from dawdling."""
    monkeypatch.setattr(channels, "REQUEST_S", 0.5)
    with serving(app, Limits(connections=30, per_address=30, idle_s=1)) as server:
        slow = socket.create_connection(("127.0.0.1", server.effective_port), timeout=10)
        slow.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        deadline = time.monotonic() + 10
        with closing(slow), pytest.raises(ConnectionError):
            while time.monotonic() < deadline:
                slow.sendall(b"x")
                time.sleep(0.1)


@pytest.mark.parametrize(("size", "answered"), [(1, False), (500, True)])
def test_a_body_in_chunks_of_a_byte_is_not_parsed_to_its_end(app, size, answered):
    """A megabyte of such chunks would occupy the event loop for seconds."""
    with serving(app, Limits(connections=30, per_address=30, idle_s=30)) as server:
        sender = socket.create_connection(("127.0.0.1", server.effective_port), timeout=10)
        sender.sendall(b"POST /api/session HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        body = b"%x\r\n%s\r\n" % (size, b" " * size) * (300_000 // (size + 5)) + b"0\r\n\r\n"
        try:
            sender.sendall(body)
            found = sender.recv(100)
        except ConnectionError:
            found = b""
        sender.close()
    assert found.startswith(b"HTTP/1.1 4") if answered else found == b""


@pytest.mark.parametrize("line", [b"1;", b"0\r\nX-Trailer: "])
def test_lines_around_chunks_do_not_go_on_and_on(line):
    """Waitress copies and searches what has arrived of them with every packet, on the event loop."""
    with serving(lambda *_: [], Limits(connections=30, per_address=30, idle_s=30)) as server:
        sender = socket.create_connection(("127.0.0.1", server.effective_port), timeout=10)
        head = b"POST /api/session HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        sender.sendall(head + b"%x\r\n%s\r\n%s" % (500_000, b" " * 500_000, line))
        with closing(sender), pytest.raises(ConnectionError):
            for _ in range(400):
                sender.sendall(b"x" * 1000)
            assert not sender.recv(100), "and no answer to a request that never ends"
            raise ConnectionResetError


def test_an_answer_that_nobody_reads_is_closed(monkeypatch):
    monkeypatch.setattr(channels, "UNREAD_S", 0.5)

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (b"x" * (1 << 20) for _ in range(100))  # an export, beyond what is buffered

    with serving(app, Limits(connections=30, per_address=30, idle_s=1)) as server:
        silent = socket.create_connection(("127.0.0.1", server.effective_port), timeout=10)
        silent.sendall(b"GET / HTTP/1.1\r\n\r\n")
        deadline = time.monotonic() + 10
        while not server.open_connections and time.monotonic() < deadline:
            time.sleep(0.05)
        while server.open_connections and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not server.open_connections
        assert len(drain(silent)) < 100 << 20


@pytest.mark.parametrize(
    ("files", "browsers", "connections_", "per_address"),
    [(1024, 72, 437, 218), (20_000, 1333, 8000, 4000), (100, 8, 50, 25)],
)
def test_the_limit_of_open_files_decides(files, browsers, connections_, per_address):
    limits = Limits.of(files)
    assert (limits.browsers, limits.connections, limits.per_address) == (browsers, connections_, per_address)
    assert limits.idle_s == 10
    assert files < 200 or 2 * limits.connections < files, "each may be getting a sound, which is a file, too"


def test_a_socket_of_ipv6_knows_this_machines_ipv4_address():
    """With `--host ::` a proxy on this machine was taken for a stranger, and its headers did not count."""
    is_proxy = find_proxy(True, None)
    assert is_proxy("::ffff:127.0.0.1") and is_proxy("::1") and not is_proxy("::ffff:203.0.113.9")

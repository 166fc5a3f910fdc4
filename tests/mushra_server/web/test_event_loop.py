"""The event loop asks only those connections that may have changed, and long answers stay off the disk."""

from __future__ import annotations

import http.client
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing

import pytest
from flask import Flask, Response
from waitress import buffers

from mushra_server.web.channels import Channel
from mushra_server.web.connections import Limits
from mushra_server.web.waitress_server import bind, listen
from tests.mushra_server.web.test_connections import ask, kept_alive, serving

LIMITS = Limits(connections=100, per_address=100, idle_s=30)


@pytest.mark.skipif(sys.platform != "linux", reason="waitress's own loop runs on systems without epoll")
def test_a_request_costs_the_same_however_many_connections_are_idle(app, monkeypatch):
    asked = Counter()

    def count(channel, of=Channel.readable):
        asked[channel] += 1
        return of(channel)

    monkeypatch.setattr(Channel, "readable", count)
    with serving(app, LIMITS) as server, ExitStack() as stack:
        idle = [stack.enter_context(closing(kept_alive(server.effective_port))) for _ in range(40)]
        known = {*server.active_channels.values()}
        deadline = time.monotonic() + 10
        while known & server.awake and time.monotonic() < deadline:
            time.sleep(0.01)
        asked.clear()
        assert ask(server.effective_port) == 200
        assert not known & {*asked}
        assert 0 < sum(asked.values()) < 20
        for one in idle:  # and each is still heard
            one.request("GET", "/static/page/main.js")
            assert one.getresponse().read()


def test_the_loop_waits_for_a_thread_that_is_sending(app, monkeypatch):
    looks = Counter()

    def send_slowly(channel, do_close=True, of=Channel._flush_some):
        if channel.total_outbufs_len:
            time.sleep(0.2)
        return of(channel, do_close=do_close)

    def look(channel, of=Channel.handle_write):
        looks["write"] += 1
        of(channel)

    monkeypatch.setattr(Channel, "_flush_some", send_slowly)
    monkeypatch.setattr(Channel, "handle_write", look)
    with serving(app, LIMITS) as server, closing(kept_alive(server.effective_port)) as connection:
        connection.request("GET", "/static/page/main.js")
        other = threading.Timer(0.1, ask, (server.effective_port,))  # so that the loop turns meanwhile
        other.start()
        assert connection.getresponse().read()
        other.join()
    assert 0 < looks["write"] < 300, "each at most 10 ms of the time that a thread sends"


def connect(port):
    return http.client.HTTPConnection("127.0.0.1", port, timeout=10)


def test_a_long_answer_waits_for_its_reader_in_memory(monkeypatch):
    def refuse(buffer):
        raise AssertionError("a part of an answer was written into a temporary file")

    monkeypatch.setattr(buffers.TempfileBasedBuffer, "newfile", refuse)
    app, sent = Flask(__name__), []

    @app.get("/")
    def stream():
        def parts():
            for number in range(300):
                sent.append(number)
                yield bytes([number % 256]) * 65536

        return Response(parts())

    with serving(app, LIMITS) as server, closing(connect(server.effective_port)) as reader:
        reader.request("GET", "/")
        answer = reader.getresponse()
        first = answer.read(100)
        assert len(sent) < 300, "the rest waits"
        content = first + answer.read()
    assert content == b"".join(bytes([number % 256]) * 65536 for number in range(300))


def test_a_thread_sends_its_answer_itself_without_a_turn_of_the_loop(monkeypatch):
    """The loop may come first where it turns at that moment anyway, but it is not woken for each answer."""
    sent_by = Counter()

    def flush(channel, do_close=True, of=Channel._flush_some):
        if channel.total_outbufs_len:
            sent_by[
                "a thread" if threading.current_thread().name.startswith("waitress-") else "the loop"
            ] += 1
        return of(channel, do_close=do_close)

    monkeypatch.setattr(Channel, "_flush_some", flush)

    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "5")])
        return [b"hello"]

    with serving(app, LIMITS) as server, closing(connect(server.effective_port)) as reader:
        for _ in range(40):
            reader.request("GET", "/")
            assert reader.getresponse().read() == b"hello"
    assert sent_by["a thread"] > 20 > sent_by["the loop"]


@pytest.mark.skipif(sys.platform != "linux", reason="waitress's own loop runs on systems without epoll")
def test_many_wakes_are_one_and_none_is_lost(monkeypatch):
    server = listen(lambda *_: [], bind("127.0.0.1", 0), limits=LIMITS)
    loop, pulled = server.asyncore, []

    def pull(of=server.trigger.pull_trigger):
        pulled.append(1)
        of()

    monkeypatch.setattr(loop, "_wake", pull)
    try:
        for turns in (1, 2, 3):
            for _ in range(5):
                server.pull_trigger()
            assert len(pulled) == turns
            started = time.monotonic()
            loop.loop(timeout=5, map=server._map, count=1)
            assert time.monotonic() - started < 2, "it was woken"
            loop.loop(timeout=0, map=server._map, count=1)
    finally:
        server.task_dispatcher.shutdown()
        for other in list(server._map.values()):
            other.close()

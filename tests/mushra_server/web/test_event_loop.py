"""The event loop asks only those connections that may have changed, and long answers stay off the disk."""

from __future__ import annotations

import http.client
import sys
from collections import Counter
from contextlib import ExitStack, closing

import pytest
from flask import Flask, Response
from waitress import buffers

from mushra_server.web.channels import Channel
from mushra_server.web.connections import Limits
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
        assert ask(server.effective_port) == 200  # by now all of them rest
        known = [*server.active_channels.values()]
        asked.clear()
        assert ask(server.effective_port) == 200
        assert sum(asked[one] for one in known) <= 2, "the closed one and no other"
        assert 0 < sum(asked.values()) < 20
        for one in idle:  # and each is still heard
            one.request("GET", "/static/page/main.js")
            assert one.getresponse().read()


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

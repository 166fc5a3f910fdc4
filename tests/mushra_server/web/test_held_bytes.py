"""What connections take of memory and disk is bounded: those that take most are closed."""

from __future__ import annotations

import io
import socket
import threading
import time
from contextlib import ExitStack
from types import SimpleNamespace

from waitress.buffers import OverflowableBuffer, ReadOnlyFileBasedBuffer

from mushra_server.web import channels
from mushra_server.web.channels import Channel
from mushra_server.web.connections import Limits
from mushra_server.web.held_bytes import find_excess, measure_held
from mushra_server.web.waitress_server import bind, listen


def assert_the_largest_is_closed(app, requests):
    """Send requests over a connection each, the largest first: it alone is closed within ten seconds."""
    server = listen(app, bind("127.0.0.1", 0), limits=Limits(connections=30, per_address=30, idle_s=30))

    def look():
        server.next_channel_cleanup = 0
        server.asyncore.loop(timeout=1, map=server._map, use_poll=True, count=1)

    try:
        with ExitStack() as stack:
            sent = []
            for request in requests:
                one = stack.enter_context(socket.create_connection(("127.0.0.1", server.effective_port)))
                look()
                one.sendall(request)
                sent += set(server.active_channels.values()) - set(sent)
            deadline = time.monotonic() + 10
            while sent[0].connected and time.monotonic() < deadline:
                look()
            assert [one.connected for one in sent] == [False, True, True]
    finally:
        server.task_dispatcher.shutdown()
        for channel in list(server.active_channels.values()):
            channel.handle_close()
        for other in list(server._map.values()):
            other.close()


def test_bodies_that_stop_before_their_last_byte_do_not_fill_the_disk(app, monkeypatch):
    """They wait in temporary files. Listeners' pages are small: the largest bodies go first."""
    monkeypatch.setattr(channels, "MOST_ARRIVING_BYTES", 150_000)
    head = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    assert_the_largest_is_closed(app, [head + b"x" * size for size in (100_000, 90_000, 20_000)])


def test_answers_that_are_read_slowly_do_not_fill_the_memory_or_the_disk(monkeypatch):
    """What is read of one is not freed before all of it is; the largest go first."""
    monkeypatch.setattr(channels, "MOST_HELD_BYTES", 40_000_000)

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x" * int(environ["QUERY_STRING"])]

    sizes = (36_000_000, 28_000_000, 100_000)  # the system takes up to ten megabytes by itself
    assert_the_largest_is_closed(app, [b"GET /?%d HTTP/1.1\r\nHost: x\r\n\r\n" % size for size in sizes])


def test_thousands_of_connections_keep_nobody_from_sending_one_long_answer():
    """One address filled the room with bodies of 67 KB, so that each longer one of anybody else was cut."""
    many = [SimpleNamespace(counted_as="192.0.2.1", size=67) for _ in range(40)]
    long, short = (SimpleNamespace(counted_as=f"192.0.2.{n}", size=size) for n, size in ((2, 200), (3, 5)))
    through_proxy = SimpleNamespace(counted_as=None, size=100)
    found = find_excess([long, *many, short, through_proxy], lambda one: one.size, 67 * 40)
    assert len(found) == 5 and all(one.counted_as == "192.0.2.1" for one in found)
    proxied = [SimpleNamespace(counted_as=None, size=size) for size in (10, 30, 20)]
    assert find_excess(proxied, lambda one: one.size, 35) == [proxied[1]], "the largest"


def test_an_answer_to_which_a_thread_adds_is_counted_afterwards():
    """In between, its length and its place in the file do not agree: a small answer was taken for two."""
    answer, adding, added = OverflowableBuffer(1 << 20), threading.Event(), threading.Event()
    one = SimpleNamespace(outbuf_lock=threading.Condition(), outbufs=[answer], _held=0)

    def add():
        with one.outbuf_lock:
            answer.append(b"x" * 100_000)
            adding.set()
            added.wait(10)

    thread = threading.Thread(target=add)
    thread.start()
    adding.wait(10)
    assert Channel.held_bytes.fget(one) == 0
    added.set()
    thread.join()
    assert Channel.held_bytes.fget(one) == 100_000
    answer.close()


def test_what_was_read_of_an_answer_counts_until_its_end():
    held = OverflowableBuffer(1 << 20)
    for size in (100, 100_000, 2 << 20):  # in a text, in memory, in a file
        held.append(b"x" * size)
        before = measure_held(held)
        held.skip(50, allow_prune=True)
        assert before == measure_held(held) >= size
    held.close()
    assert measure_held(held) == 0
    assert measure_held(ReadOnlyFileBasedBuffer(io.BytesIO(b"x" * 1000))) == 0, "a sound has its own file"

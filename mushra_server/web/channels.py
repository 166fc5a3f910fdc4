"""Connections as waitress keeps them, with limits: one request at a time, and no dawdling.

waitress queues all requests that arrive together. A client that sends many at once and reads no answer would
occupy a thread for as long as it likes, and sixteen of them would stop the server. No browser and no proxy
sends a request before it has the answer to the last one, so what follows a request is dropped, and the
connection closed after the answer, as HTTP/1.1 allows.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from mushra_server.web.connections import Limits, OpenConnections
from mushra_server.web.held_bytes import find_excess, measure_held
from mushra_server.web.proxy import IsProxy
from mushra_server.web.security import is_local, network_of

__all__ = ["Channel", "restrict"]

REQUEST_S = 30.0
"""For a request to arrive, and longer by what its bytes take at the slowest line that is waited for."""
MIN_BYTES_PER_S = 512
SHREDS_BYTES = 64 * 1024
"""Of a body that may come in chunks of any size; after it they must be worth their parsing."""
MAX_LINE_BYTES = 8 * 1024
"""Of the line before a chunk, and of all lines after the last one: what has arrived of them is copied and
searched whenever more does."""
SENDING_S = 0.01
"""That the event loop waits for a thread which is sending, rather than turn until it is done."""
MOST_ARRIVING_BYTES = 256 * 1024 * 1024
"""Of all requests that have not arrived completely, and wait in temporary files: 32 KiB for each connection
that there may be. Thousands that stop before their last byte would fill the disk for an hour."""
MOST_HELD_BYTES = 256 * 1024 * 1024
"""Of all answers that wait for their readers in memory or in temporary files; sounds have their own files."""
UNREAD_S = 60.0
"""Without a byte of a long answer being read, after which its reader has gone."""


class _Task(WSGITask):
    """An answer whose thread sends what it can: most of them whole, so that the event loop need not."""

    channel: Channel

    def finish(self) -> None:
        super().finish()
        self.channel.send_now()


class Channel(HTTPChannel):
    """A connection that is counted while it is open."""

    task_class = _Task

    server: Any
    outbuf_lock: threading.Condition
    outbufs: list[Any]
    request: Any
    requests: list[Any]
    requests_lock: threading.Lock

    def __init__(self, server: Any, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:
        super().__init__(server, sock, addr, adj, map)
        self.network = network_of(str(addr[0]))
        self.from_proxy: bool = server.is_proxy(str(addr[0]))
        self.counted_as: str | None = server.find_counted(str(addr[0]))
        server.open_connections.add(self.counted_as, self)
        self._began: float | None = None  # when the request that is arriving began
        self._bytes = 0  # of it, so far
        self._held = 0  # bytes of its answer, when they were last counted
        self._ends = False  # after the answer to the present request
        self._closed = False

    @property
    def at_rest(self) -> bool:
        """Whether nothing but an event, or a look for idle connections, changes what is waited for."""
        busy = self.requests or self.total_outbufs_len
        return not (busy or self.will_close or self.close_when_flushed or self._ends)

    def add_channel(self, map: Any = None) -> None:
        """Have it looked at by the event loop."""
        super().add_channel(map)
        self.server.awake.add(self)

    def readable(self) -> bool:
        """Tell whether the event loop should wait for something to read."""
        return not self._closed and bool(super().readable())

    def writable(self) -> bool:
        """Tell whether the event loop should wait until something can be written.

        The loop asks every connection that it knew when it began to ask, also one that `restrict` has closed
        since. Its number may be a new connection's by the time the loop hears that it was closed, and the new
        one would be reset.
        """
        return not self._closed and bool(super().writable())

    def handle_expt(self) -> None:
        """Close the connection: it has urgent data (TCP's), which no browser and no proxy sends.

        Nothing reads it, so the system would report it again in each turn of the loop.
        """
        self.handle_close()

    def received(self, data: bytes) -> bool:
        """Take what has arrived: at most one request."""
        if self._began is None:
            self._began, self._bytes = time.monotonic(), 0
        self._bytes += len(data)
        found = bool(super().received(data))
        if self.request is not None and (_is_shredded(self.request) or _is_drawn_out(self.request)):
            self.handle_close()
            return False
        with self.requests_lock:
            if len(self.requests) > 1:
                for request in self.requests[1:]:
                    request.close()
                del self.requests[1:]
                self._ends = True
            if self.request is None:
                self._began = None
        return found

    def _flush_some_if_lockable(self, do_close: bool = True) -> None:
        """Send what a thread has left to send, when it no longer sends itself.

        waitress only looks whether the lock is free, and again in the next turn of the loop: hundreds of
        times while the thread that holds it waits for the interpreter, which the loop keeps busy.
        """
        channel: Any = super()
        if self.outbuf_lock.acquire(timeout=SENDING_S):
            try:
                channel._flush_some_if_lockable(do_close=do_close)
            finally:
                self.outbuf_lock.release()

    def send_now(self) -> None:
        """Send what the other end takes of an answer that is complete."""
        channel: Any = self
        with self.outbuf_lock:
            channel._flush_exception(channel._flush_some, do_close=False)

    def service(self) -> None:
        """Answer a request."""
        super().service()
        with self.requests_lock:
            if self._ends and not self.requests:
                self.close_when_flushed = True
        if self.connected and not self.at_rest:
            self.server.awake.add(self)
            self.server.pull_trigger()

    @property
    def arriving_bytes(self) -> int:
        """Bytes of a request that has not arrived completely; 0 if it may be large (`large_bodies`)."""
        if self._began is None or getattr(self.request, "may_be_large", False):
            return 0
        return self._bytes

    @property
    def held_bytes(self) -> int:
        """Bytes that an answer takes until it is read to its end, but for those of a file that is sent.

        While a thread adds to the answer or sends some of it, its parts do not agree with each other: then it
        is what was counted before, which the next look at all connections corrects.
        """
        if self.outbuf_lock.acquire(blocking=False):
            try:
                self._held = sum(map(measure_held, self.outbufs))
            finally:
                self.outbuf_lock.release()
        return self._held

    def dawdles(self) -> bool:
        """Tell whether the other end takes too long to send its request, or to read the answer."""
        if self.total_outbufs_len:
            return bool(time.time() - self.last_activity > UNREAD_S)
        if self._began is None or self.requests:
            return False
        return time.monotonic() - self._began > REQUEST_S + self._bytes / MIN_BYTES_PER_S

    def del_channel(self, map: Any = None) -> None:
        """Count it no more."""
        self.server.unwatch(self)
        super().del_channel(map)
        self._closed = True
        if self.request is not None:  # the other end has gone before all of it was there
            self.request.close()
        self.server.open_connections.remove(self.counted_as, self)


def _is_shredded(request: Any) -> bool:
    """Tell whether a body comes in chunks of a few bytes, each of which takes as long as a large one."""
    if not request.chunked or request.body_rcv is None:
        return False
    arrived = request.body_bytes_received
    return bool(arrived > SHREDS_BYTES and len(request.body_rcv) < arrived / 2)


def _is_drawn_out(request: Any) -> bool:
    """Tell whether a line between or after the chunks of a body goes on and on."""
    body = request.body_rcv
    if not request.chunked or body is None:
        return False
    return max(len(body.control_line), len(body.trailer)) > MAX_LINE_BYTES


def restrict(server: Any, limits: Limits, is_proxy: IsProxy) -> None:
    """Make a waitress server close what one address opens beyond its limit at once, and what dawdles."""
    accept, maintain, readable = server.accept, server.maintenance, server.readable
    server.open_connections = OpenConnections(limits)
    server.is_proxy = is_proxy
    server.channel_class = Channel

    def find_counted(address: str) -> str | None:
        return None if is_local(address) or is_proxy(address) else network_of(address)

    def accept_some() -> Any:
        found = accept()
        if found is None:
            return None
        connection, address = found
        if not server.open_connections.admit(find_counted(str(address[0]))):
            connection.close()
            return None
        return found

    def look_in_time() -> bool:
        # waitress waits until a time of day: after the clock is set back, for as long as it was set back.
        if server.next_channel_cleanup > time.time() + server.adj.cleanup_interval:
            server.next_channel_cleanup = 0
        return bool(readable())

    def close_some(now: float) -> None:
        for channel in list(server.active_channels.values()):
            channel.last_activity = min(channel.last_activity, now)  # the same
        maintain(now)
        # waitress closes what it has marked once it can write to it, which is never if nobody reads.
        for channel in list(server.active_channels.values()):
            if channel.will_close or channel.dawdles():
                channel.handle_close()
        left = list(server.active_channels.values())
        for channel in (
            *find_excess(left, lambda one: one.arriving_bytes, MOST_ARRIVING_BYTES),
            *find_excess(left, lambda one: one.held_bytes, MOST_HELD_BYTES),
        ):
            channel.handle_close()

    server.find_counted = find_counted
    server.accept = accept_some
    server.readable = look_in_time
    server.maintenance = close_some

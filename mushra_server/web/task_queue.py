"""The order in which waitress's threads take requests: page saves first, sounds last, and nobody never.

A session's state takes a millisecond for every five of its pages, whoever asks for it, and what webMUSHRA
posts may take half a second. Few of either are answered at once: each thread that computes makes all others
wait for the interpreter.

Requests of one rank are taken from each address in turn: whoever sends thousands at once waits for them by
themselves.
"""

from __future__ import annotations

import re
import sys
import threading
from collections import OrderedDict, deque
from typing import Any

from mushra_server.database.turns import OTHERS_EVERY
from mushra_server.web.security import network_of

__all__ = ["TaskQueue", "share_interpreter"]

SWITCH_S = 0.0005
SAVE = re.compile(r".*/api/session/(pages/[0-9]+|finish)")
FORWARDED = "X_FORWARDED_FOR"  # as waitress names it
SOUND = re.compile(r".*/(audio|picture)/[^/]*")
STATE = re.compile(r".*/api/session")
STATES_AT_ONCE = 3
"""Sessions that are started, resumed or shown."""
POSTED = re.compile(r".*\.php")  # also where a study's `remoteService` names another
POSTED_AT_ONCE = 2
"""Sessions of webMUSHRA, which may be a megabyte long."""


def share_interpreter() -> None:
    """Let threads of this process take turns more often than Python does by itself.

    SQLite, hashing and every system call give the interpreter away and want it back. While another thread
    computes, that takes five milliseconds each time, and a page save is some twenty such steps.
    """
    sys.setswitchinterval(SWITCH_S)


class _Line:
    """Connections of one rank, by address, each with the number of its arrival.

    Args:
        most: How many of its requests are answered at once; None for as many as there are threads.

    Attributes:
        busy: Requests that are being answered, if that is bounded.
    """

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self.busy = 0
        self._of: OrderedDict[str, deque[tuple[int, Any]]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def open(self) -> bool:
        """Whether one may be taken now."""
        return self._size > 0 and (self.most is None or self.busy < self.most)

    @property
    def arrived(self) -> int:
        """When the next one arrived."""
        return next(iter(self._of.values()))[0][0]

    def append(self, address: str, arrived: int, channel: Any) -> None:
        self._of.setdefault(address, deque()).append((arrived, channel))
        self._size += 1

    def popleft(self) -> Any:
        address, own = self._of.popitem(last=False)
        _, channel = own.popleft()
        if own:
            self._of[address] = own  # behind the other addresses
        self._size -= 1
        return channel


class _Bounded:
    """A connection that takes one of the places of its line until its request is answered.

    Args:
        channel: The connection.
        line: Its line.
        changed: What waiting threads are woken by.
    """

    def __init__(self, channel: Any, line: _Line, changed: threading.Condition) -> None:
        self._channel = channel
        self._line = line
        self._changed = changed
        line.busy += 1

    def service(self) -> None:
        """Answer the request."""
        try:
            self._channel.service()
        finally:
            with self._changed:
                self._line.busy -= 1
                self._changed.notify()

    def cancel(self) -> None:
        """Drop the request: the server stops."""
        self._line.busy -= 1  # whoever cancels holds the lock
        self._channel.cancel()


class TaskQueue:
    """Connections with a request to be answered, with the part of a deque that waitress uses.

    Args:
        changed: What waiting threads are woken by; its lock is held whenever waitress calls a method.
    """

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._saves, self._others, self._sounds = _Line(), _Line(), _Line()
        self._states, self._posted = _Line(STATES_AT_ONCE), _Line(POSTED_AT_ONCE)
        self._arrived = 0
        self._taken = 0

    def __len__(self) -> int:
        """Return how many may be taken now."""
        return sum(
            len(line) if line.most is None else min(len(line), line.most - line.busy)
            for line in self._find_open()
        )

    def append(self, channel: Any) -> None:
        """Put a connection where its request belongs."""
        self._arrived += 1
        self._find_line(channel).append(_find_address(channel), self._arrived, channel)

    def popleft(self) -> Any:
        """Take the connection that is next."""
        self._taken += 1
        waiting = self._find_open()
        if self._taken % OTHERS_EVERY == 0 or waiting[0] not in (self._saves, self._others):
            waiting.sort(key=lambda line: line.arrived)
        line = waiting[0]
        channel = line.popleft()
        return channel if line.most is None else _Bounded(channel, line, self._changed)

    def _find_open(self) -> list[_Line]:
        """Return the lines of which one may be taken, the most urgent first."""
        lines = (self._saves, self._others, self._sounds, self._states, self._posted)
        return [line for line in lines if line.open]

    def _find_line(self, channel: Any) -> _Line:
        request = channel.requests[0] if channel.requests else None
        path = str(getattr(request, "path", ""))
        method = str(getattr(request, "command", ""))
        if STATE.fullmatch(path):
            return self._states
        if method in {"PUT", "POST"} and SAVE.fullmatch(path):
            return self._saves
        if POSTED.fullmatch(path):
            return self._posted
        return self._sounds if SOUND.fullmatch(path) else self._others


def _find_address(channel: Any) -> str:
    """Return whose request it is, as the proxy says if it comes from there."""
    said = ""
    if channel.from_proxy and channel.requests:
        said = channel.requests[0].headers.get(FORWARDED, "").rpartition(",")[2].strip()
    return network_of(said) if said else str(channel.network)

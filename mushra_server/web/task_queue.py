"""The order in which waitress's threads take requests: page saves first, sounds last, and nobody never.

A session's state takes a millisecond for every five of its pages, whoever asks for it, so few are worked out
at once: each thread that computes makes all others wait for the interpreter.

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
LATER = re.compile(r".*/(audio|picture)/[^/]*")
STATE = re.compile(r".*/api/session")
STATES_AT_ONCE = 3
"""Sessions that are started, resumed or shown; of an address as of all."""


def share_interpreter() -> None:
    """Let threads of this process take turns more often than Python does by itself.

    SQLite, hashing and every system call give the interpreter away and want it back. While another thread
    computes, that takes five milliseconds each time, and a page save is some twenty such steps.
    """
    sys.setswitchinterval(SWITCH_S)


class _Line:
    """Connections of one rank, by address, each with the number of its arrival."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, deque[tuple[int, Any]]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

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


class _State:
    """A connection that takes one of the places for states until its request is answered.

    Args:
        channel: The connection.
        queue: Where the places are.
    """

    def __init__(self, channel: Any, queue: TaskQueue) -> None:
        self._channel = channel
        self._queue = queue

    def service(self) -> None:
        """Answer the request."""
        try:
            self._channel.service()
        finally:
            self._queue.give_back()

    def cancel(self) -> None:
        """Drop the request: the server stops."""
        self._queue.states -= 1  # whoever cancels holds the lock
        self._channel.cancel()


class TaskQueue:
    """Connections with a request to be answered, with the part of a deque that waitress uses.

    Args:
        changed: What waiting threads are woken by; its lock is held whenever waitress calls a method.

    Attributes:
        states: Requests for a session's state that are being answered.
    """

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._saves, self._others, self._later, self._states = (_Line() for _ in range(4))
        self._arrived = 0
        self._taken = 0
        self.states = 0

    def __len__(self) -> int:
        """Return how many may be taken now."""
        return sum(map(len, self._find_open()))

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
        channel = waiting[0].popleft()
        if waiting[0] is not self._states:
            return channel
        self.states += 1
        return _State(channel, self)

    def give_back(self) -> None:
        """Make room for the next request for a state."""
        with self._changed:
            self.states -= 1
            self._changed.notify()

    def _find_open(self) -> list[_Line]:
        """Return the lines of which one may be taken, the most urgent first."""
        lines = [line for line in (self._saves, self._others, self._later) if line]
        return [*lines, self._states] if self._states and self.states < STATES_AT_ONCE else lines

    def _find_line(self, channel: Any) -> _Line:
        request = channel.requests[0] if channel.requests else None
        path = str(getattr(request, "path", ""))
        method = str(getattr(request, "command", ""))
        if STATE.fullmatch(path):
            return self._states
        if method in {"PUT", "POST"} and SAVE.fullmatch(path):
            return self._saves
        return self._later if LATER.fullmatch(path) else self._others


def _find_address(channel: Any) -> str:
    """Return whose request it is, as the proxy says if it comes from there."""
    said = ""
    if channel.from_proxy and channel.requests:
        said = channel.requests[0].headers.get(FORWARDED, "").rpartition(",")[2].strip()
    return network_of(said) if said else str(channel.network)

"""waitress's event loop on epoll: its cost is that of what happens, not of what is open.

waitress asks every connection before each look at the sockets whether it wants to read or write. With
thousands of idle connections that takes more time than all requests together. Here only those are asked that
may have changed: a connection that has had an event, is being answered, or has something left to send.
Systems without epoll keep waitress's own loop.
"""

from __future__ import annotations

import contextlib
import select
import sys
from collections.abc import Callable
from typing import Any, Protocol

from waitress.wasyncore import readwrite

__all__ = ["install"]


class Watched(Protocol):
    """What the loop needs of a connection, of the listening socket, and of the pipe that wakes it."""

    accepting: bool
    readable: Callable[[], bool]
    writable: Callable[[], bool]


def install(server: Any) -> None:
    """Make a waitress server, and the connections that it will have, use the loop of this system.

    Its channels have `at_rest`: whether nothing but an event changes what they want; they put themselves into
    the server's `awake` when they are made and changed, and call its `unwatch` before they are closed.
    """
    server.awake = set()
    server.unwatch = server.awake.discard
    if sys.platform == "linux":
        server.asyncore = EventLoop(server)
        server.pull_trigger = server.asyncore.wake


class EventLoop:
    """The loop, with the interface of waitress's module `wasyncore`, in whose place it is.

    Args:
        server: The server; its `awake` are looked at in each turn.
    """

    def __init__(self, server: Any) -> None:
        self._awake: set[Any] = server.awake
        self._awake.update(server._map.values())
        self._epoll = select.epoll()
        self._flags: dict[Any, int] = {}  # of those that the system watches
        self._wake: Callable[[], None] = server.trigger.pull_trigger
        self._woken = False
        server.unwatch = self.unwatch

    def loop(
        self, timeout: float = 30.0, use_poll: bool = True, map: Any = None, count: int | None = None
    ) -> None:
        """Handle events until nothing is open, or for some turns.

        Args:
            timeout: Seconds to wait for an event in a turn.
            use_poll: Of no effect here.
            map: What is open, by its file descriptor.
            count: Turns; None for any number.
        """
        while map and (count is None or count > 0):
            self._woken = False  # first: who changes anything from now on wakes the loop again
            for one in list(self._awake):
                self._watch(one)
            for number, flags in self._epoll.poll(timeout):
                found = map.get(number)
                if found is None:
                    self._stop_watching(number)  # a thread closed it as it was looked at
                    continue
                readwrite(found, flags)
                if found._fileno is not None:
                    self._awake.add(found)
            count = None if count is None else count - 1

    def wake(self) -> None:
        """End the wait for an event; many threads that ask for it at once write into the pipe once."""
        if not self._woken:
            self._woken = True
            self._wake()

    def unwatch(self, one: Any) -> None:
        """Forget a connection that is about to be closed; its number may be another's at once."""
        self._awake.discard(one)
        if self._flags.pop(one, 0):
            self._stop_watching(one._fileno)

    def _watch(self, one: Any) -> None:
        """Have the system watch for what a connection wants now."""
        rests = getattr(one, "at_rest", False)  # first: a thread that is done has changed all else before
        wanted, had, number = self._find_wanted(one), self._flags.get(one, 0), one._fileno
        if number is None or rests:
            self._awake.discard(one)
        if number is None or wanted == had:
            return
        with contextlib.suppress(OSError):  # a thread has closed it
            if not wanted:
                self._epoll.unregister(number)  # else the system reports that the other end has gone
            elif had:
                self._epoll.modify(number, wanted)
            else:
                self._epoll.register(number, wanted)
        self._flags[one] = wanted
        if not wanted:
            del self._flags[one]

    def _stop_watching(self, number: int) -> None:
        with contextlib.suppress(OSError):
            self._epoll.unregister(number)

    @staticmethod
    def _find_wanted(one: Watched) -> int:
        flags = select.EPOLLIN | select.EPOLLPRI if one.readable() else 0
        return flags | select.EPOLLOUT if one.writable() and not one.accepting else flags

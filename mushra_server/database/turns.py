"""Who may use the database next: whoever waits longest, page saves before all else.

A lock of the interpreter's own is no queue: a thread that has just given it back often gets it again, and one
that waits may do so for seconds while others come and go. Here a place that becomes free is handed over.
A database that is busy is waited for as long as it answers others, so that overload makes answers late rather
than fail; one that answers nobody is not, so that threads are left for what needs no database.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from mushra_server.errors import Unavailable

__all__ = ["BUSY", "OTHERS_EVERY", "RETRY_S", "Turns"]

RETRY_S = 5
BUSY = "the ratings database is busy, full or out of reach; nothing was stored: try again in a moment"
STALL_S = 2.0
"""Without an answer of the database, after which nobody waits for it any more."""
PATIENCE_S = 12.0
"""For a turn, while others get theirs: the page gives up after 20 seconds, and the answer takes some too."""
OTHERS_EVERY = 4
"""So many turns at most, of the database as of a thread (`web.task_queue`), before one goes to whoever has
waited longest: no flood of one kind stops another."""


@dataclass(eq=False)
class _Waiter:
    urgent: bool
    called: threading.Event = field(default_factory=threading.Event)


class Turns:
    """Places that requests take in turn.

    Args:
        places: How many may be taken at once.
        impatient: Whether nobody waits any more once nobody was answered for `STALL_S`.
    """

    def __init__(self, places: int, *, impatient: bool = True) -> None:
        self._free = places
        self._impatient = impatient
        self._waiting: list[_Waiter] = []  # who came first is first; never more than there are threads
        self._handed_over = 0
        self._lock = threading.Lock()
        self._answered = time.monotonic()
        self._stalled = False

    def take(self, *, urgent: bool = False) -> None:
        """Wait for a place; every one that was taken must be given back.

        Args:
            urgent: Go before most who are not.

        Raises:
            Unavailable: If the database answers nobody, or too many are before this one.
        """
        began = time.monotonic()
        with self._lock:
            if self._free:
                self._free -= 1
                return
            if self._stalled:
                raise Unavailable(BUSY, RETRY_S)
            own = _Waiter(urgent)
            self._waiting.append(own)
        while not own.called.wait(self._find_patience(began)):
            if self._gives_up(own, began):
                raise Unavailable(BUSY, RETRY_S)

    def give_back(self, *, answered: bool) -> None:
        """Hand a place to the next who waits, and note whether the database did what it was asked."""
        with self._lock:
            if answered:
                self._answered, self._stalled = time.monotonic(), False
            if not self._waiting:
                self._free += 1
                return
            self._handed_over += 1
            place = 0 if self._handed_over % OTHERS_EVERY == 0 else self._find_urgent()
            self._waiting.pop(place).called.set()

    def _find_urgent(self) -> int:
        return next((place for place, one in enumerate(self._waiting) if one.urgent), 0)

    def _find_patience(self, began: float) -> float:
        until = began + PATIENCE_S
        if self._impatient:
            until = min(max(self._answered, began) + STALL_S, until)
        return max(until - time.monotonic(), 0)

    def _gives_up(self, own: _Waiter, began: float) -> bool:
        """Leave the queue if it is time to, unless a place was handed over at the last moment."""
        with self._lock:
            if own.called.is_set() or self._find_patience(began) > 0:
                return False
            self._waiting.remove(own)
            if self._impatient and time.monotonic() - self._answered >= STALL_S:
                self._stalled = True
            return True

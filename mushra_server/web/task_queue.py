"""The order in which waitress's threads take requests: page saves first, sounds last, and nobody never."""

from __future__ import annotations

import re
import sys
from collections import deque
from typing import Any

from mushra_server.database.turns import OTHERS_EVERY

__all__ = ["TaskQueue", "share_interpreter"]

SWITCH_S = 0.0005
SAVE = re.compile(r".*/api/session/(pages/[0-9]+|finish)")
LATER = re.compile(r".*/(audio|picture)/[^/]*|.*/api/session")


def share_interpreter() -> None:
    """Let threads of this process take turns more often than Python does by itself.

    SQLite, hashing and every system call give the interpreter away and want it back. While another thread
    computes, that takes five milliseconds each time, and a page save is some twenty such steps.
    """
    sys.setswitchinterval(SWITCH_S)


class TaskQueue:
    """Connections with a request to be answered, with the part of a deque that waitress uses."""

    def __init__(self) -> None:
        self._queues: tuple[deque[tuple[int, Any]], ...] = (deque(), deque(), deque())
        self._arrived = 0
        self._taken = 0

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues)

    def append(self, channel: Any) -> None:
        """Put a connection where its request belongs."""
        self._arrived += 1
        self._queues[_rank(channel)].append((self._arrived, channel))

    def popleft(self) -> Any:
        """Take the connection that is next."""
        self._taken += 1
        waiting = [queue for queue in self._queues if queue]
        if self._taken % OTHERS_EVERY == 0:
            waiting.sort(key=lambda queue: queue[0][0])
        return waiting[0].popleft()[1]


def _rank(channel: Any) -> int:
    """Return 0 for a page save or the end of a session, 2 for sounds and starts, 1 for all else."""
    request = channel.requests[0] if channel.requests else None
    path = str(getattr(request, "path", ""))
    method = str(getattr(request, "command", ""))
    if method in {"PUT", "POST"} and SAVE.fullmatch(path):
        return 0
    return 2 if LATER.fullmatch(path) and method in {"GET", "POST"} else 1

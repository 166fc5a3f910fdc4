"""How many connections are open at once: as many as the system allows, none idle for long, not all for one.

A browser keeps six connections open. Each is a file of this process, and so is the sound that it may be
getting; their number is limited (`ulimit -n`).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

__all__ = ["Limits", "get_file_limit", "reserve_files"]

IDLE_S = 10
MOST = 8000
"""Each is looked at whenever anything happens: more would cost more time than they give."""
SPARE_FILES = 150  # the database, logs, sounds that are being sent
BROWSER_CONNECTIONS = 6
FILES_EACH = 2  # a connection, and a sound whose reader takes its time
WANTED_FILES = FILES_EACH * MOST + SPARE_FILES


@dataclass(frozen=True)
class Limits:
    """What the server allows.

    Attributes:
        connections: Open at once.
        per_address: Of them, from one address (IPv6: one /64); this machine's and a proxy's are not counted.
        idle_s: Seconds without a request after which one is closed.
    """

    connections: int
    per_address: int
    idle_s: int = IDLE_S

    @classmethod
    def of(cls, files: int) -> Limits:
        """Return what so many open files allow."""
        connections = max(50, min(MOST, (files - SPARE_FILES) // FILES_EACH))
        return cls(connections, max(25, connections // 2))

    @property
    def browsers(self) -> int:
        """How many browsers can be connected at once."""
        return self.connections // BROWSER_CONNECTIONS


def get_file_limit() -> int:
    """Return how many files this process may open (`ulimit -n`)."""
    if sys.platform == "win32":
        return WANTED_FILES
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return WANTED_FILES if soft == resource.RLIM_INFINITY else soft


def reserve_files() -> int:
    """Raise the limit of open files to what the connections need, as far as the system lets; return it."""
    if sys.platform != "win32" and get_file_limit() < WANTED_FILES:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return get_file_limit()

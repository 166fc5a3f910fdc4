"""How many connections are open at once: as many as the system allows, none idle for long, not all for a few.

A browser keeps six connections open. Each is a file of this process, and so is the sound that it may be
getting; their number is limited (`ulimit -n`).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Limits", "OpenConnections", "get_file_limit", "reserve_files"]

IDLE_S = 10
MOST = 8000
"""Each is looked at whenever anything happens: more would cost more time than they give."""
SPARE_FILES = 150  # the database, logs, sounds that are being sent
BROWSER_CONNECTIONS = 6
FILES_EACH = 2  # a connection, and a sound whose reader takes its time
WANTED_FILES = FILES_EACH * MOST + SPARE_FILES
SPARE_PLACES = 8
"""That are left when one of an address with most is closed for the next: without any, nobody gets in."""


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


class Connection(Protocol):
    """What has to be known of a connection to end it."""

    requests: list[object]

    def handle_close(self) -> None:
        """Close it."""


class OpenConnections:
    """The open connections by address (IPv6: one /64).

    Two addresses could otherwise have all of them. While there are hardly any left, an address that has fewer
    takes the place of one that has most. What is this machine's own, or the proxy's, makes room for nobody.

    Args:
        limits: What the server allows.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._of: dict[str | None, dict[Connection, None]] = {}  # a thread may close one

    def __len__(self) -> int:
        return sum(map(len, list(self._of.values())))

    def add(self, network: str | None, connection: Connection) -> None:
        """Count a connection; one that no limit applies to has None as its network."""
        self._of.setdefault(network, {})[connection] = None

    def remove(self, network: str | None, connection: Connection) -> None:
        """Count it no more."""
        own = self._of.get(network, {})
        own.pop(connection, None)
        if not own:
            self._of.pop(network, None)

    def admit(self, network: str | None) -> bool:
        """Tell whether one more may be opened; if need be, that of another address is closed for it."""
        own = 0 if network is None else len(self._of.get(network, ()))
        if own >= self._limits.per_address:
            return False
        if len(self) < self._limits.connections - SPARE_PLACES:
            return True
        others = [list(held) for name, held in list(self._of.items()) if name is not None]
        most = max(others, key=len, default=[])
        if len(most) > own + 1:
            next((one for one in most if not one.requests), most[0]).handle_close()
            return True
        return own < BROWSER_CONNECTIONS  # else it is one of those who have most

"""How many connections are open at once: as many as the system allows, none idle for long, not all for one.

A browser keeps six connections open. Each is a file of this process, whose number is limited (`ulimit -n`).
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any

from waitress.channel import HTTPChannel

from mushra_server.web.security import is_local, network_of

__all__ = ["Limits", "open_files", "reserve_files", "restrict"]

IDLE_S = 10
MOST = 8000
"""Each is looked at whenever anything happens: more would cost more time than they give."""
SPARE_FILES = 150  # the database, logs, sounds that are being sent
BROWSER_CONNECTIONS = 6


@dataclass(frozen=True)
class Limits:
    """What the server allows.

    Attributes:
        connections: Open at once.
        per_address: Of them, from one address (IPv6: one /64); those of this machine are not counted.
        idle_s: Seconds without a request after which one is closed.
    """

    connections: int
    per_address: int
    idle_s: int = IDLE_S

    @classmethod
    def of(cls, files: int, *, behind_proxy: bool = False) -> Limits:
        """Return what so many open files allow; a proxy's connections all come from one address."""
        connections = max(50, min(MOST, files - SPARE_FILES))
        return cls(connections, connections if behind_proxy else max(25, connections // 2))

    @property
    def browsers(self) -> int:
        """How many browsers can be connected at once."""
        return self.connections // BROWSER_CONNECTIONS


def open_files() -> int:
    """Return how many files this process may open (`ulimit -n`)."""
    if sys.platform == "win32":
        return MOST
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST + SPARE_FILES if soft == resource.RLIM_INFINITY else soft


def reserve_files() -> int:
    """Raise the limit of open files to what the connections need, as far as the system lets; return it."""
    wanted = MOST + SPARE_FILES
    if sys.platform != "win32" and open_files() < wanted:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return open_files()


class _Channel(HTTPChannel):
    """A connection that is counted while it is open."""

    def __init__(self, server: Any, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:
        super().__init__(server, sock, addr, adj, map)
        self.network = network_of(str(addr[0]))
        self.counts: Counter[str] = server.open_by_network
        self.counts[self.network] += 1

    def del_channel(self, map: Any = None) -> None:
        super().del_channel(map)
        counts, network = self.counts, self.network
        self.network = ""  # waitress may close a channel twice
        if counts[network] > 1:
            counts[network] -= 1
        else:
            del counts[network]


def restrict(server: Any, per_address: int) -> None:
    """Make a waitress server close at once what one address opens beyond its limit."""
    accept = server.accept
    server.open_by_network = Counter()
    server.channel_class = _Channel

    def accept_some() -> Any:
        found = accept()
        if found is None:
            return None
        connection, address = found
        name = str(address[0])
        if not is_local(name) and server.open_by_network[network_of(name)] >= per_address:
            connection.close()
            return None
        return found

    server.accept = accept_some

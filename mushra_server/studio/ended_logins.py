"""Logins that were ended before their time, for the event loop, which waits for no database."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from mushra_server.database.settings import hash_token

__all__ = ["EndedLogins"]

MOST = 10_000


class EndedLogins:
    """Whose cookies are still signed and open nothing: the newest of those that ended in this process."""

    def __init__(self) -> None:
        self._hashes: OrderedDict[str, None] = OrderedDict()

    def add(self, hashes: Iterable[str]) -> None:
        """Note the hashes of logins that have ended."""
        for one in hashes:
            self._hashes[one] = None
            while len(self._hashes) > MOST:
                self._hashes.popitem(last=False)

    def has(self, login: str) -> bool:
        """Tell whether a login has ended, by the name in its cookie."""
        return hash_token(login) in self._hashes

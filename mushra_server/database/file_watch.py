"""Whether the SQLite file that is open is still the one at its path.

A file that is removed or replaced under a running server keeps working for the server: what it acknowledges
reaches a file without a name, and is gone with the process. So every transaction looks before it begins and
again after its commit, and an answer goes out only if the file at the path is the one that was written.

Nothing here opens the database file a second time and closes it while it is in use: POSIX drops all locks of
a process on a file as soon as it closes any handle of it (https://sqlite.org/howtocorrupt.html, 2.2).
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from pathlib import Path

from mushra_server.errors import Unavailable

__all__ = ["FileWatch"]

MAGIC = b"SQLite format 3\x00"
HEADER_BYTES = 100
IDENTITY = slice(68, 72)  # the application id: random, so that another study's file is noticed
RETRY_S = 30

_handles: dict[tuple[int, int], tuple[int, int]] = {}  # by device and inode: file descriptor, users
_lock = threading.Lock()


class FileWatch:
    """Watches the file of an open SQLite database.

    Args:
        path: The database; it has its tables, and its journal mode is WAL.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        # An open connection keeps the log from being removed when the last other connection closes.
        self._keeper = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        identity = _identify(self._keeper)
        self._key = _key(self.path.stat())
        self._file = _acquire(self.path, self._key)
        # A new id may be only in the log, while another process reads.
        self._identities = {identity, os.pread(self._file, HEADER_BYTES, 0)[IDENTITY]}
        self._watched = {self.path: self._key}
        log = self.path.with_name(f"{self.path.name}-wal")
        if log.exists():  # some network file systems have no write-ahead log
            self._watched[log] = _key(log.stat())

    def check(self) -> None:
        """Compare the file at the path with the one that is open.

        Raises:
            Unavailable: 503 if it was removed, replaced or overwritten, or its log was.
        """
        problem = self._problem()
        if problem is not None:
            raise Unavailable(
                f"the ratings database {problem} while the server was running; nothing was stored: "
                "keep this page open, and tell the experimenter to put the file back and restart the server",
                RETRY_S,
            )

    def close(self) -> None:
        """Stop watching; call it after every other connection of this process is closed."""
        self._keeper.close()
        _release(self._key)

    def _problem(self) -> str | None:
        for path, key in self._watched.items():
            try:
                found = _key(path.stat())
            except OSError as error:
                gone = isinstance(error, FileNotFoundError | NotADirectoryError)
                return f"{path.name} {'was removed' if gone else 'became unreadable'}"
            if found != key:
                return f"{path.name} was replaced"
        header = os.pread(self._file, HEADER_BYTES, 0)
        if not header.startswith(MAGIC) or header[IDENTITY] not in self._identities:
            return f"{self.path.name} was overwritten"
        return None


def _identify(connection: sqlite3.Connection) -> bytes:
    """Return the application id in the file's header; give the file one if it has none."""
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    if found == 0:
        connection.execute("BEGIN IMMEDIATE")  # two workers that start together agree on one
        (found,) = connection.execute("PRAGMA application_id").fetchone()
        if found == 0:
            found = secrets.randbelow(2**31 - 1) + 1
            connection.execute(f"PRAGMA application_id = {found}")
        connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return int(found & 0xFFFFFFFF).to_bytes(4, "big")


def _key(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _acquire(path: Path, key: tuple[int, int]) -> int:
    with _lock:
        handle, users = _handles.get(key, (-1, 0))
        if not users:
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        _handles[key] = handle, users + 1
        return handle


def _release(key: tuple[int, int]) -> None:
    with _lock:
        handle, users = _handles.pop(key)
        if users > 1:
            _handles[key] = handle, users - 1
        else:
            os.close(handle)

"""Whether the SQLite file that is open is still the one at its path.

A file that is removed or replaced under a running server keeps working for the server: what it acknowledges
reaches a file without a name, and is gone with the process. So every transaction looks before it begins and
again after its commit, and an answer goes out only if the file at the path is the one that was written.

Nothing here opens such a file a second time and closes it while it is in use: POSIX drops all locks of
a process on a file as soon as it closes any handle of it (https://sqlite.org/howtocorrupt.html, 2.2).

An earlier copy of the same database, or of its log, that is written over it has its id. The database's header
counts how often its first page was written, the log's is told from others by two random numbers, which
SQLite's index of the log has, too (https://sqlite.org/fileformat2.html, https://sqlite.org/walformat.html).
"""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path

from mushra_server.database.files.sqlite import Log, OpenFile, key_of
from mushra_server.errors import StoreError, Unavailable

__all__ = ["FileWatch"]

MAGIC = b"SQLite format 3\x00"
HEADER_BYTES = 100
LOGGED = slice(18, 20)  # whether there is a log: in a backup there is none
CHANGES = slice(24, 28)
IDENTITY = slice(68, 72)  # the application id: random, so that another study's file is noticed
RETRY_S = 30


class FileWatch:
    """Watches the file of an open SQLite database.

    Args:
        path: The database; it has its tables, and its journal mode is WAL.
        named: Where a study's user finds it, by links that may lead elsewhere later.

    Raises:
        StoreError: If it cannot be written to, such as on a full disk.
    """

    def __init__(self, path: Path, named: Path | None = None) -> None:
        self.path = path.resolve()
        # An open connection keeps the log from being removed when the last other connection closes.
        self._keeper = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            identity = _identify(self._keeper)
        except sqlite3.Error as error:
            self._keeper.close()
            raise StoreError(
                f"{path}: the database cannot be used ({error}); make room on its disk, and let the server "
                "write to it"
            ) from None
        self._file = OpenFile(self.path)
        # A new id may be only in the log, while another process reads.
        header = self._file.read(HEADER_BYTES)
        self._identities = {identity, header[IDENTITY]}
        self._logged = header[LOGGED]
        self._changes = header[CHANGES]
        names = {self.path, path.absolute(), *(() if named is None else (named.absolute(),))}
        self._watched = {name: self._file.key for name in names if name.exists() and name.samefile(self.path)}
        log = self.path.with_name(f"{self.path.name}-wal")
        self._log = Log(log) if log.exists() else None  # some network file systems have none
        if self._log is not None:
            self._watched |= self._log.keys

    def check(self) -> None:
        """Compare the file at the path with the one that is open.

        Raises:
            Unavailable: 503 if it was removed, replaced or overwritten, or its log was.
        """
        problem = self.find_problem()
        if problem is not None:
            raise Unavailable(
                f"the ratings database {problem} while the server was running; nothing was stored: "
                "keep this page open, and tell the experimenter to put the file back and restart the server",
                RETRY_S,
            )

    def find_problem(self) -> str | None:
        """Return what has happened to the file at the path, such as `NAME was removed`, or None."""
        try:
            return self._compare()
        except OSError as error:  # of a disk that fails
            return f"cannot be read ({error.strerror})"

    def close(self) -> None:
        """Stop watching; call it after every other connection of this process is closed."""
        self._keeper.close()
        self._file.close()
        if self._log is not None:
            self._log.close()

    def _compare(self) -> str | None:
        for path, key in self._watched.items():
            try:
                found = key_of(path.stat())
            except OSError as error:
                gone = isinstance(error, FileNotFoundError | NotADirectoryError)
                return f"{path.name} {'was removed' if gone else 'became unreadable'}"
            if found != key:
                return f"{path.name} was replaced"
        changes = self._changes  # before the header is read: another thread may raise it meanwhile
        header = self._file.read(HEADER_BYTES)
        own = header.startswith(MAGIC) and header[IDENTITY] in self._identities
        if not own or header[LOGGED] != self._logged or header[CHANGES] < changes:
            return f"{self.path.name} was overwritten"
        self._changes = header[CHANGES]
        if self._log is not None and self._log.is_overwritten():
            return f"{self._log.path.name} was overwritten"
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

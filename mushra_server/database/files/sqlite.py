"""SQLite's files: checked before they are served, and looked at while SQLite has them open.

POSIX drops all locks of a process on a file as soon as it closes any handle of it, so there is one handle for
all who look, and it is closed only after the last connection (https://sqlite.org/howtocorrupt.html, 2.2).
Connections of one process share what they know of its locks, so one that is opened next to another relies on
a lock that is gone, and a command beside the server may then remove the log that it writes to.

SQLite reads its write-ahead log by an index in shared memory (`-shm`), and does not look whether the log is
as the index says. If an earlier copy is written over it, what comes after is stored at places that the next
start does not reach, and so is lost (https://sqlite.org/walformat.html).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import struct
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from mushra_server.errors import StoreError

__all__ = ["MAX_WAITED_BYTES", "Log", "OpenFile", "check_integrity", "keep_handles", "key_of"]

MAX_WAITED_BYTES = 100_000_000
"""A larger file is checked while it is served: it would take longer than a second."""
LOG_HEADER_BYTES = 32
LOG_SALTS = slice(16, 24)
FRAME_HEADER_BYTES = 24
INDEX_BYTES = 48  # twice: if the two differ, they are being written
INDEX_SALTS = slice(32, 40)
SIZES = struct.Struct("=14xHI")  # of a page, and the number of pages; in the byte order of the machine
LARGEST_PAGE = 65_536  # does not fit into two bytes, and is written as 1
TRIES = 3

Key = tuple[int, int]

_handles: dict[Key, tuple[int, int]] = {}  # by device and inode: file descriptor, users
_connected: Counter[Path] = Counter()  # by database: how many have connections to it
_unused: defaultdict[Path, list[int]] = defaultdict(list)  # by database: handles to be closed after those
_lock = threading.Lock()


@contextlib.contextmanager
def keep_handles(path: Path) -> Iterator[None]:
    """Keep handles of a database's files open while a block has connections to it, whoever else is done.

    Args:
        path: The database.
    """
    path = path.resolve()
    with _lock:
        _connected[path] += 1
    try:
        yield
    finally:
        with _lock:
            _connected[path] -= 1
            if not _connected[path]:
                del _connected[path]
                for handle in _unused.pop(path, []):
                    os.close(handle)


class OpenFile:
    """A file that SQLite has open, to be read from.

    Args:
        path: The file.
        database: The database that it is one of the files of; by default it is the database.
    """

    def __init__(self, path: Path, database: Path | None = None) -> None:
        self.path = path
        self._database = (database or path).resolve()
        self.key = key_of(path.stat())
        with _lock:
            self._handle, users = _handles.get(self.key, (-1, 0))
            if not users:
                self._handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            _handles[self.key] = self._handle, users + 1

    def read(self, count: int) -> bytes:
        """Return the bytes that it begins with."""
        return os.pread(self._handle, count, 0)

    def measure(self) -> int:
        """Return how many bytes it has."""
        return os.fstat(self._handle).st_size

    def close(self) -> None:
        """Close it, if nobody else looks at it, once no connection that was announced is left."""
        with _lock:
            handle, users = _handles.pop(self.key)
            if users > 1:
                _handles[self.key] = handle, users - 1
            elif self._database in _connected:
                _unused[self._database].append(handle)
            else:
                os.close(handle)


class Log:
    """The log of an open database.

    Args:
        path: The log. Its index is next to it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        database = path.with_name(path.name.removesuffix("-wal"))
        self._file = OpenFile(path, database)
        self._index = OpenFile(path.with_name(f"{database.name}-shm"), database)

    @property
    def keys(self) -> dict[Path, Key]:
        """What tells its files from others; a program that finds no index makes another one."""
        return {file.path: file.key for file in (self._file, self._index)}

    def is_overwritten(self) -> bool:
        """Tell whether the log is another one than its index says, or shorter."""
        for _ in range(TRIES):
            before = self._index.read(2 * INDEX_BYTES)
            header, size = self._file.read(LOG_HEADER_BYTES), self._file.measure()
            index = before[:INDEX_BYTES]
            if before[INDEX_BYTES:] != index or self._index.read(2 * INDEX_BYTES) != before:
                continue  # it is being written
            page_bytes, last = SIZES.unpack_from(index)
            if not last:  # all of it is in the database, and the next page starts it over
                return False
            page_bytes = LARGEST_PAGE if page_bytes == 1 else page_bytes
            needed = LOG_HEADER_BYTES + last * (FRAME_HEADER_BYTES + page_bytes)
            return header[LOG_SALTS] != index[INDEX_SALTS] or size < needed
        return False

    def close(self) -> None:
        """Close the files."""
        self._file.close()
        self._index.close()


def key_of(found: os.stat_result) -> Key:
    """Return what tells a file from others, whatever its name is."""
    return found.st_dev, found.st_ino


def check_integrity(path: Path) -> None:
    """Run `PRAGMA quick_check` on a database.

    Raises:
        StoreError: If it is damaged, with the first thing that is wrong.
    """
    with keep_handles(path), contextlib.closing(sqlite3.connect(path)) as connection:
        try:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            found = str(error)
    if found != "ok":
        said = " ".join(found.removeprefix("*** in database main ***").split())
        raise StoreError(
            f"{path}: the database is damaged ({said}); expected a sound one: restore a backup made with "
            "`listenable backup` (docs/server.md, Backups)"
        )

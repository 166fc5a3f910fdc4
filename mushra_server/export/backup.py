"""A copy of a ratings database while it is served, by SQLite's online backup.

Copying the one file is not a backup: what was committed last is in `ratings.sqlite3-wal`, and a page that is
written during the copy leaves half of it old and half of it new.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from mushra_server.database.integrity import check_integrity
from mushra_server.errors import ServerError
from stimuli.files import atomic_path, create

__all__ = ["back_up"]

BUSY_S = 30.0


def back_up(url: str, out: Path) -> int:
    """Write a consistent copy of a SQLite database, which may be in use, and check it.

    Args:
        url: The database.
        out: The copy: one file, readable by its owner only.

    Returns:
        The number of sessions in the copy.

    Raises:
        ServerError: If the database is not SQLite's or not there, `out` exists, or the copy is damaged.
    """
    source = _sqlite_file(url)
    if not source.is_file():
        raise ServerError(f"{source}: not found; the study has not been served yet")
    if out.exists():
        raise ServerError(f"{out}: exists already; choose another name with --out")
    try:
        with atomic_path(out) as temporary:
            os.close(create(temporary, private=True))
            return _copy(source, temporary)
    except sqlite3.Error as error:
        raise ServerError(f"{source}: cannot be copied ({error})") from None


def _copy(source: Path, out: Path) -> int:
    read_only = f"{source.resolve().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(read_only, uri=True, timeout=BUSY_S)) as found,
        closing(sqlite3.connect(out)) as copy,
    ):
        found.backup(copy)  # in one step: one moment of the database, while others keep writing
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log next to it
        sessions = int(copy.execute("SELECT COUNT(*) FROM sessions").fetchone()[0])
    check_integrity(out)
    return sessions


def _sqlite_file(url: str) -> Path:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ServerError(
            f"database URL {url!r}: expected sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from None
    if parsed.get_backend_name() != "sqlite":
        raise ServerError(
            f"the database is {parsed.get_backend_name()}, which `listenable backup` does not copy; "
            f"use its own program: pg_dump -Fc -f FILE {parsed.database or 'NAME'}"
        )
    return Path(parsed.database or "")

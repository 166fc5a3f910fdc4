"""A copy of a ratings database while it is served: one SQLite file, whatever the database is.

Copying SQLite's file is not a backup: what was committed last is in `ratings.sqlite3-wal`, and a page that is
written during the copy leaves half of it old and half of it new. SQLite's online backup copies one moment,
and so does one transaction of PostgreSQL, whose rows are written into the same tables.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, make_url, select
from sqlalchemy.exc import ArgumentError

from mushra_server.database.database import Database, sqlite_url
from mushra_server.database.files.sqlite import check_integrity, keep_handles
from mushra_server.database.schema import metadata, sessions
from mushra_server.errors import ServerError
from stimuli.files import atomic_path, create

__all__ = ["back_up"]

BUSY_S = 30.0
ROWS_AT_ONCE = 200
"""In memory, of which the studio's serving process has little: a page's answer may take 64 KiB."""


def back_up(url: str, out: Path) -> int:
    """Write a consistent copy of a database, which may be in use, and check it.

    Args:
        url: The database.
        out: The copy: one SQLite file, readable by its owner only.

    Returns:
        The number of sessions in the copy.

    Raises:
        ServerError: If the database is not there, `out` exists, or the copy is damaged.
    """
    source = _sqlite_file(url)
    if source is not None and not source.is_file():
        raise ServerError(f"{source}: not found; the study has not been served yet")
    if out.exists():
        raise ServerError(f"{out}: exists already; choose another name with --out")
    try:
        with atomic_path(out) as temporary:
            os.close(create(temporary, private=True))
            return _copy_rows(url, temporary) if source is None else _copy_file(source, temporary)
    except sqlite3.Error as error:
        raise ServerError(f"{source or 'the database'}: cannot be copied ({error})") from None


def _copy_rows(url: str, out: Path) -> int:
    source = Database(url, create=False)
    copy = Database(sqlite_url(out))
    try:
        with source.read(patient=True) as found, copy.write() as written:
            found.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            for table in metadata.sorted_tables:
                written.execute(table.delete())  # the new file's own schema version
                # Else psycopg fetches all rows before the first of them is seen.
                some = found.execute(select(table), execution_options={"yield_per": ROWS_AT_ONCE})
                for rows in some.mappings().partitions():
                    written.execute(table.insert(), [dict(row) for row in rows])
            count = int(written.execute(select(func.count()).select_from(sessions)).scalar_one())
    finally:
        copy.close()
        source.close()
    with closing(sqlite3.connect(out)) as one_file:
        one_file.execute("PRAGMA journal_mode = DELETE")
    check_integrity(out)
    return count


def _copy_file(source: Path, out: Path) -> int:
    read_only = f"{source.resolve().as_uri()}?mode=ro"
    with (
        keep_handles(source),
        closing(sqlite3.connect(read_only, uri=True, timeout=BUSY_S)) as found,
        closing(sqlite3.connect(out)) as copy,
    ):
        found.backup(copy)  # in one step: one moment of the database, while others keep writing
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log next to it
        count = int(copy.execute("SELECT COUNT(*) FROM sessions").fetchone()[0])
    check_integrity(out)
    return count


def _sqlite_file(url: str) -> Path | None:
    """Return the file of a SQLite database, None for PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ServerError(
            f"database URL {url!r}: expected sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from None
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None

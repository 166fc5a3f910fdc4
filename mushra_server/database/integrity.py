"""SQLite's own check of a database file, before it is served."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from mushra_server.errors import StoreError

__all__ = ["MAX_WAITED_BYTES", "check_integrity"]

MAX_WAITED_BYTES = 100_000_000
"""A larger file is checked while it is served: it would take longer than a second."""


def check_integrity(path: Path) -> None:
    """Run `PRAGMA quick_check` on a database.

    Raises:
        StoreError: If it is damaged, with the first thing that is wrong.
    """
    connection = sqlite3.connect(path)
    try:
        found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        found = str(error)
    finally:
        connection.close()
    if found != "ok":
        said = " ".join(found.removeprefix("*** in database main ***").split())
        raise StoreError(
            f"{path}: the database is damaged ({said}); expected a sound one: restore a backup made with "
            "`listenable backup` (docs/server.md, Backups)"
        )

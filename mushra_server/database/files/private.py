"""Files that only their owner may read: a ratings database names people, and holds the server's keys."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from pathlib import Path

__all__ = ["make_private"]

FILE_MODE = 0o600
# What SQLite keeps next to a database; it gives them the mode of the database.
ENDINGS = ("", "-wal", "-shm", "-journal")

logger = logging.getLogger(__name__)


def make_private(database: Path, *, create: bool) -> None:
    """Let only the owner read a database file and its logs; say so if others could.

    Args:
        database: The SQLite file.
        create: Make an empty file if there is none, so that nobody can open it before it is private.
    """
    if create:
        with contextlib.suppress(FileExistsError, FileNotFoundError):  # SQLite reports a missing folder
            os.close(os.open(database, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
    if os.name == "nt":  # which has no such modes
        return
    for ending in ENDINGS:
        with contextlib.suppress(FileNotFoundError):
            _tighten(database.with_name(database.name + ending))


def _tighten(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & ~FILE_MODE:
        return
    try:
        path.chmod(mode & FILE_MODE)
    except PermissionError:
        logger.warning(
            "%s: others may read it (mode %03o), and it belongs to another user; expected mode %03o",
            path,
            mode,
            FILE_MODE,
        )
    else:
        logger.warning("%s: others could read it (mode %03o); now only its owner can", path, mode)

"""One training at a time in a run's folder: a second one would take what the first is writing for its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from interpreter.errors import RunError

__all__ = ["alone_in"]


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other trainings out of a folder, which is made if it is missing, until this one ends or is killed.

    Windows, and some network file systems, cannot lock a folder: there nobody is kept out.

    Raises:
        RunError: another process is training in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = None if os.name == "nt" else os.open(folder, os.O_RDONLY)
    try:
        if handle is not None:
            _lock(handle, folder)
        try:
            yield
        finally:
            with suppress(OSError):  # it is not empty
                folder.rmdir()
    finally:
        if handle is not None:
            os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RunError(
            f"{folder}: another process is training in this folder; choose another one, or wait until it has "
            "ended"
        ) from None
    except OSError:
        return  # of a file system that has no locks

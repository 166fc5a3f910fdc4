"""Temporary folders that no kill leaves for good: they have ratings, and may be as large as a study."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from stimuli.files import lock_folder

__all__ = ["remove_abandoned", "temporary_folder"]

PREFIX, ENDING = ".listenable-", ".part"  # as of no folder that somebody makes
LEFTOVER_S = 3600.0


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give an empty folder, which is removed at the end, or an hour after its process was killed."""
    remove_abandoned()
    with tempfile.TemporaryDirectory(ENDING, PREFIX) as name, lock_folder(Path(name)):
        yield Path(name)


def remove_abandoned() -> None:
    """Remove the folders of processes that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*{ENDING}"):
        with contextlib.suppress(OSError):  # removed meanwhile, or somebody else's
            if path.is_symlink() or not path.is_dir() or time.time() - path.stat().st_mtime < LEFTOVER_S:
                continue
            with lock_folder(path):  # in use as long as another process, or this one, has it
                shutil.rmtree(path, ignore_errors=True)

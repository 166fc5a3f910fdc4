"""One studio at a time has a folder of studies.

Whether a study is being built, opened or given other sounds is decided under locks of one process, and so is
what an account may take at once. Two processes would not know of each other.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mushra_server.errors import StoreError
from mushra_server.studio.store import DATA_FOLDER

__all__ = ["lock_folder"]

NAME = "lock"


def lock_folder(folder: Path) -> int:
    """Lock the folder of the studies and return a descriptor; the lock ends with it, also if it is killed.

    Args:
        folder: Made if it is missing.

    Raises:
        StoreError: If another studio has it.
    """
    data = folder / DATA_FOLDER
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(data / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise StoreError(
                f"{folder}: another studio serves this folder; stop it first, or choose another folder"
            ) from None
        except OSError:  # of some network file systems, which have no locks
            pass
    return handle

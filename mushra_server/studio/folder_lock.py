"""One studio at a time has a folder of studies.

Whether a study is being built, opened or given other sounds is decided under locks of one process, and so is
what an account may take at once. Two processes would not know of each other.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from mushra_server.errors import StoreError
from mushra_server.studio.store import DATA_FOLDER
from stimuli.files import lock_folder

__all__ = ["take_folder"]


def take_folder(folder: Path) -> ExitStack:
    """Take the folder of the studies, which is given back by closing what is returned, or by being killed.

    Args:
        folder: Made if it is missing.

    Raises:
        StoreError: Another studio has it.
    """
    data = folder / DATA_FOLDER
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = ExitStack()
    try:
        held.enter_context(lock_folder(data))
    except BlockingIOError:
        raise StoreError(
            f"{folder}: another studio serves this folder; stop it first, or choose another folder"
        ) from None
    return held

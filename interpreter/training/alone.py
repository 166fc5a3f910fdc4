"""One training at a time in a run's folder: a second one would take what the first is writing for its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from interpreter.errors import RunError
from stimuli.files import lock_folder

__all__ = ["alone_in"]


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other trainings out of a folder, which is made if it is missing, until this one ends or is killed.

    A folder that was made here and has nothing in it at the end, as the training was refused, is removed.

    Raises:
        RunError: another process is training in it.
    """
    made = not folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        try:
            held.enter_context(lock_folder(folder))
        except BlockingIOError:
            raise RunError(
                f"{folder}: another process is training in this folder; choose another one, or wait until it "
                "has ended"
            ) from None
        try:
            yield
        finally:
            if made:
                with suppress(OSError):  # it is not empty
                    folder.rmdir()

"""A file that is written to as long as its disk has room.

How long an export will be is not known before: a table repeats each answer of a listener in every row of
theirs, so that a ratings database of megabytes may become gigabytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["LOOK_CHARS", "LookingFile", "Looks"]

LOOK_CHARS = 16 * 1024**2
"""Between looks."""


class Looks:
    """Looks now and then.

    Args:
        look: Raises if writing may not go on.
    """

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._unseen = 0

    def count(self, chars: int) -> None:
        """Look if so much has been written since the last time."""
        self._unseen += chars
        if self._unseen >= LOOK_CHARS:
            self._unseen = 0
            self._look()


class LookingFile:
    """A file, of text or bytes, that looks now and then whether it may go on.

    Args:
        file: What is written to, and does everything else.
        look: Raises if it may not.
    """

    def __init__(self, file: Any, look: Callable[[], None]) -> None:
        self._file = file
        self._looks = Looks(look)

    def write(self, content: Any) -> int:
        """Write some content, after a look if there has been none for long."""
        self._looks.count(len(content))
        return int(self._file.write(content))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

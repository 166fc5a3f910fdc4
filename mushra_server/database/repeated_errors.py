"""Errors and warnings that repeat: one cause would otherwise write lines for every request."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict

__all__ = ["EVERY_S", "RepeatedErrors"]

EVERY_S = 10.0
MOST_KINDS = 100


class RepeatedErrors:
    """Logs what is of one kind at most once in ten seconds, and says how often it was not logged.

    Args:
        logger: Where it is logged.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._lock = threading.Lock()
        self._kinds: OrderedDict[str, tuple[float, int]] = OrderedDict()  # when it was logged, how many since

    def log(
        self,
        kind: str,
        message: str,
        *values: object,
        level: int = logging.ERROR,
        exc_info: BaseException | None = None,
    ) -> None:
        """Log an error, unless one of its kind was logged just before.

        Args:
            kind: What is the same about errors that repeat.
            message: As for a logger.
            values: The values in the message.
            level: As for a logger, and so is `exc_info`.
            exc_info: The failure whose traceback is logged.
        """
        now = time.monotonic()
        with self._lock:
            logged, more = self._kinds.pop(kind, (now - EVERY_S, 0))
            due = now - logged >= EVERY_S
            self._kinds[kind] = (now, 0) if due else (logged, more + 1)
            while len(self._kinds) > MOST_KINDS:
                self._kinds.popitem(last=False)
        if due:
            since = f" ({more} more since the last)" if more else ""
            self._logger.log(level, f"{message}%s", *values, since, exc_info=exc_info)

"""Requests that take seconds of the processor, or gigabytes: few at once, so that others have threads too."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from mushra_server.errors import Refusal

__all__ = ["IN_ALL", "PER_ACCOUNT", "Places"]

PER_ACCOUNT = 4
IN_ALL = 8
"""Half of the web server's threads; the others are for listeners."""
KEPT = 2
"""Of all, for accounts that have none: two accounts would otherwise keep everybody else out."""
RETRY_S = 3


class Places:
    """Counts the requests of this kind that are being answered.

    Args:
        per_account: Most of one account.
        in_all: Most of all accounts.
    """

    def __init__(self, per_account: int = PER_ACCOUNT, in_all: int = IN_ALL) -> None:
        self.per_account, self.in_all = per_account, in_all
        self._lock = threading.Lock()
        self._of: Counter[int] = Counter()

    @contextmanager
    def place(self, account: int) -> Iterator[None]:
        """Count one as long as the block lasts.

        Raises:
            Refusal: 503 if there are too many.
        """
        with self._lock:
            own = self._of[account]
            if own >= self.per_account or self._of.total() >= self.in_all - (KEPT if own else 0):
                raise Refusal("the studio is busy; try again in a moment", 503, retry_after_s=RETRY_S)
            self._of[account] += 1
        try:
            yield
        finally:
            with self._lock:
                self._of[account] -= 1
                self._of += Counter()  # forget who has none

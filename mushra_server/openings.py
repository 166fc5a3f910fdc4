"""Who may have a study opened, which takes a second for thousands of sounds, and wait until it is.

Studies are closed to make room, so that whoever asks for all of them in turn has each opened again and again:
without a limit they would have all places, and the processor, and everybody else would find their study
closed, and no place to wait for it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from mushra_server.errors import Refusal, Unavailable
from mushra_server.web.security import RateLimiter, is_local, network_of

__all__ = ["MOST_WAITING", "MOST_WAITING_IN_ALL", "PER_ADDRESS", "BeingOpened", "Openings"]

MOST_WAITING = 4
"""Requests that wait until a study is opened: the web server has more threads, for other studies."""
MOST_WAITING_IN_ALL = 8
"""Of all studies: one of thousands of sounds takes seconds, and so do those that are opened beside it."""
PER_ADDRESS = 2
"""Of those; who has one gets none of the last two."""
AGAIN_S, AGAIN_SHARE = 30.0, 0.1
"""Of the processor, for what an address has opened again: at once, and in the long run. The first time is for
everybody."""
LATELY_S = 60.0
"""Whoever had a study opened again since then gets none of the last four places: many addresses that do so
would otherwise have all."""
RETRY_S = 5


class BeingOpened(Unavailable):
    """There is no place for those who wait until a study is opened."""

    def __init__(self) -> None:
        super().__init__("this study is being opened: try again in a moment", RETRY_S)


class Openings:
    """The requests that open a study, or wait for that.

    Args:
        everyone: Also limit the addresses of this machine.
    """

    def __init__(self, *, everyone: bool = False) -> None:
        self._everyone = everyone
        self._lock = threading.Lock()
        self._of_study: Counter[str] = Counter()
        self._of_address: Counter[str] = Counter()
        self._again = RateLimiter(AGAIN_SHARE, int(AGAIN_S), everyone=everyone)
        self._seconds: dict[str, float] = {}
        self._lately: OrderedDict[str, float] = OrderedDict()  # by address: when it last had one opened again

    @property
    def waiting(self) -> Counter[str]:
        """How many wait, by study."""
        return self._of_study

    @contextmanager
    def place(self, name: str, address: str) -> Iterator[None]:
        """Count a request for a study as long as the block lasts.

        Raises:
            BeingOpened: If too many wait for it, or for all.
        """
        network = network_of(address)
        with self._lock:
            own, all_of_them = self._of_address[network], self._of_address.total()
            if not self._everyone and is_local(address):
                own = 0
            kept = 2 * PER_ADDRESS if self._was_here(network) else PER_ADDRESS if own else 0
            full = all_of_them >= MOST_WAITING_IN_ALL - kept
            if full or own >= PER_ADDRESS or self._of_study[name] >= MOST_WAITING:
                raise BeingOpened
            self._of_study[name] += 1
            self._of_address[network] += 1
        try:
            yield
        finally:
            with self._lock:
                self._of_study[name] -= 1
                self._of_address[network] -= 1
                self._of_address += Counter()  # forget who has none

    def charge(self, name: str, address: str) -> None:
        """Take what opening a study took before from what an address may have.

        Raises:
            BeingOpened: If it has too little left.
        """
        seconds = self._seconds.get(name)
        if seconds is None:
            return
        try:
            self._again.check(address, min(seconds, AGAIN_S / 2))
        except Refusal:
            raise BeingOpened from None
        if self._everyone or not is_local(address):
            with self._lock:
                self._lately.pop(network_of(address), None)
                self._lately[network_of(address)] = time.monotonic()

    def note(self, name: str, seconds: float) -> None:
        """Remember how many seconds of the processor it took to open a study."""
        self._seconds[name] = seconds

    def _was_here(self, network: str) -> bool:
        while self._lately and next(iter(self._lately.values())) < time.monotonic() - LATELY_S:
            self._lately.popitem(last=False)
        return network in self._lately

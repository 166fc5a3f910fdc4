"""What takes long, under a server with threads of its own: few at once, as `task_queue` has it for waitress.

gunicorn gives a thread to whoever comes. Each that works out a long session makes all others of its process
wait for the interpreter, and a few dozen take all threads. Few of a kind compute, few wait, fewer still of
one address, and none for long before those who have asked less; the others are told to come again, as the
participant page does by itself.
"""

from __future__ import annotations

import threading
import time
from collections import Counter

from flask import Flask, g, request

from mushra_server.errors import Refusal
from mushra_server.web.security import is_local, network_of

__all__ = ["FewAtOnce", "install"]

STATES, POSTED, USUAL = "states", "posted", "usual"
KINDS = {
    "api.open_session": STATES,
    "api.show_session": STATES,
    "webmushra.write": POSTED,
    "remote_service": POSTED,
}
"""Endpoints whose requests take long, by what they share places with."""
AT_ONCE = {STATES: 2, POSTED: 1, USUAL: 2}
"""In each process, of which there are several."""
USUAL_BYTES = 64 * 1024
"""Of a posted session: webMUSHRA's page sends it once, and says thanks whatever the answer is."""
WAITING = 6
"""Of each kind: of sixteen threads, some are left for pages."""
PER_ADDRESS = 5
WAITING_USUAL = 10
NEVER_REFUSED = 60
"""Usual sessions of one address, lately and in each process: a class that ends at one moment."""
RETRY_S = 1
HALF_LIFE_S = 10.0
"""Of what an address has had."""


class _Waiting:
    def __init__(self, address: str) -> None:
        self.address = address
        self.told = threading.Event()
        self.displaced = False


class FewAtOnce:
    """Requests of one kind, of which few compute at once.

    While all places are taken, whoever has had fewer lately takes that of one who waits and has had more:
    two addresses that ask all the time would else keep everybody out.

    Args:
        most: How many compute.
        waiting: How many wait.
        per_address: How many of one address do either; the machine's own are not limited.
        never_refused: How many an address may have lately and is not refused, however many wait.
    """

    def __init__(
        self, most: int, waiting: int = WAITING, per_address: int = PER_ADDRESS, never_refused: int = 0
    ) -> None:
        self._most, self._most_waiting, self._per_address = most, waiting, per_address
        self._never_refused = never_refused
        self._computing = 0
        self._waiting: list[_Waiting] = []
        self._of: Counter[str] = Counter()
        self._lately: Counter[str] = Counter()
        self._halved_at = time.monotonic()
        self._lock = threading.Lock()

    def take(self, address: str) -> None:
        """Wait for a place, which must be given back.

        Raises:
            Refusal: 503 if too many wait.
        """
        with self._lock:
            self._forget_slowly()
            crowded = not is_local(address) and self._of[address] >= self._per_address
            full = self._computing == self._most and len(self._waiting) >= self._most_waiting
            if self._lately[address] >= self._never_refused and (
                crowded or (full and not self._displace_for(address))
            ):
                raise _busy()
            self._of[address] += 1
            self._lately[address] += 1
            if self._computing < self._most:
                self._computing += 1
                return
            own = _Waiting(address)
            self._waiting.append(own)
        own.told.wait()
        if own.displaced:
            raise _busy()

    def give_back(self, address: str) -> None:
        """Let the next one compute."""
        with self._lock:
            self._leave(address)
            if self._waiting:
                self._waiting.pop(0).told.set()
            else:
                self._computing -= 1

    def _displace_for(self, address: str) -> bool:
        """Send away the last who waits of those who have had most; not for one who has had as much."""
        chosen = max(reversed(self._waiting), key=lambda one: self._lately[one.address], default=None)
        if chosen is None or self._lately[chosen.address] <= self._lately[address] + 1:  # with this one
            return False
        self._waiting.remove(chosen)
        self._leave(chosen.address)
        chosen.displaced = True
        chosen.told.set()
        return True

    def _leave(self, address: str) -> None:
        self._of[address] -= 1
        self._of += Counter()  # forget who has none

    def _forget_slowly(self) -> None:
        while self._lately and time.monotonic() - self._halved_at >= HALF_LIFE_S:
            self._halved_at += HALF_LIFE_S
            self._lately = Counter({one: had // 2 for one, had in self._lately.items() if had > 1})
        if not self._lately:
            self._halved_at = time.monotonic()


def _busy() -> Refusal:
    return Refusal("the server is busy; try again in a moment", 503, retry_after_s=RETRY_S)


def install(app: Flask) -> None:
    """Bound what takes long in an app; whoever is refused before, for another reason, takes no place."""
    places = {kind: FewAtOnce(most) for kind, most in AT_ONCE.items() if kind != USUAL}
    places[USUAL] = FewAtOnce(AT_ONCE[USUAL], WAITING_USUAL, WAITING_USUAL, NEVER_REFUSED)

    @app.before_request
    def take() -> None:
        kind = KINDS.get(request.endpoint or "")
        length = request.content_length
        if kind is None:
            return
        if kind == POSTED and length is not None and length <= USUAL_BYTES:
            kind = USUAL
        address = network_of(request.remote_addr or "unknown")
        try:
            places[kind].take(address)
        except Refusal:
            request.get_data(cache=False)  # a connection that ends with unread bytes loses the answer
            raise
        g.taken = places[kind], address

    @app.teardown_request
    def give_back(_error: BaseException | None) -> None:
        if (taken := g.pop("taken", None)) is not None:
            place, address = taken
            place.give_back(address)

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
from mushra_server.web.security import MAX_BODY_BYTES, is_local, network_of

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
WAITING = {STATES: 4, POSTED: 2, USUAL: 2}
"""With those that compute 13 of sixteen threads, whoever asks for what: the others are for pages."""
PER_ADDRESS = 5
USUAL_BYTES = 64 * 1024
"""Of a posted session; longer ones take longer, and are another kind."""
SPARED = 60
"""Posted sessions of the usual length, or as much in longer ones, that are not refused but wait although all
places are taken: those of a class that ends at one moment. webMUSHRA's page sends a session once, and says
thanks whatever the answer is. So many of each kind in each process, and then as many as time gives back."""
SPARED_HALF_LIFE_S = 120.0
"""Of those who were spared: fewer come back than a slow machine answers, or a flood would live of them."""
HALF_LIFE_S = 10.0
"""Of what an address has had."""
RETRY_S = 1


class _Waiting:
    def __init__(self, address: str, spared: bool) -> None:
        self.address = address
        self.spared = spared
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
        spared: How many more may wait within some seconds, of all addresses together: each has a thread,
            and somebody may have many addresses.
    """

    def __init__(self, most: int, waiting: int, per_address: int = PER_ADDRESS, spared: int = 0) -> None:
        self._most, self._most_waiting, self._per_address = most, waiting, per_address
        self._most_spared = spared
        self._computing = 0
        self._waiting: list[_Waiting] = []
        self._of: Counter[str] = Counter()
        self._lately: Counter[str] = Counter()
        self._spared = 0
        self._halved_at = self._spared_halved_at = time.monotonic()
        self._lock = threading.Lock()

    def take(self, address: str, cost: int = 1) -> None:
        """Wait for a place, which must be given back.

        Args:
            address: Whose request it is.
            cost: As how many it counts if it is spared.

        Raises:
            Refusal: 503 if too many wait.
        """
        with self._lock:
            self._forget_slowly()
            crowded = not is_local(address) and self._of[address] >= self._per_address
            full = self._computing == self._most and len(self._waiting) >= self._most_waiting
            spared = (crowded or full) and self._spare(cost)
            if not spared and (crowded or (full and not self._displace_for(address))):
                raise _busy()
            self._of[address] += 1
            self._lately[address] += 1
            if self._computing < self._most:
                self._computing += 1
                return
            own = _Waiting(address, spared)
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
        others = (one for one in reversed(self._waiting) if not one.spared)
        chosen = max(others, key=lambda one: self._lately[one.address], default=None)
        if chosen is None or self._lately[chosen.address] <= self._lately[address] + 1:  # with this one
            return False
        self._waiting.remove(chosen)
        self._leave(chosen.address)
        chosen.displaced = True
        chosen.told.set()
        return True

    def _spare(self, cost: int) -> bool:
        if self._spared + cost > self._most_spared:
            return False
        self._spared += cost
        return True

    def _leave(self, address: str) -> None:
        self._of[address] -= 1
        self._of += Counter()  # forget who has none

    def _forget_slowly(self) -> None:
        times, self._halved_at = _count_halvings(self._halved_at, HALF_LIFE_S)
        if times > 0:
            self._lately = Counter({one: had >> times for one, had in self._lately.items() if had >> times})
        times, self._spared_halved_at = _count_halvings(self._spared_halved_at, SPARED_HALF_LIFE_S)
        self._spared >>= times


def _count_halvings(since: float, half_life_s: float) -> tuple[int, float]:
    """Return how often something was halved since a moment, and when it was for the last time."""
    times = int((time.monotonic() - since) / half_life_s)
    return times, since + times * half_life_s


def _busy() -> Refusal:
    return Refusal("the server is busy; try again in a moment", 503, retry_after_s=RETRY_S)


def install(app: Flask) -> None:
    """Bound what takes long in an app; whoever is refused before, for another reason, takes no place."""
    places = {
        kind: FewAtOnce(most, WAITING[kind], spared=0 if kind == STATES else SPARED)
        for kind, most in AT_ONCE.items()
    }

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
            places[kind].take(address, -(-(length or MAX_BODY_BYTES) // USUAL_BYTES))
        except Refusal:
            request.get_data(cache=False)  # a connection that ends with unread bytes loses the answer
            raise
        g.taken = places[kind], address

    @app.teardown_request
    def give_back(_error: BaseException | None) -> None:
        if (taken := g.pop("taken", None)) is not None:
            place, address = taken
            place.give_back(address)

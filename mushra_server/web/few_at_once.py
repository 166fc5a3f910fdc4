"""What takes long, under a server with threads of its own: few at once, as `task_queue` has it for waitress.

gunicorn gives a thread to whoever comes. Each that works out a long session makes all others of its process
wait for the interpreter, and a few dozen take all threads. Few of a kind compute, few wait, fewer still of
one address; the others are told to come again, as the participant page does by itself.
"""

from __future__ import annotations

import threading
from collections import Counter

from flask import Flask, g, request

from mushra_server.errors import Refusal
from mushra_server.web.security import is_local, network_of

__all__ = ["FewAtOnce", "install"]

STATES, POSTED = "states", "posted"
KINDS = {
    "api.open_session": STATES,
    "api.show_session": STATES,
    "webmushra.write": POSTED,
    "remote_service": POSTED,
}
"""Endpoints whose requests take long, by what they share places with."""
AT_ONCE = {STATES: 2, POSTED: 1}
"""In each process, of which there are several."""
WAITING = 6
"""Of each kind: of sixteen threads, some are left for pages."""
PER_ADDRESS = 5
RETRY_S = 1


class FewAtOnce:
    """Requests of one kind, of which few compute at once.

    Args:
        most: How many compute.
        waiting: How many wait.
        per_address: How many of one address do either; the machine's own are not limited.
    """

    def __init__(self, most: int, waiting: int = WAITING, per_address: int = PER_ADDRESS) -> None:
        self._all, self._per_address = most + waiting, per_address
        self._computing = threading.Semaphore(most)
        self._of: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, address: str) -> None:
        """Wait for a place, which must be given back.

        Raises:
            Refusal: 503 if too many wait.
        """
        with self._lock:
            crowded = not is_local(address) and self._of[address] >= self._per_address
            if crowded or self._of.total() >= self._all:
                raise Refusal("the server is busy; try again in a moment", 503, retry_after_s=RETRY_S)
            self._of[address] += 1
        self._computing.acquire()

    def give_back(self, address: str) -> None:
        """Let the next one compute."""
        self._computing.release()
        with self._lock:
            self._of[address] -= 1
            self._of += Counter()  # forget who has none


def install(app: Flask) -> None:
    """Bound what takes long in an app; whoever is refused before, for another reason, takes no place."""
    places = {kind: FewAtOnce(most) for kind, most in AT_ONCE.items()}

    @app.before_request
    def take() -> None:
        kind = KINDS.get(request.endpoint or "")
        if kind is None:
            return
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

"""What a process of a busy server does with slots; light to import, since many processes do."""

from __future__ import annotations

import time
from multiprocessing.queues import SimpleQueue

from mushra_server.database import sessions
from mushra_server.database.database import Database
from mushra_server.errors import Unavailable


def take_slots(url: str, count: int, taken: SimpleQueue[int]) -> None:
    """Start `count` sessions and put their slots into the queue `taken`."""
    database = Database(url, create=False)
    database.guard()
    given_up = time.monotonic() + 120
    while count:
        try:
            with database.write() as connection:
                session, _ = sessions.start(
                    connection, simulated=False, participant=None, kept={}, abandoned_after_min=60
                )
        except Unavailable:
            # A server answers 503 after these seconds, and the page asks again: so does this process.
            if time.monotonic() > given_up:
                raise
            continue
        taken.put(session.slot)
        count -= 1
    database.close()

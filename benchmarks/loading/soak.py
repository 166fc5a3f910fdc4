"""Many sessions at once while their server is killed; then, what was acknowledged against what is stored."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from benchmarks.loading.client import Log, many_sessions

AT_ONCE = 20
KILL_EVERY = (10, 30)  # sessions
DELAY_S = 0.05


class Killable(Protocol):
    """A server that may be killed, started again, and asked what it has stored."""

    port: int

    def start(self) -> None:
        """Start it and wait until it listens."""

    def kill(self) -> None:
        """End it without any warning."""

    def stop(self) -> None:
        """End it as a service manager does."""

    def count_stored(self) -> dict[str, int]:
        """Return how often each submission is stored that it may have acknowledged."""


@dataclass(frozen=True)
class Outcome:
    """What a soak found; `given_up` counts sessions that were never acknowledged."""

    kills: int
    seconds: float
    acknowledged: int
    once: int
    missing: int
    doubled: int
    given_up: int


def soak(
    served: Killable,
    session: Callable[[int, Log], Awaitable[None]],
    sessions: int,
    *,
    at_once: int = AT_ONCE,
    kills: bool = True,
    kill_every: tuple[int, int] = KILL_EVERY,
) -> Outcome:
    """Run sessions to their end; kill the server each time that some more of them have ended.

    The moments count sessions, not seconds, so that a slow server is killed as often as a fast one.
    """
    done: list[int] = []
    log, draw, killed = Log(), random.Random(0), 0

    async def kill_now_and_then(running: asyncio.Future[None]) -> None:
        nonlocal killed
        moment = draw.randint(*kill_every)
        while not running.done():
            await asyncio.wait([running], timeout=0.01)
            if len(done) >= moment and not running.done():
                await asyncio.sleep(draw.uniform(0, DELAY_S))
                served.kill()
                await asyncio.to_thread(served.start)
                killed, moment = killed + 1, len(done) + draw.randint(*kill_every)

    async def run() -> None:
        running = asyncio.ensure_future(
            many_sessions(served.port, log, sessions, at_once, lambda: done.append(1), session)
        )
        if kills:
            await kill_now_and_then(running)
        await running

    begin = time.perf_counter()
    asyncio.run(run())
    took = time.perf_counter() - begin
    served.stop()
    stored = served.count_stored()
    counts = [stored.get(key, 0) for key in log.acknowledged]
    return Outcome(
        killed, took, len(counts), counts.count(1), counts.count(0), sum(count > 1 for count in counts),
        len(log.errors),
    )  # fmt: skip

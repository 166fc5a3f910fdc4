"""What requests cost the serving process, and what follows for a study of some size."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from benchmarks.loading.client import Client, Log, answer_to, make_start
from benchmarks.loading.study import TRIALS, Served

REQUESTS = 400
SAVES_OF_LOG = 60  # fewer than SQLite moves to the database at once
SOUNDS_OF_TRIAL, SOUND_KB = 10, 64
DRAFTS_OF_TRIAL, MINUTES_OF_SESSION, HOURS_OF_STUDY = 15, 10, 7 * 24
SIZES = (100, 1_000, 10_000, 100_000)


def cost(study: Path) -> None:
    """Print both tables."""
    served = Served(study)
    try:
        seconds, log_kb = asyncio.run(_measure(served))
    finally:
        served.stop()
    print(f"Processor time of the server per request ({REQUESTS} of each, one after the other):\n")
    print("| start of a session | draft | page save | sound |\n|---:|---:|---:|---:|")
    print("| " + " | ".join(f"{1e3 * value:.1f} ms" for value in seconds.values()) + " |\n")
    minute_s = DRAFTS_OF_TRIAL * seconds["draft"] + seconds["save"] + SOUNDS_OF_TRIAL * seconds["sound"]
    print(
        f"A page save of {SOUNDS_OF_TRIAL - 1} ratings writes {log_kb:.0f} kB to SQLite's log. A participant "
        f"who takes a minute for a trial, with {DRAFTS_OF_TRIAL} drafts, {SOUNDS_OF_TRIAL} sounds and one "
        f"save, costs {1e3 * minute_s:.0f} ms of processor time in it: half a core has room for "
        f"{30 / minute_s:,.0f} at once.\n"
    )
    print(f"Sessions of {TRIALS} such trials and {MINUTES_OF_SESSION} minutes, sounds of {SOUND_KB} kB:\n")
    print("| participants | sounds sent | at once, evenly within a week | network at ten times that |")
    print("|---:|---:|---:|---:|")
    for count in SIZES:
        sent_gb = count * TRIALS * SOUNDS_OF_TRIAL * SOUND_KB / 1e6
        at_once = count * MINUTES_OF_SESSION / 60 / HOURS_OF_STUDY
        mbit = 10 * at_once * SOUNDS_OF_TRIAL * SOUND_KB * 8e-3 / 60
        print(f"| {count:,} | {sent_gb:,.1f} GB | {max(at_once, 1):.0f} | {mbit:.1f} Mbit/s |")
    print()


async def _measure(served: Served) -> tuple[dict[str, float], float]:
    """Return the processor seconds per request by kind, and the kB of log per page save."""
    client = Client(served.port, Log())
    state = await client.send("session", "POST", "/api/session", make_start())
    page = next(page for page in state["pages"] if "stimuli" in page)
    address, sound = f"/api/session/pages/{page['index']}", page["stimuli"][0]["url"]
    pages = [page for page in state["pages"] if "stimuli" in page]
    turn = 0

    async def save() -> Any:
        nonlocal turn
        turn += 1
        other = pages[turn % len(pages)]
        return await client.send("save", "PUT", f"/api/session/pages/{other['index']}", answer_to(other))

    async def start() -> None:
        other = Client(served.port, Log())
        await other.send("start", "POST", "/api/session", make_start())
        other.close()

    log = served.study / "ratings.sqlite3-wal"
    before = log.stat().st_size
    for _ in range(SAVES_OF_LOG):
        await save()
    written_kb = (log.stat().st_size - before) / SAVES_OF_LOG / 1e3
    kinds: dict[str, Callable[[], Awaitable[Any]]] = {
        "start": start,
        "draft": lambda: client.send("draft", "PUT", f"{address}/draft", answer_to(page)),
        "save": save,
        "sound": lambda: client.send("sound", "GET", sound),
    }
    seconds = {kind: await _time_requests(served.process.pid, send) for kind, send in kinds.items()}
    client.close()
    return seconds, written_kb


async def _time_requests(process: int, send: Callable[[], Awaitable[Any]]) -> float:
    before = _read_used_s(process)
    for _ in range(REQUESTS):
        await send()
    return (_read_used_s(process) - before) / REQUESTS


def _read_used_s(process: int) -> float:
    """Return the processor time that a process has used, its own and the system's."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

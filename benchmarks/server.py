"""How fast the server stores pages and sends sounds, also when it is full, and what a kill costs.

    python -m benchmarks.server [--sessions-in-soak 1000] [--parts load pymushra]

Every load goes to its own server on the loopback address, and is bounded in count and time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.loading.client import Client, Log, answer_to, make_start, many_sessions, rate, trickle
from benchmarks.loading.compare_pymushra import compare
from benchmarks.loading.cost import cost
from benchmarks.loading.page import visit
from benchmarks.loading.study import Served, copy_sessions, make_study

FEW, DOUBLINGS = 10, 10
SAVES = 600


def main() -> None:
    """Measure everything and print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions-in-soak", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each load")
    parser.add_argument("--parts", nargs="+", default=["load", "cost", "pymushra"])
    options = parser.parse_args()
    print("## Server\n\nSQLite, every page save on disk before it is acknowledged (`synchronous = FULL`).\n")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        empty = make_study(folder / "empty")
        if "load" in options.parts:
            load(folder, empty, options.seconds)
        if "cost" in options.parts:
            cost(Path(shutil.copytree(empty, folder / "cost")))
        if "pymushra" in options.parts:
            outcome = compare(folder, empty, options.sessions_in_soak)
            if outcome.once != outcome.acknowledged:
                sys.exit("acknowledged pages are missing or duplicated")


def load(folder: Path, empty: Path, seconds: float) -> None:
    """Print what a server takes at a time, and how much more when it is full."""
    study = Path(shutil.copytree(empty, folder / "few"))
    print("| load | requests | median | p95 | errors |\n|---|---:|---:|---:|---:|")
    full, stored = fill(study, folder / "full")
    ratio, bytes_each = growth(study, full, stored)
    participants(study, 20, seconds, sounds=False)
    participants(study, 200, seconds, sounds=True)
    participants(study, 500, 2 * seconds, every_s=40.0, trickling=1000, sounds=True)
    print(f"\nA save with {stored:,} sessions stored takes {ratio:.2f} times the median with {FEW}.")
    print(f"A session of 9 trials with 9 ratings each takes {bytes_each / 1024:.1f} KiB of database.\n")
    first_paint(study)


def fill(study: Path, full: Path) -> tuple[Path, int]:
    """Run a few sessions, then copy the study and its sessions many times over."""
    served = Served(study)
    asyncio.run(many_sessions(served.port, Log(), FEW, FEW, lambda: None))
    served.stop()
    shutil.copytree(study, full)
    return full, copy_sessions(full / "ratings.sqlite3", DOUBLINGS)


def growth(few: Path, full: Path, stored: int) -> tuple[float, float]:
    """Save pages in turn on an almost empty and a full database; return the ratio, and bytes per session."""
    servers = [Served(few), Served(full)]
    logs = asyncio.run(in_turn([served.port for served in servers], SAVES))
    for served in servers:
        served.stop()
    for log, count in zip(logs, (FEW, stored), strict=True):
        row(f"saves one after the other, {count:,} sessions stored", log.seconds["save"], log.errors)
    size = (full / "ratings.sqlite3").stat().st_size - (few / "ratings.sqlite3").stat().st_size
    medians = [statistics.median(log.seconds["save"]) for log in logs]
    return medians[1] / medians[0], size / (stored - FEW)


async def in_turn(ports: list[int], saves: int) -> list[Log]:
    """Save pages on both servers in turn."""
    logs = [Log() for _ in ports]
    clients = [Client(port, log) for port, log in zip(ports, logs, strict=True)]
    states = [await client.send("session", "POST", "/api/session", make_start()) for client in clients]
    for number in range(saves):
        for client, state in zip(clients, states, strict=True):
            page = state["pages"][1 + number % 9]
            await client.send("save", "PUT", f"/api/session/pages/{page['index']}", answer_to(page))
    return logs


def participants(
    study: Path, count: int, seconds: float, *, sounds: bool, every_s: float = 5.0, trickling: int = 0
) -> None:
    """Load a server with participants who each save a page every so often, from six connections each.

    Args:
        study: The study.
        count: Participants.
        seconds: How long they take part.
        sounds: Whether they load the sounds of each page.
        every_s: Seconds from page to page.
        trickling: Connections next to theirs that send a byte every 20 s.
    """
    served, log = Served(study), Log()

    async def take_part() -> None:
        others = asyncio.create_task(trickle(served.port, trickling, 20.0))
        runs = (
            rate(served.port, log, seconds=seconds, every_s=every_s, sounds=sounds, seed=seed)
            for seed in range(count)
        )
        await asyncio.gather(*runs)
        others.cancel()
        await asyncio.gather(others, return_exceptions=True)

    begin = time.perf_counter()
    asyncio.run(take_part())
    took = time.perf_counter() - begin
    served.stop()
    name = f"{count} participants, one page every {every_s:g} s"
    if trickling:
        name += f", and {trickling:,} connections that trickle"
    row(f"{name}: page saves", log.seconds["save"], log.errors)
    if sounds:
        rate_mb = log.bytes_read / took / 1e6
        row(f"{name}: their 10 sounds of 64 kB each ({rate_mb:.0f} MB/s)", log.seconds["sound"], log.errors)


def first_paint(study: Path) -> None:
    """Open the participant page in a real browser."""
    served = Served(study)
    visits = visit(f"http://127.0.0.1:{served.port}/", 5)
    served.stop()
    if visits:
        paint = statistics.median(one["paint"] for one in visits)
        print(
            f"Participant page, empty cache: first paint after {paint:.0f} ms (median of {len(visits)}), "
            f"{visits[0]['bytes'] / 1000:.0f} kB without sounds.\n"
        )


def row(name: str, seconds: list[float], errors: list[str]) -> None:
    """Print one line of the table."""
    ordered = sorted(seconds)
    p95 = ordered[min(int(0.95 * len(ordered)), len(ordered) - 1)]
    median = statistics.median(ordered)
    print(
        f"| {name} | {len(ordered):,} | {1e3 * median:.1f} ms | {1e3 * p95:.1f} ms | {len(errors)} |",
        flush=True,
    )
    for error in errors[:3]:
        print(error, file=sys.stderr)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()

"""What admin pages and exports cost when 100,000 sessions are stored, and page saves meanwhile.

    python -m benchmarks.crowd [--sessions 100000] [--exports csv json]

The sessions are written into the database as the server writes them: two trials with nine ratings each.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import os
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.loading.client import Log, rate
from benchmarks.loading.study import CONDITIONS, Served, make_study

TRIALS = 2
SAVERS, SAVE_EVERY_S = 20, 1.0
ALONE_S = 20.0
NAMES = ("hidden_reference", *CONDITIONS)
TIME = "2026-01-01T12:00:00.000+00:00"
BODY = '{"attempt": "a", "time_ms": 5000, "ratings": [], "answers": {}}'


def main() -> None:
    """Fill a database, measure, and print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--exports", nargs="+", default=["csv", "json", "webmushra", "pymushra"])
    options = parser.parse_args()
    count = options.sessions
    with tempfile.TemporaryDirectory() as temporary:
        study = make_study(Path(temporary) / "study")
        first = Served(study)
        first.stop()
        ratings = fill(study / "ratings.sqlite3", count)
        size = (study / "ratings.sqlite3").stat().st_size / 1e6
        print(f"## Server with {count:,} sessions\n\n{ratings:,} ratings, {size:,.0f} MB of SQLite.\n")
        served = Served(study, "--new-admin-token")
        try:
            measure(served, options.exports)
        finally:
            served.stop()


def fill(path: Path, count: int) -> int:
    """Write finished sessions; return how many ratings they have."""
    draw = random.Random(0)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.executemany(
        "INSERT INTO sessions VALUES (?,?,?,?,0,?,'own',?,?,?,NULL,NULL)", sessions(count, draw)
    )
    connection.executemany(
        "INSERT INTO slots VALUES (0, ?, ?)", ((number, number + 1) for number in range(count))
    )
    connection.executemany(
        "INSERT INTO parameters VALUES (?, ?, ?)",
        (
            (number, name, f"{name}-{number}")
            for number in range(1, count + 1)
            for name in ("PROLIFIC_PID", "STUDY_ID")
        ),
    )
    connection.executemany(
        "INSERT INTO submissions VALUES (?,?,?,?,?,'mushra','trial',?,5000,?,0,?)",
        (
            (
                TRIALS * number + place + 1,
                number + 1,
                place + 1,
                f"{number}-{place}",
                f"trial{place}",
                place,
                BODY,
                TIME,
            )
            for number in range(count)
            for place in range(TRIALS)
        ),
    )
    connection.executemany(
        "INSERT INTO ratings VALUES (?,?,'score',?,?,?,?,2000,NULL,?)", scores(count, draw)
    )
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return count * TRIALS * len(NAMES)


def sessions(count: int, draw: random.Random) -> Iterator[tuple[Any, ...]]:
    """Yield the sessions."""
    for number in range(1, count + 1):
        name = f"{draw.getrandbits(128):032x}"
        yield number, name, name + name, number - 1, f"participant-{number}", TIME, TIME, TIME


def scores(count: int, draw: random.Random) -> Iterator[tuple[Any, ...]]:
    """Yield the ratings."""
    for number in range(1, TRIALS * count + 1):
        for place, name in enumerate(NAMES):
            role = "hidden_reference" if place == 0 else "method"
            yield number, f"s{place}", f"item{number % TRIALS}", name, role, draw.randrange(101), place


def measure(served: Served, exports: list[str]) -> None:
    """Open every admin page and export the ratings, while page saves go on."""
    admin, log, stop = Admin(served), Log(), threading.Event()
    saved: dict[str, list[float]] = {}  # what the saves took, by what else was done

    def note(meanwhile: str) -> None:
        begun = sum(map(len, saved.values()))
        saved[meanwhile] = log.seconds["save"][begun:]

    peak, most = [0.0], [0.0]  # of the server, and of the processes that it starts

    def watch() -> None:
        while not stop.wait(0.1):
            peak[0] = max(peak[0], megabytes(served.process.pid))
            most[0] = max(most[0], sum(map(megabytes, children(served.process.pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    saver = threading.Thread(target=asyncio.run, args=(save(served.port, log, stop),))
    saver.start()
    time.sleep(ALONE_S)
    note("nothing else")
    print("| admin page | first | median of 5 | memory of the server |\n|---|---:|---:|---:|")
    last = (admin.count_sessions() - 1) // 50
    uuid = admin.find_session()
    pages = ["", "/sessions", f"/sessions?page={last}", f"/sessions/{uuid}", "/log", "/data"]
    for path in pages:
        took = [admin.time(path) for _ in range(6)]
        shown = re.sub("[0-9a-f]{32}", "UUID", f"/admin{path}")
        print(f"| `{shown}` | {took[0]:.2f} s | {statistics.median(took[1:]):.2f} s | {peak[0]:.0f} MB |")
    while "being computed" in admin.get("").decode():
        time.sleep(0.5)
    print(f"| the analysis is done | | | {peak[0]:.0f} MB |")
    note("the admin pages and the analysis")
    elsewhere = ProcessPoolExecutor(1, get_context("spawn"))  # reading must not make the savers wait
    elsewhere.submit(int).result()
    for kind in exports:
        begin, most[0], used = time.perf_counter(), 0.0, processor_s(served.process.pid)
        size = elsewhere.submit(download, served.port, admin.cookie, kind).result()
        took_s = f"{time.perf_counter() - begin:.0f} s"
        used_s = f"{processor_s(served.process.pid) - used:.0f} s of processor time"
        note(f"the export as {kind}")
        memory = f"{peak[0]:.0f} MB, and {most[0]:.0f} MB of the exporting process"
        print(f"| `/admin/data/{kind}` ({size / 1e6:.0f} MB) | {took_s} | {used_s} | {memory} |")
    elsewhere.shutdown()
    stop.set()
    watcher.join()
    saver.join()
    print(f"\nPage saves of {SAVERS} participants, one per second each ({len(log.errors)} errors):\n")
    print("| meanwhile | saves | median | p95 |\n|---|---:|---:|---:|")
    for meanwhile, found in saved.items():
        p95 = sorted(found)[int(0.95 * len(found))]
        cells = f"{1000 * statistics.median(found):.0f} ms | {1000 * p95:.0f} ms"
        print(f"| {meanwhile} | {len(found):,} | {cells} |")
    for error in sorted(set(log.errors)):
        print(f"- {error}", file=sys.stderr)


async def save(port: int, log: Log, stop: threading.Event) -> None:
    """Save pages until asked to stop."""
    tasks = [
        asyncio.create_task(rate(port, log, seconds=1e6, every_s=SAVE_EVERY_S, sounds=False, seed=seed))
        for seed in range(SAVERS)
    ]
    while not stop.is_set():
        await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Admin:
    """An experimenter's browser."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.cookie = ""
        body = f"token={served.token}"
        answer, _ = self._send("POST", "/login", body)
        self.cookie = str(answer.headers["Set-Cookie"]).split(";")[0]

    def get(self, path: str) -> bytes:
        """Return a page."""
        answer, content = self._send("GET", path)
        assert answer.status == 200, (path, answer.status, content[:300])
        return content

    def time(self, path: str) -> float:
        """Return the seconds that a page takes."""
        begin = time.perf_counter()
        self.get(path)
        return time.perf_counter() - begin

    def count_sessions(self) -> int:
        """Return how many sessions are finished."""
        found = re.search(rb"<strong>(\d+)</strong> finished", self.get(""))
        assert found is not None
        return int(found[1])

    def find_session(self) -> str:
        """Return the UUID of a finished session."""
        found = re.search(rb"/admin/sessions/([0-9a-f]{32})", self.get("/sessions?page=1"))
        assert found is not None
        return found[1].decode()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=600)

    def _send(
        self, method: str, path: str, body: str | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = self._connect()
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, f"/admin{path}", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content


def download(port: int, cookie: str, kind: str) -> int:
    """Fetch an export; return its bytes."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=600)) as connection:
        connection.request("GET", f"/admin/data/{kind}", headers={"Cookie": cookie})
        answer, size = connection.getresponse(), 0
        assert answer.status == 200, (kind, answer.status)
        while chunk := answer.read(1 << 20):
            size += len(chunk)
    return size


def processor_s(process: int) -> float:
    """Return the processor time of a process and of those that it started and that have ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def megabytes(process: int) -> float:
    """Return the memory of a process that is in use; 0 if it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1000 if found else 0.0


def children(process: int) -> list[int]:
    """Return the processes that a process started."""
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(one) for path in tasks for one in path.read_text().split()]


if __name__ == "__main__":
    main()

"""Saving sessions in pymushra and in listenable: how long, how it grows, and what is lost.

pymushra stores a session when it ends: its page posts all of it, TinyDB reads its JSON file, adds one entry
per trial, and rewrites the file in place, with fsync. listenable's page saves each page separately; the
server takes webMUSHRA's post as well, which makes the two comparable request for request. Both commit to disk
before they answer, and both run in waitress with as many threads.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import time
from functools import partial
from pathlib import Path

from benchmarks.loading.client import Client, Log, answer_to, make_start, many_sessions, whole_session
from benchmarks.loading.peers import peers_python
from benchmarks.loading.pymushra import ServedPymushra
from benchmarks.loading.soak import AT_ONCE, KILL_EVERY, Outcome, soak
from benchmarks.loading.study import Served, copy_sessions
from benchmarks.loading.wire import make_session, post, post_until_acknowledged
from mushra_server.web.waitress_server import THREADS

PEER = "pymushra 0.5"
FEW = 10
DOUBLINGS = (0, 4, 7)
SAVES, SECONDS = 40, 20.0
TORN_S, GIVE_UP_S = 20.0, 90.0


def compare(folder: Path, study: Path, sessions: int) -> Outcome:
    """Print both tables; return what happened to our own pages while the server was killed.

    Args:
        folder: where copies of the study and the peer's databases go.
        study: a study with no sessions.
        sessions: of each soak.
    """
    python = peers_python()
    print(f"### Compared with {PEER}\n")
    if python is None:
        print(f"{PEER} could not be installed here, so its rows are missing.\n")
    print(
        f"{PEER} posts a session when it ends and rewrites its JSON file, with fsync; listenable commits "
        "each page, and takes webMUSHRA's post of a whole session too. A session is 9 trials with 9 "
        "ratings each. Both in waitress, saves in turn, databases on one disk.\n"
    )
    growth(folder, study, python)
    print()
    return losses(folder, study, python, sessions)


def growth(folder: Path, study: Path, python: Path | None) -> None:
    """Print how long a save takes with few and with many sessions stored."""
    print(
        "| sessions stored | listenable: a page | p95 | listenable: a session posted | p95 "
        f"| {PEER}: a session posted | p95 | times ours |\n|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    for doublings in DOUBLINGS:
        ours = Served(shutil.copytree(study, folder / f"growth-{doublings}"))
        asyncio.run(many_sessions(ours.port, Log(), FEW, FEW, lambda: None))
        ours.stop()
        stored = copy_sessions(ours.study / "ratings.sqlite3", doublings)
        ours.start()
        peer = ServedPymushra(python, folder / f"peer-{doublings}", stored) if python else None
        pages, posted, theirs = asyncio.run(_saves(ours.port, peer.port if peer else None))
        ours.stop()
        if peer:
            peer.stop()
        ratio = f"{statistics.median(theirs) / statistics.median(posted):.1f}" if theirs else "-"
        cells = " | ".join(_times(seconds) for seconds in (pages, posted, theirs))
        print(f"| {stored:,} | {cells} | {ratio} |", flush=True)


async def _saves(port: int, peer_port: int | None) -> tuple[list[float], list[float], list[float]]:
    """Save a page and a session in ours, a session in the peer, for a number of times or some seconds."""
    own, other = Log(), Log()
    client, peer = Client(port, own), Client(peer_port or 0, other)
    state = await client.send("start", "POST", "/api/session", make_start())
    end = time.perf_counter() + SECONDS
    for number in range(SAVES):
        page = state["pages"][1 + number % 9]
        await client.send("page", "PUT", f"/api/session/pages/{page['index']}", answer_to(page))
        await post(client, "posted", make_session()[1])
        if peer_port:
            await post(peer, "posted", make_session()[1])
        if time.perf_counter() > end:
            break
    client.close()
    peer.close()
    return own.seconds["page"], own.seconds["posted"], other.seconds.get("posted", [])


def losses(folder: Path, study: Path, python: Path | None, sessions: int) -> Outcome:
    """Print what was acknowledged and what is stored, with and without kills."""
    print(
        f"Then {sessions} sessions, {AT_ONCE} at once; those with kills have the server killed (`-9`) after "
        f"each {KILL_EVERY[0]} to {KILL_EVERY[1]} of them and started again, and every request is sent until "
        "it is acknowledged.\n"
    )
    print(
        "| server | kills | in | acknowledged | stored once | missing | stored twice "
        "| sessions never acknowledged |\n|---|---:|---:|---:|---:|---:|---:|---:|"
    )
    outcome = soak(Served(shutil.copytree(study, folder / "soak")), whole_session, sessions)
    _row(f"listenable, own page, {THREADS} threads", outcome, "pages")
    if python is not None:
        torn = _peer_soak(ServedPymushra(python, folder / "soak-many"), sessions, TORN_S, kills=False)
        _row(f"{PEER}, {THREADS} threads", torn, "sessions")
        killed = _peer_soak(ServedPymushra(python, folder / "soak-1", threads=1), sessions, GIVE_UP_S)
        _row(f"{PEER}, 1 thread", killed, "sessions")
        print(
            f"\n{PEER} does not lock its file while it reads and rewrites it: with several threads, as its "
            "own command has them, simultaneous posts can corrupt it, and a corrupt file is refused from "
            "then on. "
            f"Nothing in a corrupt file counts as stored; that row gave up after {TORN_S:.0f} s, the last "
            "after "
            f"{GIVE_UP_S:.0f} s at most. A kill between the write and the answer can store a session twice: "
            "nothing stored with the post distinguishes the second from the first."
        )
    print()
    return outcome


def _peer_soak(peer: ServedPymushra, sessions: int, seconds: float, *, kills: bool = True) -> Outcome:
    session = partial(post_until_acknowledged, until=time.perf_counter() + seconds)
    return soak(peer, session, sessions, kills=kills)


def _row(server: str, outcome: Outcome, unit: str) -> None:
    print(
        f"| {server} | {outcome.kills} | {outcome.seconds:.0f} s "
        f"| {outcome.acknowledged:,} {unit} | {outcome.once:,} | {outcome.missing:,} | {outcome.doubled:,} "
        f"| {outcome.given_up:,} |",
        flush=True,
    )


def _times(seconds: list[float]) -> str:
    if not seconds:
        return "- | -"
    ordered = sorted(seconds)
    p95 = ordered[min(int(0.95 * len(ordered)), len(ordered) - 1)]
    return f"{1e3 * statistics.median(ordered):.1f} ms | {1e3 * p95:.1f} ms"

"""pymushra in a separate process, with the same web server as ours, and what its database contains."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.loading.ports import find_free_port
from benchmarks.loading.study import TEST_ID, TRIALS, ServerProcess
from benchmarks.loading.wire import make_session
from mushra_server.web.waitress_server import THREADS

START_S = 120.0


class ServedPymushra(ServerProcess):
    """pymushra's WSGI application in waitress; can be killed and started again at the same port.

    Args:
        python: the interpreter of its environment.
        folder: where its database goes; made here.
        sessions: stored before it starts.
        threads: of waitress. Flask's own server, which `pymushra server` starts, has threads as well.
    """

    def __init__(self, python: Path, folder: Path, sessions: int = 0, threads: int = THREADS) -> None:
        self.python, self.folder, self.threads = python, folder, threads
        self.database = folder / "db" / "webmushra.json"
        self.database.parent.mkdir(parents=True)
        if sessions:
            self.database.write_text(json.dumps(database_of(sessions)), encoding="utf-8")
        self.port = find_free_port()
        self.start()

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [str(self.python), "-m", "waitress", f"--listen=127.0.0.1:{self.port}"]
        command += [f"--threads={self.threads}", "pymushra.wsgi:application"]
        self.process = subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.perf_counter() + START_S
        while time.perf_counter() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise SystemExit("pymushra did not start")

    def count_stored(self) -> dict[str, int]:
        """Return how often each session is stored with all trials, by its key; nothing of a corrupt file."""
        try:
            trials = json.loads(self.database.read_text(encoding="utf-8")).get(TEST_ID, {})
        except ValueError:
            return {}
        counts = Counter(trial["questionaire"]["key"] for trial in trials.values())
        return {key: count // TRIALS for key, count in counts.items()}


def database_of(sessions: int) -> dict[str, Any]:
    """Return the document that pymushra keeps after so many sessions: one entry per trial."""
    entries: list[dict[str, Any]] = []
    for _ in range(sessions):
        key, session = make_session()
        shared = {
            "config": session["config"], "testId": TEST_ID, "date": "2026-01-01 00:00:00.000000",
            "questionaire": {"key": key, "uuid": session["uuid"]},
        }  # fmt: skip
        entries += [{**trial, **shared} for trial in session["trials"]]
    return {TEST_ID: {str(number): entry for number, entry in enumerate(entries, start=1)}}

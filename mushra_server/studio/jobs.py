"""Work that takes longer than a request: one process per job, whose progress is a small file."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mushra_server.errors import Refusal

__all__ = ["Jobs", "Progress"]

STOP_S = 5.0
AT_ONCE = 4
OF_ONE = 3
"""Of them, that one account has started: somebody else can always begin."""


@dataclass(frozen=True)
class Progress:
    """How far a job is: `state` is none, running, done, failed or cancelled."""

    state: str = "none"
    done: int = 0
    total: int = 0
    message: str = ""
    details: list[str] = field(default_factory=list)


class Jobs:
    """The jobs of one studio; those that run end with it.

    Args:
        folder: Where jobs write how far they are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._running: dict[tuple[str, str], subprocess.Popen[bytes]] = {}
        self._starters: dict[tuple[str, str], int] = {}

    def start(self, study: str, kind: str, task: dict[str, Any], account: int) -> None:
        """Start a job in a separate process.

        Args:
            study: The study that it is for.
            kind: What is done.
            task: What the process needs to know.
            account: Who starts it.

        Raises:
            Refusal: 409 if the study has a job of this kind that runs, 503 if too many jobs run.
        """
        if self.look(study, kind).state in ("done", "failed"):
            self._wait_for_end(study, kind)
        with self._lock:
            alive = [key for key, process in self._running.items() if process.poll() is None]
            if (study, kind) in alive:
                raise Refusal("this is being done already; wait until it has ended, or cancel it", 409)
            if len(alive) >= AT_ONCE:
                raise Refusal(f"{AT_ONCE} jobs are running; try again when one has ended", 503)
            if sum(self._starters[key] == account for key in alive) >= OF_ONE:
                raise Refusal(f"{OF_ONE} of your jobs are running; try again when one has ended", 503)
            status = self._file(study, kind)
            status.unlink(missing_ok=True)
            task = {**task, "kind": kind, "status": str(status)}
            process = subprocess.Popen(
                [sys.executable, "-m", "mushra_server.studio.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
            )
            assert process.stdin is not None
            process.stdin.write(json.dumps(task).encode() + b"\n")
            process.stdin.flush()  # and left open: by its end the job knows that this process has gone
            self._let_go(study, kind)
            self._running[study, kind], self._starters[study, kind] = process, account

    def cancel(self, study: str, kind: str) -> None:
        """Stop a job, which removes what it has half written."""
        with self._lock:
            process = self._running.get((study, kind))
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def find_starter(self, study: str, kind: str) -> int | None:
        """Return who has started a job that runs; None if none does."""
        with self._lock:
            process = self._running.get((study, kind))
            runs = process is not None and process.poll() is None
            return self._starters[study, kind] if runs else None

    def look(self, study: str, kind: str) -> Progress:
        """Return how far a job is."""
        with self._lock:
            process = self._running.get((study, kind))
        runs = process is not None and process.poll() is None
        try:
            found = Progress(**json.loads(self._file(study, kind).read_text("utf-8")))
        except FileNotFoundError:
            found = Progress("running") if runs else Progress("none" if process is None else "cancelled")
        if found.state == "running" and not runs:
            return Progress("cancelled", found.done, found.total)
        return found

    def _wait_for_end(self, study: str, kind: str) -> None:
        """Wait for the process of a job that has said its last word."""
        process = self._running.get((study, kind))
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_S)

    def close(self) -> None:
        """Stop every job."""
        for study, kind in list(self._running):
            self.cancel(study, kind)
            self._let_go(study, kind)

    def _let_go(self, study: str, kind: str) -> None:
        """Close the pipe to a process that has ended, if there was one."""
        process = self._running.get((study, kind))
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()

    def _file(self, study: str, kind: str) -> Path:
        return self._folder / f"{study}.{kind}.json"

"""Jobs of a server that was killed end with it: the next one knows nothing of them."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mushra_server.admin import background
from mushra_server.studio import jobs, worker
from stimuli.files import atomic_folder

WORKER = """
import signal, sys, time
from mushra_server.admin.background import end_with_server
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
assert sys.stdin.buffer.readline() == b"task\\n"
end_with_server(sys.stdin.fileno())
try:
    print("begun", flush=True)
    time.sleep(60)
finally:
    print("removed", flush=True)
"""


def test_a_process_ends_when_its_servers_end_of_the_pipe_does() -> None:
    """Which the system closes whatever the server dies of. What is half written is removed first."""
    with subprocess.Popen(
        [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b"task\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"begun\n" and process.poll() is None
        process.stdin.close()
        assert (process.stdout.read(), process.wait(30)) == (b"removed\n", 0)


def test_a_job_has_the_pipe_as_long_as_the_studio_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, pipes = jobs.Jobs(tmp_path / "jobs"), []

    class Process:
        def __init__(self, *_: object, **__: object) -> None:
            self.stdin = io.BytesIO()
            pipes.append(self.stdin)
            self.ended: int | None = None

        def poll(self) -> int | None:
            return self.ended

        def terminate(self) -> None:
            self.ended = 0

        def wait(self, _: float) -> None:
            pass

    monkeypatch.setattr(jobs.subprocess, "Popen", Process)
    made.start("a", "build", {"x": 1}, 1)
    assert not pipes[0].closed and pipes[0].getvalue().endswith(b"}\n")
    made.cancel("a", "build")
    made.start("a", "build", {}, 1)
    assert [pipe.closed for pipe in pipes] == [True, False]
    made.close()
    assert [pipe.closed for pipe in pipes] == [True, True]


def test_the_worker_watches_the_pipe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    watched: list[int] = []
    task = b'{"kind": "none", "status": "%s"}\n' % bytes(tmp_path / "status.json")

    class Stdin:
        buffer = io.BytesIO(task + b"later")

        def fileno(self) -> int:
            return 77

    def none(task: dict[str, Any], status: Path) -> int:
        assert watched == [77], "before it begins"
        return 1

    monkeypatch.setattr(worker.sys, "stdin", Stdin())
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    monkeypatch.setattr(worker, "end_with_server", watched.append)
    monkeypatch.setitem(worker.JOBS, "none", none)
    worker.main()
    assert '"done"' in (tmp_path / "status.json").read_text()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no such signal")
@pytest.mark.parametrize(("kind", "state"), [("measure", "failed"), ("build", "done")])
def test_a_job_that_nobody_can_cancel_takes_an_hour_at_most(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, state: str
) -> None:
    """Sounds of hours that pack to some megabytes kept three of the four places for days."""
    status = tmp_path / "status.json"

    class Stdin:
        buffer = io.BytesIO(b'{"kind": "%s", "status": "%s"}\n' % (kind.encode(), bytes(status)))

        def fileno(self) -> int:
            return 77

    def work(task: dict[str, Any], status: Path) -> int:
        with atomic_folder(tmp_path / "made") as folder:
            (folder / "half").touch()
            time.sleep(0.2)
        return 1

    assert worker.LIMIT_S == 3600
    monkeypatch.setattr(worker.sys, "stdin", Stdin())
    monkeypatch.setattr(worker, "end_with_server", lambda _: None)
    monkeypatch.setattr(worker, "LIMIT_S", 0.06)
    monkeypatch.setitem(worker.JOBS, kind, work)
    before = signal.getsignal(signal.SIGTERM)
    try:
        worker.main()
    finally:
        signal.signal(signal.SIGTERM, before)
    found = json.loads(status.read_text())
    assert found["state"] == state
    assert found["message"] == (
        "" if state == "done" else "this took longer than 0.001 minutes and was stopped"
    )
    assert [path.name for path in tmp_path.iterdir() if path != status] == (
        ["made"] if state == "done" else []
    )


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no such signal")
def test_the_end_of_the_time_is_said_again_to_whoever_suppresses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error of the kind that a missing file is."""
    monkeypatch.setattr(background, "AGAIN_S", 0.02)
    with pytest.raises(TimeoutError), background.limit_time(0.02):
        with suppress(OSError):
            time.sleep(5)
        time.sleep(5)

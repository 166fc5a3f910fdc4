"""Starting the process that analyses or exports, and reading what it says."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from mushra_server.admin.results import Results
from mushra_server.errors import Refusal
from mushra_server.web.server import Server
from mushra_server.web.temporary import temporary_folder

__all__ = ["CHUNK_BYTES", "Stream", "analyse", "export_to_folder", "stream_export"]

CHUNK_BYTES = 64 * 1024
EXPORTS_AT_ONCE = 3
"""Of all studies that this server serves: each is a process, and a thread as long as its reader reads."""
RETRY_S = 10
FAILED = "the export failed; the server's log has the reason"

_exports = threading.BoundedSemaphore(EXPORTS_AT_ONCE)

logger = logging.getLogger(__name__)


def analyse(server: Server, limit_s: float) -> Results:
    """Analyse the ratings so far in another process; one that takes longer than the limit is ended."""
    with _start(server, None) as process:
        try:
            content, _ = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            return Results(
                problem=f"the analysis took longer than {limit_s:g} s and was stopped; run listenable analyze"
            )
        finally:
            process.kill()
    if process.returncode != 0:
        return Results(problem="the analysis failed; the server's log has the reason")
    result: Results = pickle.loads(content)  # of our own process
    return result


class Stream:
    """What a process writes, chunk by chunk; closing it ends the process.

    Args:
        process: Which writes to its standard output.
        stack: What is closed when it has ended.
    """

    def __init__(self, process: subprocess.Popen[bytes], stack: contextlib.ExitStack) -> None:
        assert process.stdout is not None
        self._process, self._out, self._stack = process, process.stdout, stack
        self._first = self._out.read(CHUNK_BYTES)
        if not self._first and process.wait() != 0:
            self.close()
            raise Refusal(FAILED, 500)

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> bytes:
        chunk, self._first = self._first or self._out.read(CHUNK_BYTES), b""
        if chunk:
            return chunk
        if self._process.wait() != 0:
            raise OSError(FAILED)  # the browser must not treat half a file as a whole one
        self.close()
        raise StopIteration

    def close(self) -> None:
        """End the process, which may be writing for a browser that has gone."""
        self._process.kill()
        self._out.close()
        self._process.wait()
        self._stack.close()


def stream_export(server: Server, format: str) -> Stream:
    """Return the bytes of the CSV or JSON while they are written.

    Raises:
        Refusal: 500 if it fails at the start; if it fails later, what was sent ends without its end. 503 if
            too many exports are being made.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_place())
        return Stream(_start(server, format), stack.pop_all())


def export_to_folder(server: Server, format: str, stack: contextlib.ExitStack) -> Path:
    """Write an export to a temporary folder, which is removed when the stack is closed; return the file.

    Raises:
        Refusal: 500 if it fails, 503 if too many exports are being made.
    """
    with _place():
        folder = stack.enter_context(temporary_folder())
        with _start(server, format, folder) as process:
            content, _ = process.communicate()
    if process.returncode != 0:
        raise Refusal(FAILED, 500)
    return Path(os.fsdecode(content))


@contextlib.contextmanager
def _place() -> Iterator[None]:
    if not _exports.acquire(blocking=False):
        raise Refusal(
            f"{EXPORTS_AT_ONCE} exports are being made; try again when one has ended",
            503,
            retry_after_s=RETRY_S,
        )
    try:
        yield
    finally:
        _exports.release()


def _start(server: Server, format: str | None, folder: Path | None = None) -> subprocess.Popen[bytes]:
    task = {
        "study": str(server.study.root),
        # Not as an argument: everybody on this machine can read those, and a URL may contain a password.
        "url": server.database.url,
        "format": format,
        "folder": None if folder is None else str(folder),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "mushra_server.admin.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it ended, which its exit code says
        process.stdin.write(json.dumps(task).encode())
        process.stdin.close()
    process.stdin = None  # `communicate` would close it again
    return process

"""What a process does first that works for the server beside it: listeners come before it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["NICENESS", "end_first", "end_with_server", "limit_time", "step_back"]

AGAIN_S = 60.0
STOP_S = 5.0
"""To remove what is half written, when the server has gone."""

NICENESS = 19
FIRST_TO_END = "1000"
"""Of Linux's scores, by which it chooses whom to end when memory runs out."""


def end_first() -> None:
    """Be ended before others if memory runs out.

    What somebody uploads may need any amount of it; the server, in which others are listening, must not be
    what the system ends then.
    """
    with contextlib.suppress(OSError):  # not on every system
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_END)


def step_back() -> None:
    """Be ended first, and let others have the processor: nobody waits for what this does."""
    end_first()
    if hasattr(os, "nice"):
        os.nice(NICENESS)


def end_with_server(pipe: int) -> None:
    """Be ended when the server is, also if it was killed: the next one knows nothing of this process.

    It might replace a study that has been opened since.

    Args:
        pipe: Descriptor whose other end the server keeps open as long as it runs.
    """

    def wait() -> None:
        while os.read(pipe, 1024):
            continue
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_S)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@contextlib.contextmanager
def limit_time(seconds: float | None) -> Iterator[None]:
    """Stop a block that takes longer, with what it has half written removed; None lets it take any time.

    Only for the main thread of a process, and not on Windows, which has no such signal.

    Raises:
        TimeoutError: The time is over.
    """
    if seconds is None or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError(f"this took longer than {seconds / 60:g} minutes and was stopped")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_S)  # whoever suppresses errors of files gets another
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

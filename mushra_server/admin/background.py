"""What a process does first that works for the server beside it: listeners come before it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["NICENESS", "step_back"]

NICENESS = 19
FIRST_TO_END = "1000"
"""Of Linux's scores, by which it chooses whom to end when memory runs out."""


def step_back() -> None:
    """Let others have the processor first, and be ended before them if memory runs out.

    What somebody uploads may need any amount of it; the server, in which others are listening, must not be
    what the system ends then.
    """
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    with contextlib.suppress(OSError):  # not on every system
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_END)

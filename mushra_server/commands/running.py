"""Running a server until it is stopped."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Protocol

from mushra_server.web.temporary import remove_abandoned

__all__ = ["run_until_stopped"]


class Runnable(Protocol):
    """What waitress gives: a server with its own loop."""

    def run(self) -> object:
        """Serve until an exception ends it."""


def run_until_stopped(listener: Runnable, *closing: Callable[[], object]) -> None:
    """Serve until Ctrl-C or SIGTERM, then call each of `closing`, in their order."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    remove_abandoned()
    try:
        listener.run()
    finally:
        for close in closing:
            close()

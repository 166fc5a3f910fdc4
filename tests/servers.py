"""Starting a server that Ctrl-C stops, also if the tests run in the background."""

from __future__ import annotations

import signal


def hears_ctrl_c() -> None:
    """Undo what a shell does to processes in the background: they, and their children, ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)

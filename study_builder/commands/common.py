"""What the package's commands share: the command that was typed, and a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, TypeVar

T = TypeVar("T")


def command_line() -> str:
    """Return the command as it was typed."""
    import shlex

    return shlex.join(["listenable", *sys.argv[1:]])


def bar(description: str, known: int | None = None) -> Any:
    """Return what wraps an iterable in a progress bar, only on a terminal."""

    def track(things: Iterable[T], total: int | None = None) -> Iterable[T]:
        from rich.console import Console
        from rich.progress import track as tracked

        console = Console(stderr=True)
        disable = not console.is_terminal
        return tracked(things, description, total=total or known, console=console, disable=disable)

    return track

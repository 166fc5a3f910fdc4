"""A line on the terminal that says what is computed now, from the first moment of a long analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def show_steps() -> Iterator[Callable[[str], None]]:
    """Yield a function that shows a step on the standard error; only on a terminal, and gone at the end."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda step: None
        return
    with console.status("") as status:
        yield lambda step: status.update(f"{step} ...")

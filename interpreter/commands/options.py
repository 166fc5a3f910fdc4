"""What several commands share: options, and a bar of progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Report = Callable[[int, int], None]

CLASSIFIER_HELP = (
    "Classifier to explain: the folder of a run, package.module:factory, hf:FOLDER_OR_NAME, laion-clap:FILE "
    "or msclap:FILE."
)


@contextmanager
def show_bar(title: str, *, show: bool) -> Iterator[Report]:
    """Show a bar while something runs; yield what moves it: called with what is done, and the total."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=not show, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)

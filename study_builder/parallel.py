"""Work on several things at once, in their order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

MOST = 8
"""The default number of threads; each keeps the sounds of one trial in memory."""


def parallel_map(
    work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int | None = None
) -> Iterator[Result]:
    """Yield the result of `work` on each task, in order.

    Threads are enough: decoding, resampling and filtering let others run. An exception cancels what has not
    begun.

    Args:
        work: what to do.
        tasks: what to do it on.
        jobs: threads; by default one per processor, and eight at most.
    """
    threads = min(jobs or min(os.cpu_count() or 1, MOST), len(tasks))
    if threads <= 1:
        yield from map(work, tasks)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(work, tasks)

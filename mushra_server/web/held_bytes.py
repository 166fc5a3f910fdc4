"""What connections take of memory and disk, and whose end makes room."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from waitress.buffers import ReadOnlyFileBasedBuffer

__all__ = ["find_excess", "measure_held"]

Connection = TypeVar("Connection")


def measure_held(answer: Any) -> int:
    """Return how many bytes a part of an answer takes: waitress frees none of it before the last is read."""
    if isinstance(answer, ReadOnlyFileBasedBuffer):
        return 0
    read = 0
    if answer.buf is not None:
        with contextlib.suppress(ValueError):  # a thread has just closed it
            read = answer.buf.getfile().tell()
    return len(answer) + read


def find_excess(
    connections: Iterable[Connection], measure: Callable[[Connection], int], most: int
) -> list[Connection]:
    """Return the connections that take more together than they may: the largest ones.

    A page of a listener is small, and so is the answer to one, so those who take the room go before those who
    need some.
    """
    sizes = sorted(((one, measure(one)) for one in connections), key=lambda pair: pair[1])
    so_far = itertools.accumulate(size for _, size in sizes)
    return [one for (one, _), total in zip(sizes, so_far, strict=True) if total > most]

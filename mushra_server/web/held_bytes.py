"""What connections take of memory and disk, and whose end makes room."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from waitress.buffers import ReadOnlyFileBasedBuffer

__all__ = ["find_excess", "measure_held"]


class Counted(Protocol):
    """What has to be known of a connection."""

    counted_as: str | None


Connection = TypeVar("Connection", bound=Counted)


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
    """Return the connections that take more together than they may.

    Those of the address that takes most go first, and of one address the largest: who fills the room with
    thousands of connections keeps nobody from sending one long answer. What is this machine's own, or the
    proxy's, comes from many, so that each counts by itself.
    """
    sizes = [(one, measure(one)) for one in connections]
    of_address: Counter[str | None] = Counter()
    for one, size in sizes:
        of_address[one.counted_as] += size

    def rank(pair: tuple[Connection, int]) -> tuple[int, int]:
        one, size = pair
        return (size if one.counted_as is None else of_address[one.counted_as]), size

    sizes.sort(key=rank)
    so_far = itertools.accumulate(size for _, size in sizes)
    return [one for (one, _), total in zip(sizes, so_far, strict=True) if total > most]

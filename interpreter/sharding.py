"""Each process its share, and everything back together; one process alone keeps all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch.distributed as dist

T = TypeVar("T")


def shard(work: Sequence[T]) -> Sequence[T]:
    """Return this process's share of `work`: every world-size-th piece, beginning at its rank."""
    return work[dist.get_rank() :: dist.get_world_size()] if _running() else work


def gathered(rows: list[T]) -> list[T]:
    """Return the rows of all processes, on every one of them."""
    if not _running():
        return rows
    parts: list[list[T] | None] = [None] * dist.get_world_size()
    dist.all_gather_object(parts, rows)
    return [row for part in parts if part is not None for row in part]


def is_first() -> bool:
    """Tell whether this process is the one that writes files and speaks."""
    return not _running() or dist.get_rank() == 0


def _running() -> bool:
    return dist.is_available() and dist.is_initialized()

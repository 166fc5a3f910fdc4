"""Threads that share a machine with other programs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


def make_threads_yield() -> None:
    """Let the threads of OpenMP wait asleep, unless the environment says otherwise.

    Threads that spin while they wait bring a busy machine to a halt (next to another training a step of
    LMAC-TD took 4.2 s instead of 0.3); threads that sleep at once lose 1.6 times on an idle one. So they spin
    briefly, then sleep. OpenMP reads this when torch is imported, and never again.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")


@contextmanager
def limit_threads(threads: int | None) -> Iterator[None]:
    """Compute with so many threads, and with as many as before afterwards; None changes nothing."""
    import torch

    before = torch.get_num_threads()
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)

"""Time peers in turn, and format the results for a table."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any


def time_in_turn(
    peers: Mapping[str, Callable[[], Any]], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Return the seconds of each call; all are called once as a warm-up, then each once per round.

    Whatever else the machine is doing then affects all of them equally. `clock` is that on the wall;
    `time.process_time` counts only what this process computes.
    """
    for call in peers.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(repeats):
        for name, call in peers.items():
            begin = clock()
            call()
            seconds[name].append(clock() - begin)
    return seconds


def format_seconds(seconds: Sequence[float]) -> str:
    """Return the median with the least and the most, in a unit that suits it."""
    middle = statistics.median(seconds)
    unit, factor = ("ms", 1e3) if middle < 1 else ("s", 1.0)
    digits = 2 if middle * factor < 10 else 1 if middle * factor < 100 else 0
    typical, low, high = (f"{factor * value:.{digits}f}" for value in (middle, min(seconds), max(seconds)))
    return f"{typical} {unit} ({low} to {high})"


def ratio(peer: Sequence[float], ours: Sequence[float]) -> str:
    """Return how many times as long the peer takes, by the medians."""
    return f"{statistics.median(peer) / statistics.median(ours):.2f}"


def versions(*distributions: str) -> str:
    """Return names and installed versions as a sentence lists them."""
    return ", ".join(f"{name} {version(name)}" for name in distributions)

"""A second writing of what the engine does to sounds, in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
FADE = 80  # 5 ms at 16 kHz
LENGTH = 12_000
Samples = NDArray[np.float64]


def noise(seed: int, length: int = LENGTH) -> Samples:
    return np.random.default_rng(seed).uniform(-0.9, 0.9, length).astype(np.float32).astype(np.float64)


def ramp(frames: int = FADE) -> Samples:
    """The first `frames` values of a raised cosine from 0 to 1."""
    return 0.5 - 0.5 * np.cos(np.pi * np.arange(frames) / frames)


def looped(
    sound: Samples, origin: int, frames: int, start: int = 0, end: int | None = None, first: int | None = None
) -> Samples:
    """A second writing of the timeline: a region with faded ends, repeated from frame `origin` on."""
    region = sound[start:end].copy()
    region[:FADE] *= ramp()
    region[-1 : -FADE - 1 : -1] *= ramp()
    offset = (start if first is None else first) - start
    at = np.arange(frames)
    return np.where(at < origin, 0.0, region[(at - origin + offset) % region.size])


RISE, FALL, OPEN = "rise", "fall", "open"


def gain(frames: int, changes: list[tuple[int, str]]) -> Samples:
    """A gain that rises or falls over 5 ms from each of these frames on, or opens at once."""
    result = np.zeros(frames)
    for at, change in changes:
        shape = {RISE: ramp(), FALL: 1 - ramp(), OPEN: np.ones(FADE)}[change]
        result[at : at + FADE] = shape[: max(0, frames - at)]
        result[at + FADE :] = 0.0 if change == FALL else 1.0
    return result

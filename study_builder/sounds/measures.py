"""What a sound measures: its channels, its length and its offset, in words."""

from __future__ import annotations

import numpy as np

from stimuli import Audio
from stimuli.check import longest_clipped_run

MAX_OFFSET = 0.02  # of full scale; recordings have far less, a short sound of low pitch nearly as much
CLIPPED_RUN = 3
FULL_SCALE = 1.0 - 2.0**-15  # the highest value of 16 bits
MAX_CHANNELS = 6  # 5.1, the most for which BS.1770 defines loudness


def channels_of(audio: Audio) -> int:
    """Return how many channels a sound has."""
    return 1 if audio.ndim == 1 else audio.shape[1]


def count_in_words(channels: int) -> str:
    """Return a number of channels in words."""
    return f"{channels} channel{'s' if channels > 1 else ''}"


def duration(samples: int, rate: int) -> str:
    """Return the length of a sound in words, in samples and in seconds."""
    return f"{samples} sample{'s' if samples != 1 else ''} ({samples / rate:.3f} s)"


def measure_clipped_run(audio: Audio) -> int:
    """Return the longest run of equal samples at full scale, 0 if it is too short to be clipping."""
    run = longest_clipped_run(audio, FULL_SCALE)
    return run if run >= CLIPPED_RUN else 0


def dc_offset(audio: Audio) -> str | None:
    """Return how far a sound's mean is from zero if that is heard as a click at its ends; else None."""
    means = np.abs(audio.mean(axis=0, dtype=np.float64))
    if not (offset := float(means.max())) > MAX_OFFSET:
        return None
    return f"has a constant offset of {offset:.3f} of full scale, which clicks at its ends; expected none"

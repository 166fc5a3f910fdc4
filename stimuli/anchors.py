"""Low-pass anchors of ITU-R BS.1534-3: within the mask, and not one sample early or late."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.signal import firwin, kaiserord, oaconvolve

from stimuli.audio import Audio
from stimuli.errors import StimuliError

LOW_ANCHOR_HZ = 3500.0
MID_ANCHOR_HZ = 7000.0
STOP_RATIO = 4.0 / 3.5
"""Where the stop band begins, relative to the cut-off (BS.1534-3, 5.1: 25 dB at 4 kHz, 50 dB at 4.5 kHz)."""
ATTENUATION_DB = 65.0


@lru_cache(maxsize=32)
def anchor_filter(sample_rate: int, cutoff_hz: float) -> npt.NDArray[np.float64]:
    """Return the anchor's impulse response: odd, symmetric, flat to `cutoff_hz` within 0.05 dB.

    A Kaiser-window design whose whole transition lies between `cutoff_hz` and 8/7 of it, hence stricter
    than the mask.

    Raises:
        StimuliError: the transition band would pass half the sample rate.
    """
    stop_hz = cutoff_hz * STOP_RATIO
    if stop_hz > sample_rate / 2:
        raise StimuliError(
            f"an anchor of {cutoff_hz:g} Hz needs a sample rate of at least {2 * stop_hz:g} Hz; "
            f"found {sample_rate} Hz"
        )
    taps, beta = kaiserord(ATTENUATION_DB, (stop_hz - cutoff_hz) / (sample_rate / 2))
    taps |= 1
    return np.asarray(firwin(taps, (cutoff_hz + stop_hz) / 2, window=("kaiser", beta), fs=sample_rate))


def lowpass_anchor(audio: Audio, sample_rate: int, cutoff_hz: float = LOW_ANCHOR_HZ) -> Audio:
    """Return `audio` low-pass filtered for use as an anchor: same length, zero delay.

    Args:
        audio: the reference.
        sample_rate: in Hz, 8000 to 192000.
        cutoff_hz: 3500 for the low anchor, 7000 for the mid anchor.

    Raises:
        StimuliError: the anchor does not fit below half the sample rate.

    Shape:
        - audio: `[samples]` or `[samples, channels]`
        - output: the same
    """
    taps = anchor_filter(sample_rate, float(cutoff_hz))
    half = len(taps) // 2
    columns = audio.reshape(len(audio), -1).astype(np.float64)
    filtered = oaconvolve(columns, taps[:, None], mode="full", axes=0)[half : half + len(audio)]
    return np.asarray(filtered.reshape(audio.shape), dtype=np.float32)

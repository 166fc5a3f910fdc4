"""Whether a sound is an anchor of another within the mask of BS.1534-3, measured on the two sounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import csd, welch

from stimuli import LOW_ANCHOR_HZ, Audio, to_mono

RIPPLE_DB = 0.1
STOP_DB = ((4.0 / 3.5, 25.0), (4.5 / 3.5, 50.0))
"""Attenuation that must be reached, from which multiple of the cut-off on."""
SLACK_DB = 0.05
SMOOTHING_HZ = 24.0
DITHER_VARIANCE = 0.25 * 2.0**-30
"""Of 16-bit quantisation with triangular dither, relative to full scale."""


@dataclass(frozen=True)
class AnchorFit:
    """How an anchor relates to its reference.

    Attributes:
        ripple_db: largest deviation in the pass band from its mean; NaN if the reference has too little
            there.
        stop_db: attenuation reached from each multiple of the cut-off in `STOP_DB` on; NaN in the same case.
        lag: samples by which the anchor is late.
    """

    ripple_db: float
    stop_db: tuple[float, ...]
    lag: int

    def faults(self, cutoff_hz: float) -> list[str]:
        """Return what breaks the mask; the mask is given for 3.5 kHz, and scaled for other cut-offs."""
        found = []
        if self.lag != 0:
            found.append(f"is {abs(self.lag)} samples {'late' if self.lag > 0 else 'early'}; expected none")
        if self.ripple_db > RIPPLE_DB + SLACK_DB:
            found.append(
                f"has a ripple of {self.ripple_db:.2f} dB up to {cutoff_hz:g} Hz; expected {RIPPLE_DB} dB at "
                "most"
            )
        for (multiple, wanted), reached in zip(STOP_DB, self.stop_db, strict=True):
            if reached < wanted - SLACK_DB:
                found.append(
                    f"is attenuated by {round(reached, 1) + 0.0:.1f} dB from {multiple * cutoff_hz:.0f} Hz "
                    f"on; expected {wanted:g} dB or more"
                )
        return found


def measure_anchor(
    reference: Audio, anchor: Audio, sample_rate: int, cutoff_hz: float = LOW_ANCHOR_HZ
) -> AnchorFit:
    """Estimate the filter that turns a reference into an anchor, from their cross-spectrum.

    A common gain does not matter. Frequencies at which the reference is too faint for the demanded
    attenuation to show above the dither of a 16-bit file are left out, and so is the mask of sounds shorter
    than about a tenth of a second, whose spectrum is too coarse to show it, and of silence.

    Shape:
        - reference, anchor: `[samples]` or `[samples, channels]`, of equal length
    """
    x, y = (to_mono(sound).astype(np.float64) for sound in (reference, anchor))
    unknown = (np.nan,) * len(STOP_DB)
    if not (x.any() and y.any()):
        return AnchorFit(np.nan, unknown, 0)
    lag = _lag(x, y, sample_rate)
    x, y = (x[: len(x) - lag], y[lag:]) if lag >= 0 else (x[-lag:], y[: len(y) + lag])
    segment = 1 << int(np.log2(max(sample_rate / 6, 16)))
    if len(x) < segment:
        return AnchorFit(np.nan, unknown, lag)
    options = {"fs": sample_rate, "nperseg": segment, "window": "blackmanharris"}
    frequency, cross = csd(x, y, **options)
    power = welch(x, **options)[1]
    width = max(1, round(SMOOTHING_HZ / (frequency[1] - frequency[0])))
    kernel = np.ones(width) / width
    power, cross = np.convolve(power, kernel, "same"), np.convolve(cross, kernel, "same")
    noise = DITHER_VARIANCE / (sample_rate / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        response_db = 20 * np.log10(np.abs(cross) / power)
        headroom_db = 10 * np.log10(power / noise)
    passes = (frequency > 3 * frequency[width]) & (frequency < cutoff_hz - SMOOTHING_HZ) & (headroom_db > 40)
    level_db = float(np.median(response_db[passes])) if passes.any() else np.nan
    ripple = float(np.abs(response_db[passes] - level_db).max()) if passes.any() else np.nan
    stops = []
    for multiple, wanted in STOP_DB:
        band = (frequency >= multiple * cutoff_hz + SMOOTHING_HZ) & (headroom_db + level_db > wanted + 10)
        stops.append(float((level_db - response_db[band]).min()) if band.any() else np.nan)
    return AnchorFit(ripple, tuple(stops), lag)


def _lag(x: np.ndarray, y: np.ndarray, sample_rate: int) -> int:
    """Return by how many samples `y` is later than `x`, looking 20 ms to both sides."""
    reach = min(round(0.02 * sample_rate), len(x) - 1)
    size = 1 << int(np.ceil(np.log2(len(x) + reach + 1)))
    correlation = np.fft.irfft(np.fft.rfft(y, size) * np.conj(np.fft.rfft(x, size)), size)
    around = np.concatenate([correlation[-reach:], correlation[: reach + 1]]) if reach else correlation[:1]
    return int(np.argmax(around)) - reach

"""Loudness: measure it (ITU-R BS.1770-4) and make the sounds of a trial equally loud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyloudnorm
import soxr

from stimuli.audio import Audio

BLOCK_S = 0.4
"""Gating block of BS.1770-4; a clip shorter than this is measured as one block of its own length."""


@dataclass(frozen=True)
class Aligned:
    """A sound after loudness alignment.

    Attributes:
        audio: the scaled samples.
        gain_db: the gain that was applied.
        lufs: integrated loudness afterwards; -inf for silence.
        true_peak_dbtp: true peak afterwards, dB relative to full scale.
        warnings: sentences about anything that kept the sound from its target.
    """

    audio: Audio
    gain_db: float
    lufs: float
    true_peak_dbtp: float
    warnings: tuple[str, ...] = ()


def integrated_loudness(audio: Audio, sample_rate: int) -> float:
    """Return the gated loudness of a sound in LUFS, -inf where nothing passes the gate (ITU-R BS.1770-4).

    A clip shorter than 400 ms, for which the Recommendation defines nothing, is measured as a single block
    of its own length.

    Shape:
        - audio: `[samples]` or `[samples, channels]`
    """
    duration_s = len(audio) / sample_rate
    meter = pyloudnorm.Meter(sample_rate, block_size=min(BLOCK_S, duration_s))
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(meter.integrated_loudness(np.asarray(audio, dtype=np.float64)))


def true_peak(audio: Audio, sample_rate: int) -> float:
    """Return the true peak in dBTP from 4-fold oversampling (BS.1770-4, annex 2); -inf for silence."""
    oversampled = soxr.resample(audio, sample_rate, 4 * sample_rate, quality="HQ")
    peak = max(float(np.abs(audio).max()), float(np.abs(oversampled).max()))
    return 20 * float(np.log10(peak)) if peak > 0 else -np.inf


def align_loudness(
    sounds: Sequence[Audio],
    sample_rate: int,
    target_lufs: float = -23.0,
    ceiling_dbtp: float = -1.0,
    max_gain_db: float = 30.0,
) -> list[Aligned]:
    """Make sounds equally loud: all of one trial, or all of a set.

    Every sound gets the gain that brings it to `target_lufs`. Where one of them would pass `ceiling_dbtp`,
    the target is lowered for all of them, so that they stay equally loud. A
    sound that would need more than `max_gain_db` is nearly silent: it gets that gain and no more, and a
    warning.

    Args:
        sounds: each `[samples]` or `[samples, channels]`.
        sample_rate: in Hz, the same for all.
        target_lufs: loudness to reach.
        ceiling_dbtp: true peak that no sound passes.
        max_gain_db: the largest gain.

    Returns:
        One result for each sound, in order.
    """
    loudness = [integrated_loudness(sound, sample_rate) for sound in sounds]
    peaks = [true_peak(sound, sample_rate) for sound in sounds]
    wanted = [min(target_lufs - lufs, max_gain_db) if np.isfinite(lufs) else 0.0 for lufs in loudness]
    excess_db = max(
        (peak + gain - ceiling_dbtp for peak, gain in zip(peaks, wanted, strict=True)), default=0.0
    )
    lowered_db = max(excess_db, 0.0)
    results = []
    for sound, lufs, peak, gain in zip(sounds, loudness, peaks, wanted, strict=True):
        gain_db = gain - lowered_db if np.isfinite(lufs) else min(0.0, ceiling_dbtp - peak)
        scaled = np.asarray(sound * np.float32(10 ** (gain_db / 20)), dtype=np.float32)
        warnings = _warnings(
            len(sound) / sample_rate, lufs, target_lufs - lufs, max_gain_db, lowered_db, ceiling_dbtp
        )
        results.append(Aligned(scaled, gain_db, lufs + gain_db, peak + gain_db, warnings))
    return results


def _warnings(
    duration_s: float,
    lufs: float,
    needed_db: float,
    max_gain_db: float,
    lowered_db: float,
    ceiling_dbtp: float,
) -> tuple[str, ...]:
    found = []
    if not np.isfinite(lufs):
        found.append("silent: nothing passes the loudness gate, so its level was left alone")
    elif needed_db > max_gain_db:
        found.append(
            f"nearly silent: {needed_db:.1f} dB would be needed, {max_gain_db:g} dB is the most that is given"
        )
    if duration_s < BLOCK_S:
        found.append(
            f"{1000 * duration_s:.3g} ms is shorter than the 400 ms block of BS.1770-4: measured as one block"
        )
    if lowered_db > 0:
        found.append(
            f"all sounds are {lowered_db:.2f} dB softer than asked, so that no true peak passes "
            f"{ceiling_dbtp:g} dBTP"
        )
    return tuple(found)

"""Loudness: measure it (ITU-R BS.1770-4) and make the sounds of a trial equally loud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr
from pyloudnorm.iirfilter import IIRfilter

from stimuli.audio import Audio
from stimuli.errors import StimuliError

HOPS_PER_SECOND, HOPS_PER_BLOCK = 10, 4
"""BS.1770-4 gates blocks of 400 ms that begin every 100 ms."""
GATE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0
CHANNEL_GAINS = (1.0, 1.0, 1.0, 1.41, 1.41)
"""Of left, right, centre and the two surrounds (BS.1770-4, table 3)."""
CHANNEL_GAINS_5_1 = (1.0, 1.0, 1.0, 0.0, 1.41, 1.41)
"""With the channel for low-frequency effects, which BS.1770 leaves out, at its place in a WAV file."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """How loud a sound is, which is all that its gain depends on.

    Attributes:
        samples: its length.
        lufs: integrated loudness; -inf for silence.
        true_peak_dbtp: true peak, dB relative to full scale.
    """

    samples: int
    lufs: float
    true_peak_dbtp: float


@dataclass(frozen=True)
class Gain:
    """What brings a sound to its loudness.

    Attributes:
        gain_db: the gain to apply.
        lufs: integrated loudness afterwards; -inf for silence.
        true_peak_dbtp: true peak afterwards, dB relative to full scale.
        warnings: sentences about anything that keeps the sound from its target.
    """

    gain_db: float
    lufs: float
    true_peak_dbtp: float
    warnings: tuple[str, ...] = ()

    def apply(self, audio: Audio) -> Audio:
        """Return the scaled samples."""
        return np.asarray(audio * np.float32(10 ** (self.gain_db / 20)), dtype=np.float32)


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
    """Return the gated loudness of a sound in LUFS, -inf if nothing passes the gate (ITU-R BS.1770-4).

    A clip shorter than 400 ms, for which the Recommendation defines nothing, is measured as one block of
    that length. The weighting filters are those that pyloudnorm designs for any rate.

    Raises:
        StimuliError: the sound has no samples, or more than six channels.

    Shape:
        - audio: `[samples]` or `[samples, channels]`
    """
    columns = np.atleast_2d(np.asarray(audio, dtype=np.float64).T)
    if columns.size == 0 or len(columns) > len(CHANNEL_GAINS_5_1):
        raise StimuliError(
            f"a sound of {len(audio)} samples and {len(columns)} channels has no loudness; expected at least "
            f"one sample and 1 to {len(CHANNEL_GAINS_5_1)} channels"
        )
    shelf = IIRfilter(4.0, 1 / np.sqrt(2), 1500.0, sample_rate, "high_shelf")
    high_pass = IIRfilter(0.0, 0.5, 38.0, sample_rate, "high_pass")
    power = _block_power(np.square(high_pass.apply_filter(shelf.apply_filter(columns))), sample_rate)
    power = power[_lufs(power) > GATE_LUFS]
    if power.size:
        power = power[_lufs(power) > _lufs(power.mean()) + RELATIVE_GATE_LU]
    return float(_lufs(power.mean())) if power.size else -np.inf


def _block_power(squares: Floats, sample_rate: int) -> Floats:
    """Return the weighted sum over the channels of each whole block's mean square.

    Blocks are counted in samples: lengths in seconds do not come back as the same number of samples.

    Shape:
        - squares: `[channels, samples]`
        - result: `[blocks]`, at least one
    """
    table = CHANNEL_GAINS_5_1 if len(squares) > len(CHANNEL_GAINS) else CHANNEL_GAINS
    gains = np.array(table[: len(squares)])
    if is_one_block(squares.shape[1], sample_rate):
        return np.atleast_1d(gains @ squares.mean(axis=1))
    hops = (HOPS_PER_SECOND * (squares.shape[1] + 1) - 1) // sample_rate  # those that are whole
    edges = np.arange(hops + 1) * sample_rate // HOPS_PER_SECOND
    sums = np.add.reduceat(gains @ squares[:, : edges[-1]], edges[:-1])
    blocks = np.lib.stride_tricks.sliding_window_view(sums, HOPS_PER_BLOCK).sum(axis=1)
    return np.asarray(blocks / (edges[HOPS_PER_BLOCK:] - edges[:-HOPS_PER_BLOCK]))


def is_one_block(samples: int, sample_rate: int) -> bool:
    """Whether a sound is shorter than a gating block, and so measured as one block."""
    return samples < HOPS_PER_BLOCK * sample_rate // HOPS_PER_SECOND


def _lufs(power: npt.ArrayLike) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(-0.691 + 10 * np.log10(power), dtype=np.float64)


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

    Every sound gets the gain that brings it to `target_lufs`. If one of them would exceed `ceiling_dbtp`,
    the target is lowered for all of them, so that they stay equally loud. A
    sound that would need more than `max_gain_db` is nearly silent: it gets that gain and no more, and a
    warning.

    Args:
        sounds: each `[samples]` or `[samples, channels]`.
        sample_rate: in Hz, the same for all.
        target_lufs: loudness to reach.
        ceiling_dbtp: true peak that no sound exceeds.
        max_gain_db: the largest gain.

    Returns:
        One result for each sound, in order.
    """
    levels = [measure_level(sound, sample_rate) for sound in sounds]
    gains = compute_gains(levels, sample_rate, target_lufs, ceiling_dbtp, max_gain_db)
    return [
        Aligned(gain.apply(sound), gain.gain_db, gain.lufs, gain.true_peak_dbtp, gain.warnings)
        for sound, gain in zip(sounds, gains, strict=True)
    ]


def measure_level(audio: Audio, sample_rate: int) -> Level:
    """Return a sound's loudness and true peak."""
    return Level(len(audio), integrated_loudness(audio, sample_rate), true_peak(audio, sample_rate))


def compute_gains(
    levels: Sequence[Level],
    sample_rate: int,
    target_lufs: float = -23.0,
    ceiling_dbtp: float = -1.0,
    max_gain_db: float = 30.0,
) -> list[Gain]:
    """Return the gains by which `align_loudness` makes sounds of these levels equally loud."""
    wanted = [
        min(target_lufs - level.lufs, max_gain_db) if np.isfinite(level.lufs) else 0.0 for level in levels
    ]
    excess_db = max(
        (level.true_peak_dbtp + gain - ceiling_dbtp for level, gain in zip(levels, wanted, strict=True)),
        default=0.0,
    )
    lowered_db = max(excess_db, 0.0)
    gains = []
    for level, gain in zip(levels, wanted, strict=True):
        lufs, peak = level.lufs, level.true_peak_dbtp
        gain_db = gain - lowered_db if np.isfinite(lufs) else min(0.0, ceiling_dbtp - peak)
        warnings = _warnings(
            level.samples, sample_rate, lufs, target_lufs - lufs, max_gain_db, lowered_db, ceiling_dbtp
        )
        gains.append(Gain(gain_db, lufs + gain_db, peak + gain_db, warnings))
    return gains


def _warnings(
    samples: int,
    sample_rate: int,
    lufs: float,
    needed_db: float,
    max_gain_db: float,
    lowered_db: float,
    ceiling_dbtp: float,
) -> tuple[str, ...]:
    found = []
    if not np.isfinite(lufs):
        found.append("silent: nothing passes the loudness gate, so its level was left unchanged")
    elif needed_db > max_gain_db:
        found.append(f"nearly silent: {needed_db:.1f} dB would be needed, {max_gain_db:g} dB is the maximum")
    if is_one_block(samples, sample_rate):
        found.append(
            f"{1000 * samples / sample_rate:.3g} ms is shorter than the 400 ms block of BS.1770-4: measured "
            "as one block"
        )
    if lowered_db > 0:
        found.append(
            f"all sounds are {lowered_db:.2f} dB softer than asked, so that no true peak exceeds "
            f"{ceiling_dbtp:g} dBTP"
        )
    return tuple(found)

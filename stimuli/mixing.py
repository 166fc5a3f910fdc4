"""Mix sounds at an exact signal-to-noise ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stimuli.audio import Audio
from stimuli.errors import StimuliError


@dataclass(frozen=True)
class Mixture:
    """Two sounds mixed.

    Attributes:
        audio: the mixture, `[samples]`, peak at most 1.
        noise_gain_db: gain of the noise relative to the target.
        gain_db: gain of the whole mixture, 0 unless it would have clipped.
        noise_offset: the noise's first sample that was used.
    """

    audio: Audio
    noise_gain_db: float
    gain_db: float
    noise_offset: int


def mix_at_snr(
    target: Audio, noise: Audio, snr_db: float, generator: np.random.Generator | int = 0, peak: float = 1.0
) -> Mixture:
    """Add noise to a target at `snr_db`, the ratio of their energies over the target's length.

    Noise that is longer than the target is cut at a drawn offset; shorter noise is repeated from a drawn
    offset. A mixture whose peak exceeds `peak` is turned down as a whole, which leaves the ratio unchanged.

    Args:
        target: `[samples]`.
        noise: `[samples]`, any length, same rate.
        snr_db: ratio of the energies, in dB.
        generator: of the offset, or a seed for one.
        peak: largest absolute sample of the mixture.

    Raises:
        StimuliError: either sound is silent, so that no ratio is defined.
    """
    rng = np.random.default_rng(generator)
    span = max(len(noise) - len(target), 0) + 1 if len(noise) >= len(target) else len(noise)
    offset = int(rng.integers(span)) if len(noise) else 0
    cut = (
        noise[offset : offset + len(target)]
        if len(noise) >= len(target)
        else np.resize(np.roll(noise, -offset), len(target))
    )
    target_energy = float(np.square(target, dtype=np.float64).sum())
    noise_energy = float(np.square(cut, dtype=np.float64).sum())
    if target_energy == 0 or noise_energy == 0:
        silent = "target" if target_energy == 0 else "noise"
        raise StimuliError(
            f"the {silent} is silent, so no signal-to-noise ratio is defined; expected a sound with energy"
        )
    noise_gain = np.sqrt(target_energy / noise_energy) * 10 ** (-snr_db / 20)
    mixed = target.astype(np.float64) + noise_gain * cut
    largest = float(np.abs(mixed).max())
    gain = min(1.0, peak / largest)
    return Mixture(
        (gain * mixed).astype(np.float32),
        20 * float(np.log10(noise_gain)),
        20 * float(np.log10(gain)),
        offset,
    )

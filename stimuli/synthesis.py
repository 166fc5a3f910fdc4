"""Building blocks of synthetic sounds: noise, tones, envelopes, rooms; all return arrays `[samples]`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import fft

Signal = npt.NDArray[np.floating]


def seconds(samples: int, sample_rate: int) -> Signal:
    """Return the time of each sample in seconds."""
    return np.arange(samples) / sample_rate


def coloured_noise(rng: np.random.Generator, samples: int, slope_db_per_octave: float) -> Signal:
    """Return Gaussian noise of unit power with a slope in dB per octave, flat below Nyquist / 100."""
    exponent = np.float32(slope_db_per_octave / (20 * np.log10(2)))
    return _shape_noise(rng, samples, np.exp(exponent * _log_position(samples)))


def band_noise(
    rng: np.random.Generator, samples: int, sample_rate: int, low_hz: float, high_hz: float
) -> Signal:
    """Return Gaussian noise of unit power between two frequencies, with edges of an eighth of an octave."""
    octaves = _octaves(samples, sample_rate)
    rise = np.clip((octaves - np.float32(np.log2(low_hz))) * 8 + np.float32(0.5), 0, 1)
    fall = np.clip((np.float32(np.log2(high_hz)) - octaves) * 8 + np.float32(0.5), 0, 1)
    return _shape_noise(rng, samples, rise * fall)


def _shape_noise(rng: np.random.Generator, samples: int, shape: Signal) -> Signal:
    """Gaussian noise of unit power, drawn as a spectrum so that no forward transform is needed."""
    spectrum = rng.standard_normal(2 * len(shape), dtype=np.float32).view(np.complex64)
    return unit_power(fft.irfft(spectrum * shape, samples))


@lru_cache(maxsize=8)
def _log_position(samples: int) -> Signal:
    """Logarithm of each bin's position below Nyquist, no lower than that of 1/100."""
    bins = samples // 2 + 1
    return np.log(np.maximum(np.arange(bins, dtype=np.float32) / bins, np.float32(0.01)))


@lru_cache(maxsize=8)
def _octaves(samples: int, sample_rate: int) -> Signal:
    """Each bin's frequency in octaves above 1 Hz."""
    octaves: Signal = np.log2(np.maximum(fft.rfftfreq(samples, 1 / sample_rate), 1.0)).astype(np.float32)
    return octaves


def slow_envelope(rng: np.random.Generator, samples: int, points: int, depth: float) -> Signal:
    """Return an envelope of `points` drawn values between `1 - depth` and 1, joined by straight lines."""
    values = (1 - depth * rng.random(points)).astype(np.float32)
    knots = np.linspace(0, samples, points).astype(int)
    pieces = [
        np.linspace(values[k], values[k + 1], knots[k + 1] - knots[k], endpoint=False, dtype=np.float32)
        for k in range(points - 1)
    ]
    return np.concatenate(pieces)


def glide(frequency_hz: npt.ArrayLike, sample_rate: int, samples: int, phase: float = 0.0) -> Signal:
    """Return the phase in radians of a tone whose frequency is given for every sample (or is constant)."""
    steps = np.broadcast_to(np.asarray(frequency_hz, dtype=np.float64), (samples,))
    return phase + 2 * np.pi * np.cumsum(steps) / sample_rate


def harmonics(phase: Signal, weights: npt.ArrayLike) -> Signal:
    """Return the sum of harmonics of a phase: `weights[k]` is the amplitude of harmonic `k + 1`.

    Chebyshev's recurrence, sin((k + 1)x) = 2 cos(x) sin(kx) - sin((k - 1)x), spares a sine for each
    harmonic.
    """
    amplitudes = np.asarray(weights, dtype=np.float32)
    wrapped = np.mod(phase, 2 * np.pi).astype(np.float32)
    twice_cosine = 2 * np.cos(wrapped)
    previous, current = np.zeros_like(wrapped), np.sin(wrapped)
    total: Signal = amplitudes[0] * current
    for amplitude in amplitudes[1:]:
        previous, current = current, twice_cosine * current - previous
        total += amplitude * current
    return total


def decay(samples: int, sample_rate: int, attack_s: float, decay_s: float) -> Signal:
    """Return a percussive envelope: a linear attack, then a decay with the time constant `decay_s`."""
    t = seconds(samples, sample_rate)
    envelope: Signal = np.minimum(t / attack_s, 1.0) * np.exp(-np.maximum(t - attack_s, 0) / decay_s)
    return envelope


def resonator(excitation: Signal, sample_rate: int, centre_hz: float, bandwidth_hz: float) -> Signal:
    """Return `excitation` through a two-pole resonator of unit gain at its centre."""
    radius = np.exp(-np.pi * bandwidth_hz / sample_rate)
    angle = 2 * np.pi * centre_hz / sample_rate
    gain = (1 - radius) * np.sqrt(1 - 2 * radius * np.cos(2 * angle) + radius**2)
    from scipy.signal import lfilter  # loading it takes longer than most programs need of this module

    return np.asarray(lfilter([gain], [1, -2 * radius * np.cos(angle), radius**2], excitation))


def place(target: Signal, event: Signal, start: int) -> None:
    """Add `event` to `target` from sample `start` on, cut where the target ends."""
    if 0 <= start < len(target):
        end = min(start + len(event), len(target))
        target[start:end] += event[: end - start]


def room(
    rng: np.random.Generator, dry: Signal, sample_rate: int, reverberation_s: float, wet: float
) -> Signal:
    """Return `dry` in a room: `wet` of its energy in a tail that decays by 60 dB in `reverberation_s`."""
    length = int(reverberation_s * sample_rate)
    tail = rng.standard_normal(length, dtype=np.float32) * np.exp(
        np.linspace(0, -6.9, length, dtype=np.float32)
    )
    dry = dry.astype(np.float32)
    size = fft.next_fast_len(len(dry) + length, real=True)
    spread = fft.irfft(fft.rfft(dry, size) * fft.rfft(tail, size), size)[: len(dry)]
    direct, late = np.float32(np.sqrt(1 - wet)), np.float32(np.sqrt(wet))
    mixed: Signal = direct * unit_power(dry) + late * unit_power(spread)
    return mixed


def unit_power(signal: Signal) -> Signal:
    """Return `signal` scaled to a mean square of 1; silence stays silence."""
    power = float(np.dot(signal, signal)) / len(signal)
    return signal * signal.dtype.type(1 / np.sqrt(power)) if power > 0 else signal

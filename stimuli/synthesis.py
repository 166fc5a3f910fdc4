"""Building blocks of synthetic sounds: coloured noise, tones, envelopes, rooms. All take a generator and return float arrays `[samples]`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

Signal = npt.NDArray[np.float64]


def seconds(samples: int, sample_rate: int) -> Signal:
    """Return the time of each sample in seconds."""
    return np.arange(samples) / sample_rate


def coloured_noise(rng: np.random.Generator, samples: int, slope_db_per_octave: float) -> Signal:
    """Return Gaussian noise of unit power whose spectrum falls by `slope_db_per_octave` above 1/100 of Nyquist."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    octaves = np.log2(np.maximum(np.arange(len(spectrum)), len(spectrum) / 100) / len(spectrum))
    return unit_power(np.fft.irfft(spectrum * 10 ** (slope_db_per_octave * octaves / 20), samples))


def band_noise(
    rng: np.random.Generator, samples: int, sample_rate: int, low_hz: float, high_hz: float
) -> Signal:
    """Return Gaussian noise of unit power between two frequencies, with soft edges of an eighth of an octave."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    log_frequency = np.log2(np.maximum(np.fft.rfftfreq(samples, 1 / sample_rate), 1.0))
    rise = np.clip((log_frequency - np.log2(low_hz)) * 8 + 0.5, 0, 1)
    fall = np.clip((np.log2(high_hz) - log_frequency) * 8 + 0.5, 0, 1)
    return unit_power(np.fft.irfft(spectrum * rise * fall, samples))


def slow_envelope(rng: np.random.Generator, samples: int, points: int, depth: float) -> Signal:
    """Return a slowly changing positive envelope: `points` drawn values, joined by straight lines, between `1 - depth` and 1."""
    values = 1 - depth * rng.random(points)
    return np.interp(np.linspace(0, points - 1, samples), np.arange(points), values)


def glide(frequency_hz: npt.ArrayLike, sample_rate: int, samples: int, phase: float = 0.0) -> Signal:
    """Return the phase in radians of a tone whose frequency is given for every sample (or is constant)."""
    steps = np.broadcast_to(np.asarray(frequency_hz, dtype=np.float64), (samples,))
    return phase + 2 * np.pi * np.cumsum(steps) / sample_rate


def harmonics(phase: Signal, weights: npt.ArrayLike) -> Signal:
    """Return the sum of harmonics of a phase: `weights[k]` is the amplitude of harmonic `k + 1`."""
    total = np.zeros_like(phase)
    for number, weight in enumerate(np.asarray(weights, dtype=np.float64), start=1):
        total += weight * np.sin(number * phase)
    return total


def decay(samples: int, sample_rate: int, attack_s: float, decay_s: float) -> Signal:
    """Return a percussive envelope: a linear attack, then an exponential decay with time constant `decay_s`."""
    t = seconds(samples, sample_rate)
    return np.minimum(t / attack_s, 1.0) * np.exp(-np.maximum(t - attack_s, 0) / decay_s)


def resonator(excitation: Signal, sample_rate: int, centre_hz: float, bandwidth_hz: float) -> Signal:
    """Return `excitation` through a two-pole resonator of unit gain at its centre."""
    radius = np.exp(-np.pi * bandwidth_hz / sample_rate)
    angle = 2 * np.pi * centre_hz / sample_rate
    gain = (1 - radius) * np.sqrt(1 - 2 * radius * np.cos(2 * angle) + radius**2)
    return np.asarray(lfilter([gain], [1, -2 * radius * np.cos(angle), radius**2], excitation))


def place(target: Signal, event: Signal, start: int) -> None:
    """Add `event` to `target` from sample `start` on, cut where the target ends."""
    if 0 <= start < len(target):
        end = min(start + len(event), len(target))
        target[start:end] += event[: end - start]


def room(
    rng: np.random.Generator, dry: Signal, sample_rate: int, reverberation_s: float, wet: float
) -> Signal:
    """Return `dry` in a room: exponentially decaying noise of `reverberation_s` (60 dB) as its tail, `wet` of its energy."""
    length = int(reverberation_s * sample_rate)
    tail = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    size = 1 << (len(dry) + length).bit_length()
    spread = np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(tail, size), size)[: len(dry)]
    return np.sqrt(1 - wet) * unit_power(dry) + np.sqrt(wet) * unit_power(spread)


def unit_power(signal: Signal) -> Signal:
    """Return `signal` scaled to a mean square of 1; silence stays silence."""
    power = float(np.mean(np.square(signal)))
    return signal / np.sqrt(power) if power > 0 else signal

"""Synthetic environmental sounds: one function per class, each drawing its own pitch, tempo and timbre.

Every function takes a generator, a number of samples and a rate in Hz, and returns the sound as `[samples]`
at any level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from stimuli.synthesis import (
    Signal,
    band_noise,
    coloured_noise,
    decay,
    glide,
    harmonics,
    place,
    resonator,
    seconds,
    slow_envelope,
)

Source = Callable[[np.random.Generator, int, int], Signal]


def rain(rng: np.random.Generator, samples: int, sample_rate: int) -> Signal:
    """Drops: many short bright clicks over a hiss."""
    low_hz = rng.uniform(1200, 2500)
    hiss = band_noise(rng, samples, sample_rate, low_hz, 0.47 * sample_rate)
    drops = np.zeros(samples)
    positions = rng.integers(0, samples, int(rng.uniform(60, 250) * samples / sample_rate))
    np.add.at(drops, positions, rng.exponential(1.0, len(positions)))
    ringing = resonator(drops, sample_rate, rng.uniform(2500, 5500), rng.uniform(800, 2000))
    return hiss * slow_envelope(rng, samples, 6, 0.3) + ringing * (
        rng.uniform(0.6, 1.6) / (np.std(ringing) + 1e-12)
    )


def dog(rng: np.random.Generator, samples: int, sample_rate: int) -> Signal:
    """Barks: short voiced bursts that fall in pitch, through two formants."""
    out = np.zeros(samples)
    pitch_hz, spacing_s = rng.uniform(250, 600), rng.uniform(0.3, 0.6)
    length = int(rng.uniform(0.12, 0.22) * sample_rate)
    formants = (rng.uniform(500, 900), rng.uniform(1200, 2200))
    start_s = rng.uniform(0.0, 0.25)
    while start_s < samples / sample_rate - 0.05:
        contour = (
            pitch_hz
            * rng.uniform(0.9, 1.1)
            * np.interp(np.arange(length), [0, 0.25 * length, length], [0.8, 1.15, 0.6])
        )
        voice = harmonics(glide(contour, sample_rate, length), 1 / np.arange(1, 11))
        rough = voice + 0.5 * rng.standard_normal(length)
        bark = sum(resonator(rough, sample_rate, centre, 220.0) for centre in formants) * decay(
            length, sample_rate, 0.012, 0.07
        )
        place(out, bark, int(start_s * sample_rate))
        start_s += spacing_s * rng.uniform(0.8, 1.4)
    return out


def siren(rng: np.random.Generator, samples: int, sample_rate: int) -> Signal:
    """A wail that slides up and down between two pitches."""
    t = seconds(samples, sample_rate)
    low_hz = rng.uniform(450, 750)
    swing = 0.5 - 0.5 * np.cos(2 * np.pi * rng.uniform(0.5, 1.6) * t + rng.uniform(0, 2 * np.pi))
    contour = low_hz * rng.uniform(1.6, 2.4) ** swing
    return harmonics(
        glide(contour, sample_rate, samples), [1, rng.uniform(0.2, 0.6), rng.uniform(0.1, 0.4), 0.1]
    )


def clock_tick(rng: np.random.Generator, samples: int, sample_rate: int) -> Signal:
    """Ticks in a strict beat, alternately brighter and duller."""
    out = np.zeros(samples)
    period = int(sample_rate / rng.uniform(2.0, 5.0))
    tones = (rng.uniform(2500, 4500), rng.uniform(1600, 2600))
    length = int(0.03 * sample_rate)
    start = int(rng.uniform(0, period))
    for number, begin in enumerate(range(start, samples, period)):
        click = resonator(rng.standard_normal(length), sample_rate, tones[number % 2], 500.0)
        place(out, click * decay(length, sample_rate, 0.001, 0.006), begin)
    return out


def chirping_birds(rng: np.random.Generator, samples: int, sample_rate: int) -> Signal:
    """Phrases of fast, high, gliding whistles."""
    out = np.zeros(samples)
    centre_hz, start_s = rng.uniform(2800, 5200), rng.uniform(0.0, 0.2)
    while start_s < samples / sample_rate - 0.05:
        length = int(rng.uniform(0.04, 0.12) * sample_rate)
        shape = np.sin(np.linspace(0, np.pi * rng.choice([1.0, 2.0]), length))
        contour = centre_hz * rng.uniform(0.9, 1.1) * (1 + rng.uniform(-0.3, 0.3) * shape)
        place(
            out, np.sin(glide(contour, sample_rate, length)) * np.hanning(length), int(start_s * sample_rate)
        )
        start_s += rng.uniform(0.07, 0.16) if rng.random() < 0.75 else rng.uniform(0.25, 0.5)
    return out


def footsteps(rng: np.random.Generator, samples: int, sample_rate: int) -> Signal:
    """Steps: a dull thump of the heel, then a short scrape of the sole."""
    out = np.zeros(samples)
    period_s, start_s = rng.uniform(0.4, 0.65), rng.uniform(0.0, 0.3)
    thump_hz = rng.uniform(70, 160)
    heel, sole = int(0.12 * sample_rate), int(0.1 * sample_rate)
    low_hz = rng.uniform(500, 1000)
    scrape = band_noise(rng, sole, sample_rate, low_hz, low_hz * 3)
    while start_s < samples / sample_rate - 0.03:
        fall = np.sin(glide(thump_hz * np.linspace(1.4, 0.8, heel), sample_rate, heel)) * decay(
            heel, sample_rate, 0.002, 0.025
        )
        place(out, fall * rng.uniform(1.6, 2.6), int(start_s * sample_rate))
        place(
            out,
            scrape * decay(sole, sample_rate, 0.01, 0.025) * rng.uniform(0.3, 0.7),
            int((start_s + 0.03) * sample_rate),
        )
        start_s += period_s * rng.uniform(0.93, 1.07)
    return out


def engine(rng: np.random.Generator, samples: int, sample_rate: int) -> Signal:
    """A running motor: low harmonics of a firing rate that wavers, with rough noise in its beat."""
    contour = rng.uniform(35, 75) * slow_envelope(rng, samples, 5, 0.15)
    phase = glide(contour, sample_rate, samples, rng.uniform(0, 2 * np.pi))
    weights = rng.uniform(0.4, 1.0, 16) / np.arange(1, 17) ** 0.7
    roughness = coloured_noise(rng, samples, -6.0) * (0.5 + 0.5 * np.sin(phase)) ** 3
    return harmonics(phase, weights) + rng.uniform(0.2, 0.5) * roughness


def clock_alarm(rng: np.random.Generator, samples: int, sample_rate: int) -> Signal:
    """An electronic alarm: bursts of equal beeps on one steady pitch."""
    t = seconds(samples, sample_rate)
    beep_hz, group = rng.uniform(7.0, 11.0), int(rng.integers(2, 5))
    beat = t * beep_hz + rng.uniform(0, group)
    on = (np.mod(beat, 1.0) < 0.5) & (np.mod(np.floor(beat), group + 2) < group)
    smooth = np.hanning(33) / np.hanning(33).sum()
    edges = np.convolve(on.astype(np.float32), smooth.astype(np.float32), mode="same")
    tone = harmonics(glide(rng.uniform(1500, 2600), sample_rate, samples), [1, 0, 0.35])
    return tone * edges


def church_bells(rng: np.random.Generator, samples: int, sample_rate: int) -> Signal:
    """Struck bells: inharmonic partials that ring on."""
    out = np.zeros(samples)
    strike_hz, start_s = rng.uniform(220, 440), rng.uniform(0.0, 0.2)
    ratios, weights = np.array([0.5, 1.0, 1.19, 1.5, 2.0, 2.74]), np.array([0.5, 1.0, 0.7, 0.4, 0.6, 0.3])
    while start_s < samples / sample_rate - 0.1:
        length = samples - int(start_s * sample_rate)
        t = seconds(length, sample_rate)
        pitch = strike_hz * rng.choice([1.0, 1.125, 1.25])
        for ratio, weight in zip(ratios, weights, strict=True):
            place(
                out,
                weight * np.sin(2 * np.pi * pitch * ratio * t) * np.exp(-t * ratio * 1.4),
                int(start_s * sample_rate),
            )
        start_s += rng.uniform(0.6, 1.2)
    return out


def helicopter(rng: np.random.Generator, samples: int, sample_rate: int) -> Signal:
    """Rotor blades: a low whop of noise many times per second."""
    phase = glide(rng.uniform(9, 16) * slow_envelope(rng, samples, 4, 0.08), sample_rate, samples)
    blades = (0.5 + 0.5 * np.cos(phase)) ** rng.uniform(4, 8)
    return blades * band_noise(rng, samples, sample_rate, rng.uniform(60, 120), rng.uniform(500, 1200))


SOURCES: Mapping[str, tuple[int, Source]] = MappingProxyType(
    {
        "rain": (10, rain),
        "dog": (0, dog),
        "siren": (42, siren),
        "clock_tick": (38, clock_tick),
        "chirping_birds": (14, chirping_birds),
        "engine": (44, engine),
        "footsteps": (25, footsteps),
        "clock_alarm": (37, clock_alarm),
        "church_bells": (46, church_bells),
        "helicopter": (40, helicopter),
    }
)
"""Class name -> ESC-50's number of that class, and the function that makes the sound."""

"""Anchors: inside the mask of BS.1534-3 at every usual rate, and aligned to the sample."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import correlate, freqz

from stimuli import LOW_ANCHOR_HZ, MID_ANCHOR_HZ, StimuliError, anchor_filter, lowpass_anchor

RATES = [8000, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000]


def gain_db(rate: int, cutoff_hz: float, frequencies: np.ndarray) -> np.ndarray:
    _, response = freqz(anchor_filter(rate, cutoff_hz), worN=frequencies, fs=rate)
    return 20 * np.log10(np.abs(response) + 1e-12)


@pytest.mark.parametrize(
    ("rate", "cutoff_hz"),
    [(rate, LOW_ANCHOR_HZ) for rate in RATES] + [(rate, MID_ANCHOR_HZ) for rate in RATES[1:]],
)
def test_within_the_mask(rate: int, cutoff_hz: float) -> None:
    scale = cutoff_hz / 3500
    assert np.abs(gain_db(rate, cutoff_hz, np.linspace(0, 3500 * scale, 2000))).max() <= 0.05
    assert gain_db(rate, cutoff_hz, np.array([4000 * scale]))[0] <= -25
    upper = np.linspace(min(4500 * scale, rate / 2), rate / 2, 2000)
    assert gain_db(rate, cutoff_hz, upper).max() <= -50


@pytest.mark.parametrize("rate", RATES)
def test_zero_delay_and_same_length(rate: int) -> None:
    audio = np.random.default_rng(0).standard_normal(rate // 2).astype(np.float32)
    anchor = lowpass_anchor(audio, rate)
    assert anchor.shape == audio.shape
    middle = slice(len(audio) // 2 - 500, len(audio) // 2 + 500)
    correlation = correlate(anchor[middle], audio[middle], mode="same")
    assert np.argmax(correlation) == 500


def test_equals_plain_convolution() -> None:
    rng = np.random.default_rng(1)
    audio = rng.standard_normal((700, 2)).astype(np.float32)
    taps = anchor_filter(16_000, LOW_ANCHOR_HZ)
    plain = np.stack(
        [np.convolve(audio[:, k], taps, mode="full")[len(taps) // 2 :][:700] for k in range(2)], axis=1
    )
    assert np.allclose(lowpass_anchor(audio, 16_000), plain, atol=1e-5)


@pytest.mark.parametrize("samples", [1, 10, 101])
def test_short_sounds_keep_their_length(samples: int) -> None:
    audio = np.ones(samples, np.float32)
    assert lowpass_anchor(audio, 48_000).shape == (samples,)


def test_an_anchor_above_nyquist_is_refused() -> None:
    with pytest.raises(StimuliError) as error:
        lowpass_anchor(np.zeros(100, np.float32), 8000, MID_ANCHOR_HZ)
    assert str(error.value) == (
        "an anchor of 7000 Hz needs a sample rate of at least 16000 Hz; found 8000 Hz"
    )


@pytest.mark.parametrize(("rate", "cutoff_hz"), [(16_000, LOW_ANCHOR_HZ), (48_000, MID_ANCHOR_HZ)])
def test_the_whole_transition_lies_before_eight_sevenths_of_the_cut_off(rate: int, cutoff_hz: float) -> None:
    # Stricter than the mask: 60 dB and more from 4 kHz (8 kHz) on, where the mask asks for 25.
    stop = np.linspace(cutoff_hz * 8 / 7, rate / 2, 3000)
    assert gain_db(rate, cutoff_hz, stop).max() <= -60
    taps = anchor_filter(rate, cutoff_hz)
    assert len(taps) % 2 == 1 and np.allclose(taps, taps[::-1])


def test_an_anchor_is_float32_and_the_low_one_unless_asked_otherwise() -> None:
    audio = np.random.default_rng(2).standard_normal(2000).astype(np.float32)
    anchor = lowpass_anchor(audio, 32_000)
    assert anchor.dtype == np.float32
    assert np.array_equal(anchor, lowpass_anchor(audio, 32_000, 3500.0))
    assert not np.allclose(anchor, lowpass_anchor(audio, 32_000, 7000.0), atol=0.1)

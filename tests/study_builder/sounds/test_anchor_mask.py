from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import firwin, freqz, iirpeak, lfilter

from stimuli import anchor_filter, lowpass_anchor
from stimuli.audio import quantise_16_bit
from study_builder.sounds.anchor_mask import DITHER_VARIANCE, AnchorFit, measure_anchor


def white(rate: int, seconds: float = 4.0) -> NDArray[np.float32]:
    return (0.1 * np.random.default_rng(0).standard_normal(round(rate * seconds))).astype(np.float32)


def as_file(audio: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    return (quantise_16_bit(audio.astype(np.float32), seed=seed) / 32768).astype(np.float32)


def response_db(taps: NDArray[np.float64], rate: int, low: float, high: float) -> NDArray[np.float64]:
    frequency, response = freqz(taps, worN=1 << 15, fs=rate)
    inside = (frequency >= low) & (frequency <= high)
    return np.asarray(20 * np.log10(np.abs(response[inside]) + 1e-12))


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
@pytest.mark.parametrize("beta", [3.0, 5.0])
def test_the_estimate_agrees_with_the_filter_itself(rate: int, beta: float) -> None:
    taps = firwin(201 if rate > 16000 else 101, 3750, fs=rate, window=("kaiser", beta))
    x = white(rate)
    y = np.convolve(x, taps, "same").astype(np.float32)
    fit = measure_anchor(x, y, rate)
    # Witness: scipy's freqz of the filter.
    passband = response_db(taps, rate, 200, 3476)
    assert fit.ripple_db == pytest.approx(np.abs(passband - np.median(passband)).max(), abs=0.1)
    for reached, edge in zip(fit.stop_db, (4000, 4500), strict=True):
        assert reached == pytest.approx(-response_db(taps, rate, edge + 24, rate / 2).max(), abs=2.0)
    assert fit.lag == 0


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 48000, 96000])
@pytest.mark.parametrize("cutoff_hz", [3500.0, 7000.0])
def test_our_own_anchors_are_within_the_mask_as_16_bit_files(rate: int, cutoff_hz: float) -> None:
    if cutoff_hz * 8 / 7 > rate / 2:
        pytest.skip("this anchor does not fit below half the rate")
    x = white(rate)
    y = 0.4 * lowpass_anchor(x, rate, cutoff_hz)
    assert measure_anchor(as_file(x, 1), as_file(y, 2), rate, cutoff_hz).faults(cutoff_hz) == []


@pytest.mark.parametrize("shift", [-104, -1, 1, 35])
def test_an_anchor_that_is_early_or_late_is_found(shift: int) -> None:
    x = white(48000)
    y = np.roll(lowpass_anchor(x, 48000), shift)
    fit = measure_anchor(x, y, 48000)
    assert fit.lag == shift
    assert fit.faults(3500) == [f"is {abs(shift)} samples {'late' if shift > 0 else 'early'}; expected none"]


def test_a_filter_that_misses_the_mask_by_a_few_db_is_found() -> None:
    taps = firwin(199, 3675, fs=48000, window=("kaiser", 3.3))
    reached = -response_db(taps, 48000, 4524, 24000).max()
    assert 40 < reached < 50
    x = white(48000)
    faults = measure_anchor(x, np.convolve(x, taps, "same").astype(np.float32), 48000).faults(3500)
    assert any("from 4500 Hz on; expected 50 dB or more" in fault for fault in faults)


def test_the_reference_itself_is_no_anchor() -> None:
    x = white(48000)
    assert "is attenuated by 0.0 dB from 4000 Hz on; expected 25 dB or more" in measure_anchor(
        x, x, 48000
    ).faults(3500)


def test_what_the_reference_cannot_show_is_no_fault() -> None:
    rate = 48000
    low = lowpass_anchor(white(rate), rate, 1500.0)
    fit = measure_anchor(as_file(low, 1), as_file(lowpass_anchor(low, rate), 2), rate)
    assert np.isnan(fit.stop_db[1])
    assert fit.faults(3500) == []
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype(np.float32)
    assert measure_anchor(as_file(tone, 1), as_file(lowpass_anchor(tone, rate), 2), rate).faults(3500) == []


@pytest.mark.parametrize("samples", [800, 2000])
def test_short_sounds_are_measured_without_false_alarms(samples: int) -> None:
    x = white(16000)[:samples]
    assert measure_anchor(as_file(x, 1), as_file(lowpass_anchor(x, 16000), 2), 16000).faults(3500) == []


def test_channels_are_measured_together() -> None:
    x = np.stack([white(16000), white(16000)[::-1]], axis=1)
    assert measure_anchor(x, lowpass_anchor(x, 16000), 16000).faults(3500) == []


def test_the_sentences_say_what_was_expected() -> None:
    fit = AnchorFit(ripple_db=0.4, stop_db=(30.0, 45.4), lag=0)
    assert fit.faults(3500) == [
        "has a ripple of 0.40 dB up to 3500 Hz; expected 0.1 dB at most",
        "is attenuated by 45.4 dB from 4500 Hz on; expected 50 dB or more",
    ]
    assert len(anchor_filter(48000, 3500.0)) % 2 == 1


@pytest.mark.parametrize("seconds", [0.004, 0.019, 0.08])
def test_a_sound_too_short_for_a_spectrum_is_not_blamed(seconds: float) -> None:
    x = white(48000, seconds)
    fit = measure_anchor(x, lowpass_anchor(x, 48000), 48000)
    assert np.isnan([fit.ripple_db, *fit.stop_db]).all()
    assert fit.faults(3500) == []
    assert measure_anchor(x, np.roll(lowpass_anchor(x, 48000), 7), 48000).lag == 7


@pytest.mark.parametrize("seconds", [0.18, 0.3])
def test_the_shortest_sounds_that_are_judged_are_judged_rightly(seconds: float) -> None:
    x = white(48000, seconds)
    assert measure_anchor(as_file(x, 1), as_file(lowpass_anchor(x, 48000), 2), 48000).faults(3500) == []
    assert measure_anchor(x, 0.5 * x, 48000).faults(3500) != []


def test_the_dithers_variance_is_that_of_files_we_write() -> None:
    x = white(48000, 10.0)
    assert np.var(as_file(x, 3).astype(np.float64) - x) == pytest.approx(DITHER_VARIANCE, rel=0.05)


@pytest.mark.parametrize(
    ("above_db", "shown"),
    [(36, (False, False, False)), (45, (True, True, False)), (57, (True, True, False)), (64, (True,) * 3)],
)
def test_what_shows_depends_on_the_references_level_above_the_dither(
    above_db: float, shown: tuple[bool, bool, bool]
) -> None:
    # 40 dB for the pass band, 10 more than is asked for in each stop band.
    gain = (DITHER_VARIANCE * 10 ** (above_db / 10)) ** 0.5 / 0.1
    x = gain * white(16000, 20.0)
    fit = measure_anchor(x, lowpass_anchor(x, 16000), 16000)
    assert tuple(bool(np.isfinite(value)) for value in (fit.ripple_db, *fit.stop_db)) == shown
    # A softer anchor shows less of its attenuation: 20 dB softer, 20 dB less.
    soft = measure_anchor(x, 0.1 * lowpass_anchor(x, 16000), 16000)
    assert np.isfinite(soft.stop_db[1]) == (above_db > 80) and np.isfinite(soft.stop_db[0]) == (above_db > 55)


@pytest.mark.parametrize(("excess", "found"), [(-0.01, False), (0.01, True)])
def test_the_mask_has_a_slack_of_a_twentieth_of_a_decibel(excess: float, found: bool) -> None:
    exact = {"ripple_db": 0.1, "stop_db": (25.0, 50.0), "lag": 0}
    assert AnchorFit(**exact).faults(3500) == []  # type: ignore[arg-type]
    ripple = AnchorFit(0.15 + excess, (25.0, 50.0), 0)
    stops = AnchorFit(0.1, (24.95 - excess, 49.95 - excess), 0)
    assert bool(ripple.faults(3500)) == found and len(stops.faults(3500)) == 2 * found
    assert len(AnchorFit(0.1, (25.0, 50.0), -1).faults(3500)) == 1


def test_the_mask_is_scaled_with_the_cut_off() -> None:
    (first, second) = AnchorFit(0.1, (10.0, 20.04), 0).faults(7000)
    assert first == "is attenuated by 10.0 dB from 8000 Hz on; expected 25 dB or more"
    assert second == "is attenuated by 20.0 dB from 9000 Hz on; expected 50 dB or more"


def test_the_mask_needs_one_segment_of_sound() -> None:
    for samples, known in ((2047, False), (2048, True)):
        x = white(16000)[:samples]
        assert np.isfinite(measure_anchor(x, lowpass_anchor(x, 16000), 16000).ripple_db) == known


@pytest.mark.parametrize(("reference", "anchor"), [(0.0, 0.0), (0.0, 0.5), (0.5, 0.0), (0.5, 0.5)])
def test_silence_and_a_constant_show_nothing(reference: float, anchor: float) -> None:
    sounds = (np.full(16000, value, np.float32) for value in (reference, anchor))
    fit = measure_anchor(*sounds, 16000)
    assert np.isnan([fit.ripple_db, *fit.stop_db]).all() and fit.faults(3500) == []


def test_a_bump_at_110_hz_is_a_ripple() -> None:
    x = white(16000, 16.0)
    b, a = iirpeak(110, 3.0, fs=16000)
    bumped = (x + 0.5 * lfilter(b, a, x)).astype(np.float32)
    fit = measure_anchor(x, lowpass_anchor(bumped, 16000), 16000)
    # Witness: freqz of the bump; the spectrum is smoothed over 24 Hz.
    response = 20 * np.log10(np.abs(freqz(b, a, worN=[110 - 12, 110, 110 + 12], fs=16000)[1] * 0.5 + 1))
    assert response.min() - 0.5 < fit.ripple_db < response.max() + 0.2

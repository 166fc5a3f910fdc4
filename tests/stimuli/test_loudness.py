"""Loudness against the Recommendation's own figures, and alignment by measurement."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import resample_poly

from stimuli import align_loudness, integrated_loudness, true_peak


def sine(
    frequency_hz: float, level_dbfs: float, duration_s: float, rate: int = 48_000, phase: float = 0.0
) -> np.ndarray:
    t = np.arange(int(duration_s * rate)) / rate
    return (10 ** (level_dbfs / 20) * np.sin(2 * np.pi * frequency_hz * t + phase)).astype(np.float32)


def test_full_scale_sine_reads_minus_3_01() -> None:
    # BS.1770-4, annex 1: a 997 Hz sine at 0 dBFS in one front channel reads -3.01 LKFS.
    assert integrated_loudness(sine(997, 0, 5), 48_000) == pytest.approx(-3.01, abs=0.1)


@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_ebu_tech_3341_cases_1_and_2(level: float) -> None:
    # EBU Tech 3341, cases 1 and 2: a stereo 1 kHz sine at -23 (-33) dBFS per channel reads as many LUFS.
    stereo = np.stack([sine(1000, level, 20)] * 2, axis=1)
    assert integrated_loudness(stereo, 48_000) == pytest.approx(level, abs=0.1)


def test_ebu_tech_3341_case_3_gates_the_quiet_parts() -> None:
    # Case 3: 10 s at -36, 60 s at -23, 10 s at -36 dBFS reads -23.0 LUFS.
    parts = np.concatenate([sine(1000, -36, 10), sine(1000, -23, 60), sine(1000, -36, 10)])
    assert integrated_loudness(np.stack([parts, parts], axis=1), 48_000) == pytest.approx(-23.0, abs=0.1)


def test_silence_has_no_loudness() -> None:
    assert integrated_loudness(np.zeros(48_000, np.float32), 48_000) == -np.inf


def test_a_short_clip_reads_as_a_long_one_of_the_same_sound() -> None:
    assert integrated_loudness(sine(1000, -20, 0.2), 48_000) == pytest.approx(
        integrated_loudness(sine(1000, -20, 2.0), 48_000), abs=0.3
    )


def test_true_peak_sees_between_the_samples() -> None:
    # A sine at a quarter of the rate, 45 degrees off: every sample is 3.01 dB under the peak of the waveform.
    audio = sine(12_000, 0, 0.5, phase=np.pi / 4)
    assert 20 * np.log10(np.abs(audio).max()) == pytest.approx(-3.01, abs=0.01)
    assert true_peak(audio, 48_000) == pytest.approx(0.0, abs=0.2)
    other = 20 * np.log10(np.abs(resample_poly(audio.astype(np.float64), 4, 1)[400:-400]).max())
    assert true_peak(audio, 48_000) == pytest.approx(other, abs=0.3)


def test_alignment_makes_equally_loud() -> None:
    sounds = [sine(1000, level, 1.0) for level in (-40.0, -20.0, -10.0)]
    aligned = align_loudness(sounds, 48_000, target_lufs=-23.0)
    for result in aligned:
        assert integrated_loudness(result.audio, 48_000) == pytest.approx(-23.0, abs=0.05)
        assert result.lufs == pytest.approx(-23.0, abs=0.05)
        assert result.warnings == ()


def test_the_ceiling_lowers_all_alike() -> None:
    click = np.zeros(48_000, np.float32)
    click[::4800] = 0.5
    sounds = [click, sine(1000, -20, 1.0)]
    aligned = align_loudness(sounds, 48_000, target_lufs=-16.0, ceiling_dbtp=-1.0)
    measured = [integrated_loudness(result.audio, 48_000) for result in aligned]
    assert measured[0] == pytest.approx(measured[1], abs=0.05)
    assert true_peak(aligned[0].audio, 48_000) == pytest.approx(-1.0, abs=0.05)
    assert aligned[1].warnings[0].endswith(" dB softer than asked, so that no true peak passes -1 dBTP")


def test_near_silence_gets_no_absurd_gain() -> None:
    aligned = align_loudness(
        [sine(1000, -100, 1.0), sine(1000, -66, 1.0), np.zeros(48_000, np.float32)], 48_000
    )
    assert [round(result.gain_db, 1) for result in aligned] == [0.0, 30.0, 0.0]
    assert aligned[0].warnings[0].startswith("silent: nothing passes")
    assert aligned[1].warnings[0].startswith("nearly silent: ")
    assert np.isneginf(aligned[2].lufs)


def test_short_clips_are_said_to_be_short() -> None:
    (result,) = align_loudness([sine(1000, -20, 0.2)], 48_000)
    assert result.warnings == ("200 ms is shorter than the 400 ms block of BS.1770-4: measured as one block",)

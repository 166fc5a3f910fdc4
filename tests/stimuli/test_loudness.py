"""Loudness against the Recommendation's own figures, and alignment by measurement."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter, resample_poly

from stimuli import StimuliError, align_loudness, integrated_loudness, true_peak
from stimuli.loudness import compute_gains, measure_level


def sine(
    frequency_hz: float, level_dbfs: float, duration_s: float, rate: int = 48_000, phase: float = 0.0
) -> np.ndarray:
    t = np.arange(int(duration_s * rate)) / rate
    return (10 ** (level_dbfs / 20) * np.sin(2 * np.pi * frequency_hz * t + phase)).astype(np.float32)


def test_full_scale_sine_reads_minus_3_01() -> None:
    # BS.1770-4, annex 1: a 997 Hz sine at 0 dBFS in one front channel reads -3.01 LKFS.
    assert integrated_loudness(sine(997, 0, 5), 48_000) == pytest.approx(-3.01, abs=0.1)


# BS.1770-4, tables 1 and 2: the filters at 48 kHz, numerators and denominators as printed.
SHELF = (1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)
HIGH_PASS = (1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)


@pytest.mark.parametrize("frequency_hz", [20, 40, 80, 2000, 10_000])
def test_frequencies_are_weighed_as_the_tables_say(frequency_hz: float) -> None:
    tone = sine(frequency_hz, -10, 4)
    weighed = lfilter(*HIGH_PASS, lfilter(*SHELF, tone.astype(np.float64)))
    expected = -0.691 + 10 * np.log10(np.square(weighed).mean())
    assert integrated_loudness(tone, 48_000) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("shape", [(0,), (0, 2), (48_000, 7)])
def test_no_samples_and_too_many_channels_have_no_loudness(shape: tuple[int, ...]) -> None:
    with pytest.raises(StimuliError, match="has no loudness; expected at least one sample and 1 to 6"):
        integrated_loudness(np.ones(shape, np.float32), 48_000)


def test_one_sample_and_five_channels_have_one() -> None:
    assert np.isfinite(integrated_loudness(np.ones(1, np.float32), 48_000))
    assert np.isfinite(integrated_loudness(np.tile(sine(997, -20, 1)[:, None], 5), 48_000))


def sequence(*parts: tuple[float, float]) -> np.ndarray:
    """A stereo 1 kHz sine in phase, of parts `(level in dBFS, seconds)` without a jump of the phase."""
    levels = np.concatenate([np.full(round(48_000 * seconds), level) for level, seconds in parts])
    tone = 10 ** (levels / 20) * np.sin(2 * np.pi * 1000 * np.arange(len(levels)) / 48_000)
    return np.stack([tone, tone], axis=1).astype(np.float32)


# EBU Tech 3341 (2016), table 1: cases 1 to 5 as levels and seconds, and the reading in LUFS, within 0.1.
SEQUENCES = {
    "case 1": ([(-23.0, 20.0)], -23.0),
    "case 2": ([(-33.0, 20.0)], -33.0),
    "case 3, the relative gate": ([(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0),
    "case 4, both gates": (
        [(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)],
        -23.0,
    ),
    "case 5, inside the gate": ([(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0),
}


@pytest.mark.parametrize("case", SEQUENCES)
def test_ebu_tech_3341_sequences(case: str) -> None:
    parts, reading = SEQUENCES[case]
    assert integrated_loudness(sequence(*parts), 48_000) == pytest.approx(reading, abs=0.1)


def test_ebu_tech_3341_case_6_weighs_the_channels() -> None:
    # 5.0: left and right -28, centre -24, both surrounds -30 dBFS.
    levels = np.array([-28, -28, -24, -30, -30])
    tone = sine(1000, 0, 20)[:, None]
    assert integrated_loudness(tone * 10 ** (levels / 20), 48_000) == pytest.approx(-23.0, abs=0.1)


def test_ebu_tech_3341_case_6_in_5_1_ignores_low_frequency_effects() -> None:
    levels = np.array([-28, -28, -24, -3, -30, -30])
    tone = sine(1000, 0, 20)[:, None]
    assert integrated_loudness(tone * 10 ** (levels / 20), 48_000) == pytest.approx(-23.0, abs=0.1)


def loudness_by_the_text(audio: np.ndarray) -> float:
    """BS.1770-4, annex 1, word by word: tables 1 and 2, blocks of 400 ms every 100 ms, two gates."""
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285], [1, -1.69065929318241, 0.73248077421585]
    high_pass = [1, -2, 1], [1, -1.99004745483398, 0.99007225036621]
    weighted = lfilter(*high_pass, lfilter(*shelf, audio.astype(np.float64), axis=0), axis=0)
    starts = range(0, len(audio) - 19_200 + 1, 4800)
    power = np.array([np.mean(weighted[start : start + 19_200] ** 2, axis=0).sum() for start in starts])
    level = -0.691 + 10 * np.log10(power)
    relative = -0.691 + 10 * np.log10(power[level > -70].mean()) - 10
    return float(-0.691 + 10 * np.log10(power[(level > -70) & (level > relative)].mean()))


def test_noise_of_changing_level_reads_as_the_text_says() -> None:
    # Within the 0.1 LU of Tech 3341; pyloudnorm's filters, designed for any rate, move this noise by 0.04.
    rng = np.random.default_rng(5)
    level_db = np.repeat(rng.uniform(-75, -10, 24), 24_000)
    noise = (10 ** (level_db / 20) * rng.standard_normal(len(level_db)) * 0.2).astype(np.float32)
    stereo = np.stack([noise, 0.5 * noise[::-1]], axis=1)
    assert integrated_loudness(stereo, 48_000) == pytest.approx(loudness_by_the_text(stereo), abs=0.1)


@pytest.mark.parametrize(("level", "heard"), [(-66.8, True), (-67.2, False)])
def test_the_absolute_gate_is_at_minus_70(level: float, heard: bool) -> None:
    # One channel reads 3.01 dB below its level: -69.8 passes the gate, -70.2 does not.
    assert np.isfinite(integrated_loudness(sine(997, level, 2), 48_000)) == heard


def test_silence_has_no_loudness() -> None:
    assert integrated_loudness(np.zeros(48_000, np.float32), 48_000) == -np.inf


def test_a_short_clip_reads_as_a_long_one_of_the_same_sound() -> None:
    assert integrated_loudness(sine(1000, -20, 0.2), 48_000) == pytest.approx(
        integrated_loudness(sine(1000, -20, 2.0), 48_000), abs=0.3
    )


def test_blocks_last_400_ms() -> None:
    # A burst of 200 ms: half of the loudest block, 3.01 dB under the same tone without end. Longer or shorter
    # blocks, or other overlaps, read otherwise.
    burst = np.concatenate([np.zeros(48_000), sine(997, -10, 0.2), np.zeros(48_000)]).astype(np.float32)
    assert integrated_loudness(burst, 48_000) == pytest.approx(
        loudness_by_the_text(burst[:, None] + 1e-9), abs=0.05
    )


# EBU Tech 3341, cases 15 to 19: fs / divisor, amplitude, phase in degrees; dBTP, within +0.2 and -0.4.
PEAKS = {
    15: (4, 0.50, 0.0, -6.0),
    16: (4, 0.50, 45.0, -6.0),
    17: (6, 0.50, 60.0, -6.0),
    18: (8, 0.50, 67.5, -6.0),
    19: (4, 1.41, 45.0, 3.0),
}


@pytest.mark.parametrize("case", PEAKS)
def test_ebu_tech_3341_true_peaks(case: int) -> None:
    divisor, amplitude, phase, reading = PEAKS[case]
    tone = amplitude * np.sin(2 * np.pi * np.arange(48_000) / divisor + np.deg2rad(phase))
    edges = np.ones(48_000)
    edges[:4800], edges[-4800:] = np.linspace(0, 1, 4800), np.linspace(1, 0, 4800)
    stereo = np.stack([tone * edges] * 2, axis=1).astype(np.float32)
    assert reading - 0.4 <= true_peak(stereo, 48_000) <= reading + 0.2


@pytest.mark.parametrize("offset", range(4))
def test_a_peak_at_any_place_between_the_samples(offset: int) -> None:
    # A pulse below 20 kHz, made at four times the rate; each offset keeps other samples of it.
    time = (np.arange(4 * 9600) - 4 * 4800) / 192_000
    pulse = np.sinc(2 * 15_000 * time) * np.exp(-((time / 0.002) ** 2))
    assert true_peak(pulse[offset::4].astype(np.float32), 48_000) == pytest.approx(0.0, abs=0.05)


def test_oversampling_is_fourfold() -> None:
    # BS.1770-4, annex 2, attachment 1: at most 20 lg cos(pi f / 4 fs) is missed; this tone misses all of it,
    # being met 18 degrees before and after each peak.
    time = np.arange(48_000)
    phase = np.pi / 2 - 2 * np.pi * 0.4 / 8
    tone = np.sin(2 * np.pi * 0.4 * time + phase) * np.hanning(48_000) ** 0.01
    tone *= np.clip(np.minimum(time, 47_999 - time) / 4800, 0, 1)
    missed_db = 20 * np.log10(np.cos(np.pi * 0.4 / 4))
    assert true_peak(tone.astype(np.float32), 48_000) == pytest.approx(missed_db, abs=0.03)


def test_true_peak_of_few_samples_and_of_none_that_sound() -> None:
    assert true_peak(np.zeros(100, np.float32), 48_000) == -np.inf
    # Where the resampler's edge is below the sample itself, the sample counts.
    assert true_peak(np.array([0.5], np.float32), 48_000) >= 20 * np.log10(0.5)


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
    assert aligned[1].warnings[0].endswith(" dB softer than asked, so that no true peak exceeds -1 dBTP")


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


def test_alignment_says_what_it_did() -> None:
    sounds = [sine(1000, -30, 1.0), sine(1000, -12, 1.0)]
    asked = align_loudness(sounds, 48_000, target_lufs=-10.0, ceiling_dbtp=-9.0)
    # A tone peaks about 3 dB over its loudness, at -7 dBTP here: both are 2 dB softer than asked.
    doubles = align_loudness([sound.astype(np.float64) for sound in sounds], 48_000)  # type: ignore[misc]
    assert all(result.audio.dtype == np.float32 for result in doubles)
    for sound, result, level in zip(sounds, asked, (-30, -12), strict=True):
        assert result.gain_db == pytest.approx(-9.0 - level, abs=0.1)
        assert np.allclose(result.audio, sound * 10 ** (result.gain_db / 20), rtol=1e-5)
        assert result.audio.dtype == np.float32
        assert result.lufs == pytest.approx(integrated_loudness(result.audio, 48_000), abs=0.01)
        assert result.true_peak_dbtp == pytest.approx(true_peak(result.audio, 48_000), abs=0.01)
        softer_db = -10.0 - result.lufs
        assert softer_db == pytest.approx(2.0, abs=0.1)
        assert result.warnings == (
            f"all sounds are {softer_db:.2f} dB softer than asked, so that no true peak exceeds -9 dBTP",
        )


def test_the_targets_when_none_is_given() -> None:
    tone, click = sine(1000, -40, 1.0), np.zeros(48_000, np.float32)
    click[::24_000] = 1.0
    (alone,) = align_loudness([tone], 48_000)
    assert alone.lufs == pytest.approx(-23.0, abs=1e-6) and alone.warnings == ()
    (peaky,) = align_loudness([click], 48_000)
    assert peaky.true_peak_dbtp == pytest.approx(-1.0, abs=1e-6) and peaky.lufs < -23.0
    assert align_loudness([], 48_000) == []
    levels = [measure_level(sound, 48_000) for sound in (tone, click)]
    stated = compute_gains(levels, 48_000, target_lufs=-23.0, ceiling_dbtp=-1.0, max_gain_db=30.0)
    assert compute_gains(levels, 48_000) == stated


def test_a_sound_under_the_gate_is_turned_down_only_to_pass_the_ceiling() -> None:
    click = np.zeros(48_000, np.float32)
    click[100] = 1e-3  # -60 dBFS, alone in a second: no block reaches -70 LUFS
    (left,) = align_loudness([click], 48_000)
    assert (left.gain_db, left.lufs) == (0.0, -np.inf) and np.array_equal(left.audio, click)
    (lowered,) = align_loudness([click], 48_000, ceiling_dbtp=-70.0)
    assert lowered.true_peak_dbtp == pytest.approx(-70.0, abs=1e-6) and lowered.gain_db < -9.9
    assert left.warnings == ("silent: nothing passes the loudness gate, so its level was left unchanged",)


def test_the_largest_gain_and_400_ms_are_limits_not_beyond_them() -> None:
    sound = sine(1000, -66, 1.0)
    needed = -23.0 - integrated_loudness(sound, 48_000)
    (enough,) = align_loudness([sound], 48_000, max_gain_db=needed)
    assert enough.warnings == () and enough.lufs == pytest.approx(-23.0)
    (short,) = align_loudness([sound], 48_000, max_gain_db=needed - 1)
    assert short.lufs == pytest.approx(-24.0)
    assert short.warnings == (
        f"nearly silent: {needed:.1f} dB would be needed, {needed - 1:g} dB is the maximum",
    )
    (one_block,) = align_loudness([sine(1000, -20, 0.4)], 48_000)
    assert one_block.warnings == ()

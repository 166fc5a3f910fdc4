"""Every length from 1 ms to 1 s, at six rates, has a loudness and makes a study."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest
from scipy.signal import lfilter

from stimuli import StimuliError, align_loudness, integrated_loudness
from stimuli.loudness import is_one_block

RATES = (8000, 11025, 16000, 22050, 44100, 48000)
NOISE = 0.1 * np.random.default_rng(3).standard_normal((48_000, 2)).astype(np.float32)


def weighted(audio: np.ndarray, rate: int) -> np.ndarray:
    """K-weighting with pyloudnorm's coefficients, `[samples, channels]`."""
    meter = pyloudnorm.Meter(rate)
    for stage in meter._filters.values():
        audio = lfilter(stage.b, stage.a, audio, axis=0)
    return audio


def loudness_block_by_block(filtered: np.ndarray, rate: int) -> float:
    """The text of BS.1770-4, annex 1, slowly; a sound under 400 ms is one block."""
    bounds = []
    for number in range(len(filtered)):
        first, last = number * rate // 10, (number + 4) * rate // 10
        if last > len(filtered):
            break
        bounds.append((first, last))
    power = np.array([np.mean(filtered[a:b] ** 2, axis=0).sum() for a, b in bounds or [(0, len(filtered))]])
    level = -0.691 + 10 * np.log10(power)
    if not (level > -70).any():
        return -np.inf
    relative = -0.691 + 10 * np.log10(power[level > -70].mean()) - 10
    return float(-0.691 + 10 * np.log10(power[(level > -70) & (level > relative)].mean()))


@pytest.mark.parametrize("rate", RATES)
def test_every_length_has_the_loudness_that_the_text_says(rate: int) -> None:
    both = weighted(NOISE.astype(np.float64), rate)
    for milliseconds in range(1, 1001):
        samples = milliseconds * rate // 1000
        channels = 1 + milliseconds % 2
        filtered = both[:, :channels]
        audio = NOISE[:samples, 0] if channels == 1 else NOISE[:samples]
        found = integrated_loudness(audio, rate)
        assert found == pytest.approx(loudness_block_by_block(filtered[:samples], rate), abs=1e-9), (
            milliseconds
        )


@pytest.mark.parametrize("rate", RATES)
def test_every_length_is_aligned_and_said_to_be_short_where_it_is(rate: int) -> None:
    for milliseconds in range(1, 1001):
        samples = milliseconds * rate // 1000
        (result,) = align_loudness([NOISE[:samples, milliseconds % 2]], rate, target_lufs=-40.0)
        assert len(result.audio) == samples
        assert result.lufs == pytest.approx(-40.0, abs=1e-9)
        assert any("400 ms block" in text for text in result.warnings) == (milliseconds < 400)


@pytest.mark.parametrize("rate", RATES)
def test_whole_blocks_read_as_pyloudnorm_reads_them(rate: int) -> None:
    for tenths in range(4, 11):
        audio = NOISE[: tenths * rate // 10].astype(np.float64)
        if 10 * len(audio) == tenths * rate:
            there = pyloudnorm.Meter(rate).integrated_loudness(audio)
            assert integrated_loudness(audio, rate) == pytest.approx(there, abs=1e-3)


def test_a_block_is_400_ms_at_any_rate() -> None:
    for rate in (*RATES, 11_024, 44_099, 96_000, 192_000):
        whole = 4 * rate // 10
        assert is_one_block(whole - 1, rate) and not is_one_block(whole, rate)


def test_sounds_without_a_loudness_are_refused_in_one_sentence() -> None:
    for shape, said in (((0,), "0 samples and 1 channels"), ((9, 7), "9 samples and 7 channels")):
        with pytest.raises(StimuliError) as error:
            integrated_loudness(np.zeros(shape, np.float32), 48_000)
        assert str(error.value) == (
            f"a sound of {said} has no loudness; expected at least one sample and 1 to 6 channels"
        )

"""Mixing: the ratio is exact, seeded and never clips."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stimuli import StimuliError, mix_at_snr


@settings(max_examples=60, deadline=None)
@given(
    snr_db=st.floats(-30, 40),
    samples=st.integers(64, 4000),
    noise_samples=st.integers(64, 8000),
    scale_db=st.floats(-60, 0),
    seed=st.integers(0, 2**31),
)
def test_the_ratio_is_exact(
    snr_db: float, samples: int, noise_samples: int, scale_db: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    target = (10 ** (scale_db / 20) * rng.uniform(-1, 1, samples)).astype(np.float32)
    noise = rng.uniform(-1, 1, noise_samples).astype(np.float32)
    mixture = mix_at_snr(target, noise, snr_db, seed)
    gain = 10 ** (mixture.gain_db / 20)
    added = mixture.audio.astype(np.float64) - gain * target
    measured_db = 10 * np.log10(np.sum((gain * target.astype(np.float64)) ** 2) / np.sum(added**2))
    assert measured_db == pytest.approx(snr_db, abs=0.01)
    assert np.abs(mixture.audio).max() <= 1
    assert mixture.gain_db <= 0


def test_the_noise_is_cut_where_it_says() -> None:
    rng = np.random.default_rng(3)
    target, noise = rng.standard_normal(100).astype(np.float32), rng.standard_normal(1000).astype(np.float32)
    mixture = mix_at_snr(target, noise, 0.0, 7)
    cut = noise[mixture.noise_offset : mixture.noise_offset + 100]
    expected = 10 ** (mixture.gain_db / 20) * (target + 10 ** (mixture.noise_gain_db / 20) * cut)
    assert np.allclose(mixture.audio, expected, atol=1e-6)


def test_one_seed_one_mixture() -> None:
    target, noise = np.ones(50, np.float32), np.arange(500, dtype=np.float32)
    first, second = mix_at_snr(target, noise, 3, 1), mix_at_snr(target, noise, 3, 1)
    assert np.array_equal(first.audio, second.audio)
    assert {mix_at_snr(target, noise, 3, seed).noise_offset for seed in range(20)} != {first.noise_offset}


@pytest.mark.parametrize(("which", "target", "noise"), [("target", 0.0, 1.0), ("noise", 1.0, 0.0)])
def test_silence_has_no_ratio(which: str, target: float, noise: float) -> None:
    with pytest.raises(StimuliError, match=f"the {which} is silent, so no signal-to-noise ratio is defined"):
        mix_at_snr(np.full(10, target, np.float32), np.full(10, noise, np.float32), 0.0)


def test_short_noise_is_repeated_from_a_drawn_offset() -> None:
    target, noise = np.full(50, 0.01, np.float32), np.arange(1, 8, dtype=np.float32)
    offsets = set()
    for seed in range(40):
        mixture = mix_at_snr(target, noise, 0.0, seed)
        assert mixture.noise_offset == int(np.random.default_rng(seed).integers(7))
        added = mixture.audio / 10 ** (mixture.gain_db / 20) - target
        repeated = np.array([noise[(mixture.noise_offset + at) % 7] for at in range(50)])
        assert np.allclose(added, 10 ** (mixture.noise_gain_db / 20) * repeated, rtol=1e-3)
        offsets.add(mixture.noise_offset)
    assert offsets == set(range(7))


def test_every_place_in_longer_noise_is_drawn_and_noise_of_equal_length_has_one() -> None:
    target, noise = np.ones(10, np.float32), np.ones(13, np.float32)
    assert {mix_at_snr(target, noise, 0.0, seed).noise_offset for seed in range(60)} == {0, 1, 2, 3}
    assert {mix_at_snr(target, noise[:10], 0.0, seed).noise_offset for seed in range(20)} == {0}
    assert mix_at_snr(target, noise, 0.0).noise_offset == mix_at_snr(target, noise, 0.0, 0).noise_offset


def test_a_mixture_over_the_peak_is_turned_down_to_it() -> None:
    target, noise = np.array([0.9, -0.2], np.float32), np.array([0.5, 0.5], np.float32)
    loud = mix_at_snr(target, noise, 0.0)
    assert np.abs(loud.audio).max() == pytest.approx(1.0) and loud.gain_db < 0
    assert loud.audio.dtype == np.float32
    softer = mix_at_snr(target, noise, 0.0, peak=0.5)
    assert np.abs(softer.audio).max() == pytest.approx(0.5)
    assert loud.gain_db - softer.gain_db == pytest.approx(20 * np.log10(2))
    quiet = mix_at_snr(0.1 * target, noise, 0.0)
    assert quiet.gain_db == 0.0


def test_sounds_whose_squares_are_beneath_single_precision_still_have_a_ratio() -> None:
    faint = np.array([3e-24, -4e-24], np.float32)
    mixture = mix_at_snr(faint, 2 * faint[::-1].copy(), 0.0)
    assert mixture.noise_gain_db == pytest.approx(20 * np.log10(0.5), abs=1e-4)
    assert mix_at_snr(np.ones(2, np.float32), faint, 0.0).noise_gain_db == pytest.approx(
        20 * np.log10(np.sqrt(2) / 5e-24), abs=1e-3
    )

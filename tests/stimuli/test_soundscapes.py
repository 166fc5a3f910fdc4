"""Built-in data: repeatable, in ESC-50 layout, and each mixture is its stem over a background."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from stimuli import Dataset, DatasetError, read_audio
from stimuli.soundscapes import SAMPLE_RATE, make_soundscape, make_soundscapes, write_soundscapes
from stimuli.sources import SOURCES
from stimuli.synthesis import coloured_noise, harmonics, room, unit_power


@pytest.mark.parametrize("category", SOURCES)
def test_foreground_over_background(category: str) -> None:
    for index in range(3):
        clip = make_soundscape(category, index, 1.0)
        background = clip.mixture - clip.stem
        ratio_db = 10 * np.log10(np.square(clip.stem).sum() / np.square(background).sum())
        assert -5.1 <= ratio_db <= 5.1
        assert np.abs(clip.mixture).max() <= 0.99 + 1e-6
        assert np.isfinite(clip.mixture).all()
        assert len(clip.mixture) == SAMPLE_RATE
        level_db = 10 * np.log10(np.square(clip.mixture).mean())
        assert level_db <= -17.9


def test_clips_of_a_class_vary_and_repeat() -> None:
    clips = [make_soundscape("dog", index, 1.0) for index in range(4)]
    for first, second in itertools.pairwise(clips):
        assert abs(np.corrcoef(first.stem, second.stem)[0, 1]) < 0.5
    again = make_soundscape("dog", 2, 1.0)
    assert np.array_equal(again.mixture, clips[2].mixture)
    assert not np.array_equal(make_soundscape("dog", 2, 1.0, seed=1).mixture, clips[2].mixture)


def test_a_nearest_neighbour_tells_the_classes_apart() -> None:
    """The classes differ by more than their level: mean log spectra alone beat chance by far."""

    def features(category: str, index: int) -> np.ndarray:
        audio = make_soundscape(category, index, 1.0).stem
        frames = np.abs(
            np.fft.rfft(audio[: len(audio) // 512 * 512].reshape(-1, 512) * np.hanning(512), axis=1)
        )
        bands = np.log1p(50 * frames[:, :256].reshape(len(frames), 32, 8).mean(2))
        return np.concatenate([bands.mean(0), bands.std(0)])

    train = {name: np.stack([features(name, k) for k in range(12)]) for name in SOURCES}
    right = 0
    for name in SOURCES:
        for index in range(12, 16):
            probe = features(name, index)
            right += name == min(train, key=lambda other: np.linalg.norm(train[other] - probe, axis=1).min())
    assert right / (4 * len(SOURCES)) > 0.6


def test_what_a_kill_left_is_gone_when_they_are_written_again(tmp_path: Path) -> None:
    for name in ("audio", "stems", "meta"):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".1-1005-A-0.wav.8a70925b.part").write_bytes(b"half")
    write_soundscapes(tmp_path, make_soundscapes(2, 5, 0.5))
    assert not list(tmp_path.rglob(".*"))


def test_layout_and_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_soundscapes(tmp_path / name, make_soundscapes(classes=3, clips=5, duration_s=0.5, seed=4))
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 31
    assert all((tmp_path / "one" / f).read_bytes() == (tmp_path / "two" / f).read_bytes() for f in files)
    dataset = Dataset.load(tmp_path / "one")
    assert dataset.fold_numbers == (1, 2, 3, 4, 5)
    assert sorted(dataset.labels) == ["dog", "rain", "siren"]
    clip = dataset.clips[0]
    stem = dataset.stem(clip, SAMPLE_RATE)
    assert stem is not None
    assert stem.shape == dataset.read(clip, SAMPLE_RATE).shape == (8000,)
    assert read_audio(clip.path)[1] == SAMPLE_RATE


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": 11}, "--classes is 11; expected 2 to 10"),
        ({"clips": 4}, r"--clips is 4; expected 5 \(one per fold\) to 999"),
        ({"duration_s": 0.1}, "--seconds is 0.1; expected 0.5 to 60"),
    ],
)
def test_impossible_sets_are_refused(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        make_soundscapes(**arguments)  # type: ignore[arg-type]


def test_noise_has_its_slope() -> None:
    noise = coloured_noise(np.random.default_rng(0), 1 << 18, -6.0)
    power = np.square(np.abs(np.fft.rfft(noise)))
    octave = [power[len(power) // 2 ** (k + 1) : len(power) // 2**k].mean() for k in range(5)]
    assert 10 * np.log10(octave[4] / octave[0]) == pytest.approx(24.0, abs=1.0)
    assert np.square(noise).mean() == pytest.approx(1.0, rel=1e-4)


def test_harmonics_equal_a_sum_of_sines() -> None:
    phase = np.cumsum(np.random.default_rng(0).uniform(0, 0.3, 5000))
    weights = np.random.default_rng(1).uniform(0, 1, 16)
    plain = sum(w * np.sin((k + 1) * phase) for k, w in enumerate(weights))
    assert np.abs(harmonics(phase, weights) - plain).max() < 2e-3


def test_a_room_decays() -> None:
    click = np.zeros(16_000)
    click[100] = 1.0
    wet = room(np.random.default_rng(0), click, 16_000, 0.5, 0.3)
    early, late = np.square(wet[200:1000]).mean(), np.square(wet[7000:7800]).mean()
    assert 10 * np.log10(early / late) > 40
    assert not unit_power(np.zeros(4)).any()

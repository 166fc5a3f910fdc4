"""Clips, noise and epochs that follow from their seeds."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from interpreter.errors import ConfigError
from interpreter.noise import coloured_noise
from interpreter.training.clips import (
    Clips,
    Disturbance,
    EpochSampler,
    load_waveforms,
    noise_source,
    split_validation,
)
from stimuli import Dataset, write_audio


def _random(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def test_noise_has_unit_power_and_follows_from_its_generator() -> None:
    draws = [coloured_noise(8000, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert np.array_equal(draws[0], draws[1]) and not np.array_equal(draws[0], draws[2])
    for draw in draws:
        assert draw.dtype == np.float32 and np.mean(np.square(draw)) == pytest.approx(1, rel=1e-3)


def test_noise_from_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no sound files in this folder"):
        noise_source(str(tmp_path), 16000)
    with pytest.raises(FileNotFoundError, match="expected synthetic, none or a folder"):
        noise_source(str(tmp_path / "nothing"), 16000)
    ramp = np.linspace(0.1, 0.9, 400, dtype=np.float32)
    (tmp_path / "deep").mkdir()
    write_audio(tmp_path / "deep" / "ramp.wav", ramp, 16000)
    noise = noise_source(str(tmp_path), 16000)
    assert noise is not None and noise_source("none", 16000) is None
    rng = np.random.default_rng(0)
    assert len(noise(100, rng)) == 100
    assert np.allclose(np.diff(noise(100, rng)), np.diff(ramp)[0], atol=1e-3)  # a piece in one go
    assert len(noise(1000, rng)) == 1000


def test_noise_is_mixed_at_the_drawn_ratio() -> None:
    clip = (_random(4000).numpy() - 0.5) * 0.1
    disturbance = Disturbance(coloured_noise, 1.0, (6.0, 6.0), normalisation="none")
    noisy, clean = disturbance(clip, np.random.default_rng(0))
    ratio = 10 * np.log10(np.sum(np.square(clean)) / np.sum(np.square(noisy - clean)))
    assert ratio == pytest.approx(6.0, abs=0.01)
    untouched, same = Disturbance()(clip, np.random.default_rng(0))
    assert np.allclose(untouched, clip / np.abs(clip).max()) and np.array_equal(same, clip)


def test_validation_takes_whole_recordings_of_every_class(soundscapes: Path) -> None:
    dataset = Dataset.load(soundscapes).folds(1, 2, 3)
    rest, taken = split_validation(dataset, 0.2, 0)
    assert len(rest.clips) + len(taken.clips) == len(dataset.clips)
    assert not {clip.src_file for clip in rest.clips} & {clip.src_file for clip in taken.clips}
    assert Counter(clip.category for clip in taken.clips) == dict.fromkeys(dataset.labels, 1)
    assert split_validation(dataset, 0.2, 0)[1].clips == taken.clips
    assert not split_validation(dataset, 0.0, 0)[1].clips


def test_silent_clips_are_refused_by_name(tmp_path: Path, soundscapes: Path) -> None:
    dataset = Dataset.load(soundscapes)
    clip = dataset.clips[0]
    quiet = tmp_path / "quiet.wav"
    write_audio(quiet, np.zeros(100, dtype=np.float32), 16000)
    with pytest.raises(ConfigError, match=r"quiet.wav: the clip is silent"):
        load_waveforms(dataset.select([dataclasses.replace(clip, path=quiet)]), 16000, 0.1, "max-abs")


def test_an_epoch_follows_from_its_number_and_is_shared_evenly() -> None:
    sampler = EpochSampler(5, 12, seed=3)
    sampler.set_epoch(4)
    draws = list(sampler)
    assert draws == list(sampler) and len(sampler) == 12
    assert (
        sorted(index for _, _, index in draws[:5])
        == sorted(index for _, _, index in draws[5:10])
        == list(range(5))
    )
    sampler.set_epoch(5)
    assert list(sampler) != draws
    parts = []
    for rank in (0, 1):
        part = EpochSampler(5, 12, seed=3, rank=rank, processes=2)
        part.set_epoch(4)
        parts.append(list(part))
    assert sorted(parts[0] + parts[1]) == sorted(draws)
    for step in range(3):  # a batch of four is the same clips, two in each process
        assert (
            sorted(parts[0][2 * step : 2 * step + 2] + parts[1][2 * step : 2 * step + 2])
            == draws[4 * step : 4 * step + 4]
        )
    fixed = EpochSampler(3, 3, seed=None)
    fixed.set_epoch(9)
    assert list(fixed) == [(0, 0, 0), (0, 1, 1), (0, 2, 2)]


def test_a_draw_is_the_same_whatever_was_drawn_before() -> None:
    clips = Clips(
        _random(3, 500), torch.arange(3), Disturbance(coloured_noise, shift=True, gain_db=(-6, 0)), 7
    )
    first = clips[(1, 4, 2)]
    _ = clips[(1, 5, 0)]
    again = clips[(1, 4, 2)]
    assert torch.equal(first["noisy"], again["noisy"]) and int(first["target"]) == 2
    assert not torch.equal(first["noisy"], clips[(2, 4, 2)]["noisy"])
    loader = DataLoader(clips, batch_size=2, sampler=EpochSampler(3, 4, seed=0))
    assert [batch["noisy"].shape for batch in loader] == [(2, 500), (2, 500)]

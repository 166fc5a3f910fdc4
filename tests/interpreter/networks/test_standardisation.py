"""Terms at one level: standardised clip by clip, and by statistics that training gathers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from interpreter.networks.standardisation import MOMENTUM, RunningStandardisation, remove_level, standardise


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) - 0.5


def test_standardised_frames_have_mean_zero_and_rms_one_clip_by_clip() -> None:
    frames = torch.tensor([1.0, 30.0])[:, None, None] * _noise(2, 5, 7) + 4
    found = standardise(frames).numpy()
    assert found.mean(axis=(1, 2)) == pytest.approx([0, 0], abs=1e-5)
    assert found.std(axis=(1, 2)) == pytest.approx([1, 1], rel=1e-5)
    assert standardise(torch.full((1, 5, 7), 3.0)).tolist() == torch.zeros(1, 5, 7).tolist()


def test_a_level_free_picture_is_the_same_at_every_level_and_shows_forty_decibels_down() -> None:
    frames = _noise(2, 5, 7).relu()
    assert torch.allclose(remove_level(frames), remove_level(1e-3 * frames), rtol=1e-5)
    rms = frames[0].square().mean().sqrt()
    quiet = torch.cat([frames, frames])[:1].clone()
    assert float(remove_level(quiet)[0, 0, 0]) == pytest.approx(math.log1p(100 * quiet[0, 0, 0] / rms))
    assert torch.equal(remove_level(torch.zeros(1, 3, 4)), torch.zeros(1, 3, 4))


def test_running_statistics_are_plain_averages_first_and_then_forget() -> None:
    norm = RunningStandardisation(3)
    batches = [2 + (1 + at) * _noise(2, 3, 4, 5, seed=at) for at in range(25)]
    means, squares = (
        np.stack([(batch.numpy() ** power).mean(axis=(0, 2, 3)) for batch in batches]) for power in (1, 2)
    )
    mean, variance = np.zeros(3), np.ones(3)
    for at, batch in enumerate(batches, start=1):
        norm(batch)
        weight = max(1 / at, MOMENTUM)
        mean = (1 - weight) * mean + weight * means[at - 1]
        variance = (1 - weight) * variance + weight * (squares[at - 1] - means[at - 1] ** 2)
        assert norm.mean.numpy() == pytest.approx(mean, rel=1e-4)
        assert norm.variance.numpy() == pytest.approx(variance, rel=1e-3)
        if at == 20:
            assert norm.mean.numpy() == pytest.approx(means[:20].mean(axis=0), rel=1e-4)


def test_a_variance_survives_half_precision() -> None:
    norm, maps = RunningStandardisation(3), (5 + _noise(2, 3, 40, 50)).bfloat16()
    norm(maps)
    assert norm.variance.numpy() == pytest.approx(maps.float().numpy().var(axis=(0, 2, 3)), rel=1e-3)


def test_running_statistics_are_fixed_numbers_that_a_checkpoint_keeps() -> None:
    norm = RunningStandardisation(3)
    norm(_noise(2, 3, 4, 5) + 1)
    norm.eval()
    state = {name: tensor.clone() for name, tensor in norm.state_dict().items()}
    maps = 7 * _noise(2, 3, 4, 5, seed=3)
    found = norm(maps)
    expected = (maps - norm.mean[None, :, None, None]) / (norm.variance + 1e-5).sqrt()[None, :, None, None]
    assert torch.allclose(found, expected, atol=1e-5)
    assert torch.allclose(norm(maps[:1]), found[:1])  # whatever else is in the batch
    assert all(torch.equal(tensor, norm.state_dict()[name]) for name, tensor in state.items())

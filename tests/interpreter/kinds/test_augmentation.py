"""Mixup and masked bands: how much is mixed, how much is lost."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from interpreter.kinds.augmentation import mask_bands, mixup


def _random(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def test_mixup_mixes_partners_in_the_drawn_share() -> None:
    clips = _random(4, 6)
    mixed, partner, share = mixup(clips, 0.2, torch.Generator().manual_seed(0))
    assert torch.allclose(mixed, share * clips + (1 - share) * clips[partner]) and 0 <= share <= 1
    assert mixup(clips, 0.0, torch.Generator())[2] == 1.0
    shares = [mixup(clips, 0.2, torch.Generator().manual_seed(seed))[2] for seed in range(400)]
    # Beta(.2, .2) has mean 1/2 and variance 1 / (4 * 1.4)
    assert np.mean(shares) == pytest.approx(0.5, abs=0.07) and np.var(shares) == pytest.approx(
        0.1786, abs=0.03
    )


def test_masked_bands_are_silent_and_no_wider_than_said() -> None:
    picture = torch.ones(3, 20, 50)
    for dim, widest in ((1, 4), (2, 10)):
        masked = mask_bands(picture, 1, widest, dim, torch.Generator().manual_seed(1))
        lost = (masked.amin(dim=3 - dim) == 0).sum(dim=1)
        assert (lost <= widest).all() and lost.any()
        assert torch.equal(masked.amin(dim=3 - dim), masked.amax(dim=3 - dim))

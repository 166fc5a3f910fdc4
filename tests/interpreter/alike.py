"""What several tests of networks compare with, and how nearly."""

from __future__ import annotations

import torch
from torch import Tensor

TOLERANCE = 1e-4  # relative to the largest value


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def close(ours: Tensor, theirs: Tensor, tolerance: float = TOLERANCE) -> None:
    assert ours.shape == theirs.shape
    assert (ours - theirs).abs().max() <= tolerance * theirs.abs().max()
    assert theirs.abs().max() > 0


def representations(width: int, frames: int) -> list[Tensor]:
    shapes = ((1, 5, 2), (2, 5, 2), (4, 4, 5), (8, 3, 10))
    return [
        torch.rand(2, width // share, max(1, frames >> halvings), cells, generator=generator(share))
        for share, halvings, cells in shapes
    ]

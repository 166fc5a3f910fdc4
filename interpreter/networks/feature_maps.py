"""Bringing feature maps onto each other's grids in time and frequency."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def fit(maps: Tensor, rows: int, columns: int) -> Tensor:
    """Crop `[B, C, T, F]` at the ends to rows x columns, or pad it there with zeros.

    Shape:
        - result: `[B, C, rows, columns]`
    """
    maps = maps[..., :rows, :columns]
    missing = (0, columns - maps.shape[-1], 0, rows - maps.shape[-2])
    return F.pad(maps, missing) if any(missing) else maps


def sample(maps: Tensor, positions: Tensor, dim: int) -> Tensor:
    """Read maps between their cells along one axis: linear, the outermost cells continue beyond the ends.

    Args:
        maps: what to read.
        positions: where, in cells; 0 is the first cell's centre. Shape `[n]`.
        dim: the axis; it has n entries in the result.
    """
    last = maps.shape[dim] - 1
    positions = positions.to(maps.device).clamp(0, last)
    below = positions.floor().long().clamp(max=max(last - 1, 0))
    weight = (positions - below).to(maps.dtype)
    shape = [1] * maps.ndim
    shape[dim] = -1
    lower, upper = maps.index_select(dim, below), maps.index_select(dim, (below + 1).clamp(max=last))
    return torch.lerp(lower, upper, weight.view(shape))

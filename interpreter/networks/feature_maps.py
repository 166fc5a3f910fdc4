"""Bringing feature maps onto each other's grids in time and frequency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class MapGrid:
    """The sizes of a classifier's representations, and where their cells are in time.

    Attributes:
        shapes: a probe's `(C, T, F)` of each representation, deepest first.
        cell_samples: samples that one cell of the deepest map spans; None stretches the map over the clip.
        first_sample: where the first cell begins.
    """

    shapes: Sequence[tuple[int, int, int]]
    cell_samples: float | None = None
    first_sample: float = 0.0


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


def in_cells(points: Tensor, per_cell: float) -> Tensor:
    """Return where points of a finer grid lie among cells, as `sample` reads them.

    Args:
        points: on a grid where 0 is the centre of the first point; shape `[n]`.
        per_cell: how many of its points a cell spans; both begin at one edge.
    """
    return (points + 0.5) / per_cell - 0.5


def along_bands(maps: Tensor, points: int, bands: Tensor | None, bands_per_cell: float) -> Tensor:
    """Read maps `[..., F]` along their frequency axis, which is mel, at points of another axis.

    Args:
        maps: what to read.
        points: how many points there are.
        bands: place of each point on the axis of mel bands, 0 the first band's centre, shape `[points]`;
            None stretches the maps over the points.
        bands_per_cell: mel bands that a cell spans.

    Shape:
        - result: `[..., points]`
    """
    if bands is not None:
        return sample(maps, in_cells(bands, bands_per_cell), dim=-1)
    order = torch.arange(points, device=maps.device)
    return sample(maps, in_cells(order, points / maps.shape[-1]), dim=-1)

"""The paper's UNet decoder of CNN14's representations, for any length, its linear tail composed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from interpreter.errors import ConfigError
from interpreter.networks.conv_transpose import apply_module
from interpreter.networks.conv_transpose_composed import conv_transpose_twice
from interpreter.networks.feature_maps import fit, in_cells, sample

Alignment = Literal["crop", "aligned"]
"""Where cells are in time: `crop` as published (cut or filled at the end), `aligned` where they belong."""


class Layer(NamedTuple):
    """A transposed convolution: channels as shares of CNN14's width, geometry in (time, frequency)."""

    channels_in: int  # 1/share of the width
    channels_out: int  # 1/share of the width; 0 for one channel
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]


class Grid(NamedTuple):
    """Where cells are in time: cell `stride * i + offset` on the deepest map's cell i."""

    stride: float
    offset: float

    def after(self, layer: Layer) -> Grid:
        """Return the grid of a transposed convolution's output, each kernel taken at its centre."""
        stride, centre = layer.stride[0], (layer.kernel[0] - 1) / 2 - layer.padding[0]
        return Grid(self.stride * stride, self.offset * stride + centre)

    def map_onto(self, other: Grid, cells: int, device: torch.device) -> Tensor:
        """Return where the first `cells` cells of the grid `other` are on this one: `[cells]`."""
        deepest = (torch.arange(cells, device=device) - other.offset) / other.stride
        return deepest * self.stride + self.offset


UNET_LAYERS = (
    Layer(1, 4, (7, 7), (3, 2), (1, 1)),
    Layer(2, 4, (7, 7), (3, 2), (1, 1)),
    Layer(4, 4, (12, 11), (3, 2), (1, 1)),
    Layer(4, 4, (7, 7), (5, 4), (1, 1)),
    Layer(4, 8, (7, 7), (2, 2), (1, 1)),
    Layer(8, 8, (7, 11), (5, 4), (2, 1)),
    Layer(8, 8, (4, 3), (2, 2), (0, 5)),
    Layer(8, 16, (10, 7), (3, 1), (4, 2)),
    Layer(16, 0, (8, 10), (7, 3), (0, 0)),
)
FRAME_CHANNELS = 256  # what the UNet's frequency axis comes to for 80 mel bands

_SKIPS = (
    Grid(1, 0),
    Grid(1, 0),
    Grid(2, 0.5),
    Grid(4, 1.5),
)  # the representations on the deepest one's cells
_OF_SKIPS = (2, 4, 6)
"""Layers that read a representation each; the others follow one another."""
_MAIN_PATH = (1, 3, 5, 7, 8, 9)


class SkipDecoder(nn.Module):
    """Transposed convolutions `convt1` to `convt9`; every second one reads a representation and is added.

    Args:
        layers: their table.
        embedding_dim: CNN14's width.
        out_channels: of the last layer.
        alignment: how maps of different strides are added.
    """

    def __init__(
        self, layers: Sequence[Layer], embedding_dim: int, out_channels: int, alignment: Alignment
    ) -> None:
        super().__init__()
        self.layers, self.alignment = tuple(layers), alignment
        for number, layer in enumerate(layers, start=1):
            channels_in = embedding_dim // layer.channels_in
            channels_out = embedding_dim // layer.channels_out if layer.channels_out else out_channels
            convolution = nn.ConvTranspose2d(
                channels_in, channels_out, layer.kernel, layer.stride, layer.padding
            )
            self.add_module(f"convt{number}", convolution)

    def convt(self, number: int) -> nn.ConvTranspose2d:
        """Return layer `number`, 1 to 9."""
        module = getattr(self, f"convt{number}")
        assert isinstance(module, nn.ConvTranspose2d)
        return module

    def grid(self, number: int) -> Grid:
        """Return the positions of the cells of layer `number`'s output."""
        if number in _OF_SKIPS:
            return _SKIPS[number // 2].after(self.layers[number - 1])
        grid = _SKIPS[0]
        for layer in (self.layers[one - 1] for one in _MAIN_PATH if one <= number):
            grid = grid.after(layer)
        return grid

    def rows_for(self, number: int, rows: int) -> int:
        """Return how many rows of layer `number`'s input reach the first `rows` rows of its output."""
        layer = self.layers[number - 1]
        return -(-(rows + layer.padding[0]) // layer.stride[0])

    def merge(self, representations: Sequence[Tensor], rows: int | None = None) -> Tensor:
        """Return the sum of the paths through layers 1 to 6; rows beyond the first `rows` may be missing.

        Shape:
            - representations: maps `[B, C, T, F]` of CNN14's blocks 6, 5, 4 and 3
            - result: `[B, C, T', F']`
        """
        deepest, *skips = representations
        of_layer_5 = None if rows is None else self.rows_for(5, rows)
        of_layer_3 = None if of_layer_5 is None else self.rows_for(3, of_layer_5)
        total = apply_module(deepest, self.convt(1)).relu_()
        for number, skip, reaching in zip(_OF_SKIPS, skips, (of_layer_3, of_layer_5, rows), strict=True):
            if number > 2:
                total = apply_module(total, self.convt(number - 1)).relu_()
            side = apply_module(skip, self.convt(number)).relu_()
            total = total[:, :, :reaching]
            total = total + self._add_side(total, side, number)
        return total

    def _add_side(self, total: Tensor, side: Tensor, number: int) -> Tensor:
        rows, columns = total.shape[-2:]
        grid, own = self.grid(number - 1), self.grid(number)
        if self.alignment == "aligned" and own != grid:
            side = sample(side, own.map_onto(grid, rows, side.device), dim=2)
        return fit(side, rows, columns)


class UNetDecoder(SkipDecoder):
    """LMAC-TD's decoder of the representations, with the authors' state-dict names.

    Its channels K come from the frequency axis, which is stretched to 256. The published decoder takes
    only clips of 4.92 to 5.01 s; here maps whose sizes differ are cut or padded with zeros at the end
    before they are added (which changes nothing at 5 s), and with `aligned` they are read at their position
    in time: the published strides come to 756 frames per cell, but the encoder has 744, and start 645 frames
    late.

    Layers 8 and 9 have nothing between them, so that they are computed as one; see `conv_transpose_twice`.

    Args:
        embedding_dim: CNN14's width.
        alignment: `crop` as published, or `aligned`.
        cell_samples: samples that a cell of the deepest map spans.
        first_sample: where the first cell begins.
    """

    def __init__(
        self,
        embedding_dim: int = 2048,
        alignment: Alignment = "crop",
        cell_samples: float = 32 * 186,
        first_sample: float = -93.0,
    ) -> None:
        if embedding_dim % 32:
            raise ConfigError(f"UNetDecoder: embedding_dim is {embedding_dim}; expected a multiple of 32")
        super().__init__(UNET_LAYERS, embedding_dim, 1, alignment)
        self.cell_samples, self.first_sample = cell_samples, first_sample

    def forward(self, representations: Sequence[Tensor], centres: Tensor, samples: int) -> Tensor:
        """Return `[B, 256, len(centres)]` for frames centred on the samples `centres`."""
        frames = len(centres)
        if self.alignment == "crop":
            plane = self._plane(representations, frames)
            return fit(plane, frames, plane.shape[3])[:, 0].transpose(1, 2)
        grid = self.grid(9)
        deepest = in_cells(centres - self.first_sample, self.cell_samples)
        positions = (deepest * grid.stride + grid.offset).clamp(min=0)
        plane = self._plane(representations, int(positions[-1]) + 2)
        return sample(plane[:, 0], positions, dim=1).transpose(1, 2)

    def _plane(self, representations: Sequence[Tensor], rows: int) -> Tensor:
        """Return the first `rows` rows of the last layer's output, or all: `[B, 1, T, 256]`."""
        of_layer_7 = self.rows_for(7, self.rows_for(8, self.rows_for(9, rows)))
        total = apply_module(self.merge(representations, of_layer_7), self.convt(7)).relu_()
        return conv_transpose_twice(total, self.convt(8), self.convt(9), rows)

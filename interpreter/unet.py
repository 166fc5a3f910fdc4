"""The paper's UNet decoder of CNN14's representations, for any length, its linear tail composed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from interpreter.errors import ConfigError
from interpreter.grids import fit, sample
from interpreter.transposed import applied, pair, transposed, transposed_by_phases

Alignment = Literal["crop", "aligned"]
"""Where cells lie in time: `crop` as published (cut or filled at the end), `aligned` where they belong."""


class Layer(NamedTuple):
    """A transposed convolution: channels as shares of CNN14's width, geometry in (time, frequency)."""

    channels_in: int  # 1/share of the width
    channels_out: int  # 1/share of the width; 0 for one channel
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]


class Grid(NamedTuple):
    """Where cells lie in time: cell `stride * i + offset` on the deepest map's cell i."""

    stride: float
    offset: float

    def after(self, layer: Layer) -> Grid:
        """Return the grid of a transposed convolution's output, each kernel taken at its centre."""
        stride, centre = layer.stride[0], (layer.kernel[0] - 1) / 2 - layer.padding[0]
        return Grid(self.stride * stride, self.offset * stride + centre)

    def onto(self, other: Grid, cells: int, device: torch.device) -> Tensor:
        """Return where the first `cells` cells of the grid `other` lie on this one: `[cells]`."""
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

    def merged(self, representations: Sequence[Tensor]) -> tuple[Tensor, Grid]:
        """Return the sum of the paths through layers 1 to 6, and its grid.

        Shape:
            - representations: maps `[B, C, T, F]` of CNN14's blocks 6, 5, 4 and 3
            - result: `[B, C, T', F']`
        """
        deepest, *skips = representations
        total, grid = torch.relu(applied(deepest, self.convt(1))), _SKIPS[0].after(self.layers[0])
        for step, skip in enumerate(skips):
            if step:
                total = torch.relu(applied(total, self.convt(2 * step + 1)))
                grid = grid.after(self.layers[2 * step])
            number = 2 * step + 2
            side = torch.relu(applied(skip, self.convt(number)))
            total = total + self._onto(total, side, grid, _SKIPS[step + 1].after(self.layers[number - 1]))
        return total, grid

    def _onto(self, total: Tensor, side: Tensor, grid: Grid, own: Grid) -> Tensor:
        rows, columns = total.shape[-2:]
        if self.alignment == "aligned" and own != grid:
            side = sample(side, own.onto(grid, rows, side.device), dim=2)
        return fit(side, rows, columns)


class UNetDecoder(SkipDecoder):
    """LMAC-TD's decoder of the representations, with the authors' state-dict names.

    Its channels K come from the frequency axis, which is stretched to 256. The published decoder takes
    clips of 4.92 to 5.01 s alone; here maps whose sizes differ are cut or padded with zeros at the end
    before they are added (which changes nothing at 5 s), and with `aligned` they are read where they lie in
    time: the published strides come to 756 frames a cell where the encoder has 744, and start 645 frames
    late.

    Layers 8 and 9 have nothing between them, so that they are computed as one; see `composed`.

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
            raise ConfigError(f"UNetDecoder: embedding_dim must be a multiple of 32, got {embedding_dim}")
        super().__init__(UNET_LAYERS, embedding_dim, 1, alignment)
        self.cell_samples, self.first_sample = cell_samples, first_sample

    def forward(self, representations: Sequence[Tensor], centres: Tensor, samples: int) -> Tensor:
        """Return `[B, 256, len(centres)]` for frames centred on the samples `centres`."""
        total, grid = self.merged(representations)
        total = torch.relu(applied(total, self.convt(7)))
        frames = len(centres)
        if self.alignment == "crop":
            plane = composed(total, self.convt(8), self.convt(9), frames)[:, 0]
            return fit(plane.unsqueeze(1), frames, plane.shape[2])[:, 0].transpose(1, 2)
        for layer in self.layers[6:]:
            grid = grid.after(layer)
        deepest = (centres - self.first_sample + 0.5) / self.cell_samples - 0.5
        positions = (deepest * grid.stride + grid.offset).clamp(min=0)
        plane = composed(total, self.convt(8), self.convt(9), int(positions[-1]) + 2)[:, 0]
        return sample(plane, positions, dim=1).transpose(1, 2)


def composed(maps: Tensor, first: nn.ConvTranspose2d, second: nn.ConvTranspose2d, rows: int) -> Tensor:
    """Apply two transposed convolutions as one; nothing lies between them. Only the first `rows` rows.

    The composed kernel is the second applied to the first's kernels; the strides multiply. Composed, the
    first's padding would crop only the end result, so what it cuts off in between (strips of a few rows and
    columns) is taken away again. Exact, at a fifth of the multiplications for the UNet's tail.

    Args:
        maps: `[B, C, T, F]`.
        first: has strides below its kernel.
        second: has no padding.
        rows: how many rows of the result are wanted.

    Shape:
        - result: `[B, C', min(rows, all), F']`
    """
    (stride_t, stride_f), (pad_t, pad_f) = pair(first.stride), pair(first.padding)
    step_t, step_f = pair(second.stride)
    # row i of the maps reaches rows from (stride_t * i - pad_t) * step_t on
    needed = -(-(rows + pad_t * step_t) // (stride_t * step_t))
    whole = needed >= maps.shape[2]
    maps = maps[:, :, :needed]
    kernel = F.conv_transpose2d(first.weight, second.weight, stride=second.stride)
    result = transposed_by_phases(
        maps, kernel, (stride_t * step_t, stride_f * step_f), (pad_t * step_t, pad_f * step_f)
    )
    for strip, at_end, dim in _cropped_strips(maps, first, whole):
        reached = transposed_by_phases(strip, second.weight, (step_t, step_f), (0, 0))
        _subtract(result, reached, at_end, dim, first, second)
    inner = (
        (maps.shape[2] - 1) * stride_t + first.weight.shape[2] - 2 * pad_t,
        (maps.shape[3] - 1) * stride_f + first.weight.shape[3] - 2 * pad_f,
    )
    return (result + _bias_plane(first, second, inner))[:, :, :rows]


def _cropped_strips(maps: Tensor, first: nn.ConvTranspose2d, whole: bool) -> list[tuple[Tensor, bool, int]]:
    """Return what the first padding cuts off: (strip, at the end, axis); corners are in the rows' strips."""
    (stride_t, stride_f), (pad_t, pad_f) = pair(first.stride), pair(first.padding)
    reach_t, reach_f = -(-pad_t // stride_t), -(-pad_f // stride_f)

    def strip(part: Tensor, kernel: Tensor) -> Tensor:
        return transposed(part, kernel, None, (stride_t, stride_f), (0, 0))

    # The outermost cells are reached by the kernel's outermost rows or columns alone.
    strips, kernel = [], first.weight
    if pad_t:
        strips.append((strip(maps[:, :, :reach_t], kernel[:, :, :pad_t])[:, :, :pad_t], False, 2))
        if whole:
            strips.append((strip(maps[:, :, -reach_t:], kernel[:, :, -pad_t:])[:, :, -pad_t:], True, 2))
    if pad_f:
        rows = slice(pad_t, -pad_t or None)
        left, right = kernel[..., :pad_f], kernel[..., -pad_f:]
        strips.append((strip(maps[..., :reach_f], left)[:, :, rows, :pad_f], False, 3))
        strips.append((strip(maps[..., -reach_f:], right)[:, :, rows, -pad_f:], True, 3))
    return strips


def _subtract(
    result: Tensor,
    strip: Tensor,
    at_end: bool,
    dim: int,
    first: nn.ConvTranspose2d,
    second: nn.ConvTranspose2d,
) -> None:
    """Take a strip's contribution away from the edge of the result that it reaches."""
    crop_t, crop_f = (pad * step for pad, step in zip(pair(first.padding), pair(second.stride), strict=True))
    if dim == 2:
        strip = strip[:, :, : strip.shape[2] - crop_t] if at_end else strip[:, :, crop_t:]
        strip = strip[..., crop_f : strip.shape[3] - crop_f]
    else:
        strip = strip[..., : strip.shape[3] - crop_f] if at_end else strip[..., crop_f:]
    rows, columns = strip.shape[2:]
    if dim == 2:
        part = result[:, :, -rows:] if at_end else result[:, :, :rows]
    else:
        part = result[:, :, :rows, -columns:] if at_end else result[:, :, :rows, :columns]
    part.sub_(strip[:, :, : part.shape[2]])


def _bias_plane(first: nn.ConvTranspose2d, second: nn.ConvTranspose2d, inner: tuple[int, int]) -> Tensor:
    """Return what both biases add: the second convolution of a constant plane of the size `inner`."""
    assert first.bias is not None and second.bias is not None
    kernel = torch.einsum("i,ioab->oab", first.bias, second.weight).unsqueeze(0)
    plane = F.conv_transpose2d(kernel.new_ones(1, 1, *inner), kernel, stride=second.stride)
    return plane + second.bias[:, None, None]

"""A slim UNet decoder: reads representations of any shape, trains in minutes on a processor."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from interpreter.networks.feature_maps import MapGrid, along_bands, fit, in_cells, sample


class SlimUNet(nn.Module):
    """Brings representations to one width, sums them from the deepest on, and doubles the grid on the way.

    A map joins the sum once the grid has been doubled to about its own. Maps are aligned at their first
    cell, as pooling leaves them: the sum is cropped or padded at the end by up to a cell; a grid of another
    kind is resized.

    Args:
        shapes: a probe's `(C, T, F)` of each representation, deepest first; C must recur, T and F about in
            proportion.
        width: channels inside and of the result.
        doublings: how many times the deepest grid is doubled in total.

    Shape:
        - representations: maps `[B, C, T, F]`, deepest first
        - result: `[B, width, T', F']`
    """

    def __init__(self, shapes: Sequence[tuple[int, int, int]], width: int = 64, doublings: int = 4) -> None:
        super().__init__()
        self.width, self.doublings = width, doublings
        self.project = nn.ModuleList(nn.Conv2d(channels, width, 1) for channels, _, _ in shapes)
        self.upsample = nn.ModuleList(nn.ConvTranspose2d(width, width, 4, 2, 1) for _ in range(doublings))
        self.relu = nn.ReLU()
        deepest = shapes[0][1] * shapes[0][2]
        self.joins = [min(doublings, _doublings(rows * columns / deepest)) for _, rows, columns in shapes]

    def forward(self, representations: Sequence[Tensor]) -> Tensor:
        """Return the decoded maps of the representations."""
        skips = [project(maps) for project, maps in zip(self.project, representations, strict=True)]
        total: Tensor = skips[0]
        for doubled in range(self.doublings + 1):
            for skip, joins in zip(skips[1:], self.joins[1:], strict=True):
                if joins == doubled:
                    total = _resize_to(total, skip) + skip
            total = self.relu(total)
            if doubled < self.doublings:
                total = self.upsample[doubled](total)
        return total


def _doublings(growth: float) -> int:
    """Return how often both axes of a grid are doubled for its number of cells to grow by about `growth`."""
    return max(0, round(math.log2(growth) / 2))


def _resize_to(total: Tensor, skip: Tensor) -> Tensor:
    rows, columns = skip.shape[-2:]
    if abs(total.shape[-2] - rows) <= 1 and abs(total.shape[-1] - columns) <= 1:
        return fit(total, rows, columns)
    return nn.functional.interpolate(total, (rows, columns), mode="bilinear", align_corners=False)


class FrameReader(nn.Module):
    """A slim UNet whose maps are read at the centres of a filter bank's frames.

    Args:
        grid: of the representations; F must recur.
        width: channels inside.
        doublings: how many times the deepest grid is doubled.
    """

    def __init__(self, grid: MapGrid, width: int, doublings: int) -> None:
        super().__init__()
        self.trunk = SlimUNet(grid.shapes, width, doublings)
        self.cell_samples, self.first_sample = grid.cell_samples, grid.first_sample

    def find_rows(self, centres: Tensor, samples: int, rows: int) -> Tensor:
        """Return where frames are among the `rows` rows of the trunk's maps, as `sample` reads them.

        Args:
            centres: the samples that the frames are centred on, `[n]`.
            samples: length of the clip.
            rows: of the trunk's maps.
        """
        cell = self.cell_samples / 2**self.trunk.doublings if self.cell_samples else samples / rows
        return in_cells(centres - self.first_sample, cell)


class SlimFrameDecoder(FrameReader):
    """LMAC-TD's decoder of the representations: frequency is folded into channels, then frames are read.

    Args:
        grid: of the representations; F must recur.
        frame_channels: channels of the result, K.
        width: channels inside.
        doublings: how many times the deepest grid is doubled.
    """

    def __init__(self, grid: MapGrid, frame_channels: int, width: int = 64, doublings: int = 4) -> None:
        super().__init__(grid, width, doublings)
        with torch.no_grad():
            probe = self.trunk([torch.zeros(1, *shape) for shape in grid.shapes])
        self.head = nn.Linear(width * probe.shape[3], frame_channels)

    def forward(self, representations: Sequence[Tensor], centres: Tensor, samples: int) -> Tensor:
        """Return `[B, frame_channels, len(centres)]` for frames centred on the samples `centres`."""
        maps = self.trunk(representations)
        columns = self.head(maps.transpose(1, 2).flatten(2))
        return sample(columns, self.find_rows(centres, samples, maps.shape[2]), dim=1).transpose(1, 2)


class SlimMaskDecoder(nn.Module):
    """A slim UNet read at the cells of an STFT: L-MAC's mask.

    The classifier's frequency axis is mel, the mask's is linear; reading the maps at each bin's mel
    position leaves the network nothing to unwarp.

    Args:
        shapes: a probe's `(C, T, F)` of each representation, deepest first.
        width: channels inside.
        doublings: how many times the deepest grid is doubled.
        cell_frames: STFT frames that one cell of the deepest map spans; None stretches the map over the
            clip.
        bin_positions: place of each STFT bin on the axis of mel bands, 0 the first band's centre, shape
            `[F]`; None stretches the map over the bins.
        cell_bands: mel bands that one cell of the deepest map spans.
    """

    bin_positions: Tensor | None

    def __init__(
        self,
        shapes: Sequence[tuple[int, int, int]],
        width: int = 64,
        doublings: int = 4,
        cell_frames: float | None = None,
        bin_positions: Tensor | None = None,
        cell_bands: float = 32.0,
    ) -> None:
        super().__init__()
        self.trunk = SlimUNet(shapes, width, doublings)
        self.head = nn.Conv2d(width, 1, 3, padding=1)
        self.cell_frames, self.cell_bands = cell_frames, cell_bands
        self.register_buffer("bin_positions", bin_positions, persistent=False)

    def forward(self, representations: Sequence[Tensor], frames: int, bins: int) -> Tensor:
        """Return mask logits `[B, frames, bins]`."""
        return self.read(self.head(self.trunk(representations)).squeeze(1), frames, bins)

    def read(self, maps: Tensor, frames: int, bins: int) -> Tensor:
        """Return maps of the trunk's grid, `[B, T', F']`, at the cells of the STFT, `[B, frames, bins]`."""
        scale = 2**self.trunk.doublings
        rows = self.cell_frames / scale if self.cell_frames else frames / maps.shape[1]
        maps = sample(maps, in_cells(torch.arange(frames, device=maps.device), rows), dim=1)
        return along_bands(maps, bins, self.bin_positions, self.cell_bands / scale)


class PromptedMaskDecoder(SlimMaskDecoder):
    """A slim mask decoder whose maps are scaled and shifted by a text, so that each text draws its own mask.

    Source of the scaling: FiLM, Perez et al. 2018. The trunk, which the texts have no part in, is computed
    once for all texts of a clip.

    Args:
        text_width: of the texts' embeddings.
        shapes: see `SlimMaskDecoder`, as the rest.
        width: channels inside.
        doublings: how many times the deepest grid is doubled.
        cell_frames: STFT frames that one cell of the deepest map spans.
        bin_positions: place of each STFT bin on the axis of mel bands.
        cell_bands: mel bands that one cell of the deepest map spans.
    """

    def __init__(
        self,
        text_width: int,
        shapes: Sequence[tuple[int, int, int]],
        width: int = 64,
        doublings: int = 4,
        cell_frames: float | None = None,
        bin_positions: Tensor | None = None,
        cell_bands: float = 32.0,
    ) -> None:
        super().__init__(shapes, width, doublings, cell_frames, bin_positions, cell_bands)
        self.modulation = nn.Linear(text_width, 2 * width)

    def forward(  # type: ignore[override]
        self, representations: Sequence[Tensor], texts: Tensor, frames: int, bins: int
    ) -> Tensor:
        """Return mask logits `[B, K, frames, bins]` of K texts of each clip, `[B, K, text_width]`."""
        maps = self.trunk(representations)[:, None]
        gain, shift = self.modulation(texts)[..., None, None].chunk(2, dim=2)
        prompted = torch.relu((1 + gain) * maps + shift).flatten(0, 1)
        logits = self.read(self.head(prompted).squeeze(1), frames, bins)
        return logits.view(*texts.shape[:2], frames, bins)

"""A slim UNet read at each filter's centre frequency and each frame's centre, for LMAC-TD."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from interpreter.networks.feature_maps import along_bands, in_cells, sample
from interpreter.networks.slim_unet import SlimUNet

_SIGNS = 2  # of a coefficient of the filter bank: a channel for each, one after the other


class MelFrameDecoder(nn.Module):
    """Reads the maps where a filter lies on their frequency axis, as `SlimMaskDecoder` reads STFT bins.

    Each coefficient of the windowed DCT has a centre frequency, and the classifier's maps have a mel axis: a
    network that is read at the one on the other need not learn which filter is where. A coefficient's two
    signs are two maps.

    Args:
        shapes: a probe's `(C, T, F)` of each representation, deepest first.
        frame_channels: channels of the result, K: two for each coefficient.
        width: channels inside.
        doublings: how many times the deepest grid is doubled.
        cell_samples: samples that one cell of the deepest map spans; None stretches the map over the clip.
        first_sample: where the first cell begins.
        positions: place of each coefficient on the axis of mel bands, 0 the first band's centre, shape
            `[K / 2]`; None stretches the map over the coefficients.
        cell_bands: mel bands that one cell of the deepest map spans.
    """

    positions: Tensor | None

    def __init__(
        self,
        shapes: Sequence[tuple[int, int, int]],
        frame_channels: int,
        width: int = 64,
        doublings: int = 4,
        cell_samples: float | None = None,
        first_sample: float = 0.0,
        positions: Tensor | None = None,
        cell_bands: float = 32.0,
    ) -> None:
        super().__init__()
        self.trunk = SlimUNet(shapes, width, doublings)
        self.head = nn.Conv2d(width, _SIGNS, 3, padding=1)
        self.coefficients = frame_channels // _SIGNS
        self.cell_samples, self.first_sample, self.cell_bands = cell_samples, first_sample, cell_bands
        self.register_buffer("positions", positions, persistent=False)

    def forward(self, representations: Sequence[Tensor], centres: Tensor, samples: int) -> Tensor:
        """Return `[B, frame_channels, len(centres)]` for frames centred on the samples `centres`."""
        maps = self.head(self.trunk(representations))
        scale = 2**self.trunk.doublings
        rows = self.cell_samples / scale if self.cell_samples else samples / maps.shape[2]
        maps = along_bands(maps, self.coefficients, self.positions, self.cell_bands / scale)
        maps = sample(maps, in_cells(centres - self.first_sample, rows), dim=2)
        return maps.permute(0, 3, 1, 2).flatten(1, 2)

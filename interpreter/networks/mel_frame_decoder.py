"""A slim UNet read at each filter's centre frequency and each frame's centre, for LMAC-TD."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from interpreter.networks.feature_maps import MapGrid, along_bands, sample
from interpreter.networks.slim_unet import FrameReader

_SIGNS = 2  # of a coefficient of the filter bank: a channel for each, one after the other


class MelFrameDecoder(FrameReader):
    """Reads the maps at each filter's place on their frequency axis, as `SlimMaskDecoder` reads STFT bins.

    Each coefficient of the windowed DCT has a centre frequency, and the classifier's maps have a mel axis: a
    network that is read at the one on the other need not learn which filter is where. A coefficient's two
    signs are two maps.

    Args:
        grid: of the representations.
        frame_channels: channels of the result, K: two for each coefficient.
        width: channels inside.
        doublings: how many times the deepest grid is doubled.
        positions: place of each coefficient on the axis of mel bands, 0 the first band's centre, shape
            `[K / 2]`; None stretches the map over the coefficients.
        cell_bands: mel bands that one cell of the deepest map spans.
    """

    positions: Tensor | None

    def __init__(
        self,
        grid: MapGrid,
        frame_channels: int,
        width: int = 64,
        doublings: int = 4,
        positions: Tensor | None = None,
        cell_bands: float = 32.0,
    ) -> None:
        super().__init__(grid, width, doublings)
        self.head = nn.Conv2d(width, _SIGNS, 3, padding=1)
        self.coefficients = frame_channels // _SIGNS
        self.cell_bands = cell_bands
        self.register_buffer("positions", positions, persistent=False)

    def forward(self, representations: Sequence[Tensor], centres: Tensor, samples: int) -> Tensor:
        """Return `[B, frame_channels, len(centres)]` for frames centred on the samples `centres`."""
        maps = self.head(self.trunk(representations))
        rows = self.find_rows(centres, samples, maps.shape[2])
        bands_per_cell = self.cell_bands / 2**self.trunk.doublings
        maps = along_bands(maps, self.coefficients, self.positions, bands_per_cell)
        maps = sample(maps, rows, dim=2)
        return maps.permute(0, 3, 1, 2).flatten(1, 2)

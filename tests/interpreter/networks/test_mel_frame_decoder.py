"""A decoder that knows where each filter lies: read as NumPy interpolates."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from interpreter.classifier.front_end import FrontEnd
from interpreter.networks.feature_maps import MapGrid
from interpreter.networks.filter_bank import dct_frequencies
from interpreter.networks.mel_frame_decoder import MelFrameDecoder

SHAPES = [(6, 5, 2), (4, 10, 5)]


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) - 0.5


def test_the_decoder_reads_each_filter_at_its_mel_position_and_each_frame_at_its_time() -> None:
    """A second writing: NumPy's linear interpolation, axis by axis."""
    torch.manual_seed(1)
    front_end = FrontEnd()
    positions = front_end.band_positions(dct_frequencies(32, 16000))
    decoder = MelFrameDecoder(MapGrid(SHAPES, 800.0, -93.0), 32, 8, 4, positions, 32.0).eval()
    centres = torch.arange(50) * 64 + 31.5
    maps = [_noise(2, *shape, seed=1 + at) for at, shape in enumerate(SHAPES)]
    with torch.no_grad():
        found = decoder(maps, centres, 3200).numpy()
        planes = decoder.head(decoder.trunk(maps)).numpy()
    columns = (positions.numpy() + 0.5) / 2 - 0.5  # 32 bands are 16 cells
    rows = (centres.numpy() + 93.0 + 0.5) / 50 - 0.5  # 800 samples are 16 cells
    for clip in range(2):
        for channel in range(32):
            plane = planes[clip, channel % 2]
            column = np.array([np.interp(columns[channel // 2], np.arange(len(row)), row) for row in plane])
            expected = np.interp(rows, np.arange(len(column)), column)
            assert found[clip, channel] == pytest.approx(expected, abs=1e-5)


def test_maps_of_an_unknown_frequency_axis_are_stretched_over_the_filters() -> None:
    torch.manual_seed(1)
    decoder = MelFrameDecoder(MapGrid(SHAPES), 20, 8, 2).eval()
    maps = [_noise(2, *shape, seed=1 + at) for at, shape in enumerate(SHAPES)]
    with torch.no_grad():
        found = decoder(maps, torch.arange(20) * 10 + 4.5, 200)
        plane = decoder.head(decoder.trunk(maps))  # 20 rows, 10 columns
    assert torch.allclose(found[:, 0::2], plane[:, 0].transpose(1, 2), atol=1e-5)
    assert torch.allclose(found[:, 1::2], plane[:, 1].transpose(1, 2), atol=1e-5)

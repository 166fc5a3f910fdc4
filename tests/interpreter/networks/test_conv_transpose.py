"""The quick ways of a transposed convolution against torch's own."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from interpreter.networks.conv_transpose import FEW_CELLS, FEW_PHASES, apply_module
from interpreter.networks.conv_transpose_polyphase import conv_transpose_by_phases

GEOMETRIES = [
    ((7, 7), (3, 2), (1, 1), (13, 2)),
    ((12, 11), (3, 2), (1, 1), (11, 7)),
    ((7, 11), (5, 4), (2, 1), (9, 10)),
    ((4, 3), (2, 2), (0, 5), (8, 9)),
    ((2, 3), (3, 4), (0, 0), (5, 4)),  # gaps between the patches
]


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(("kernel", "stride", "padding", "grid"), GEOMETRIES)
def test_both_ways_are_the_transposed_convolution(
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    grid: tuple[int, int],
    batch: int,
) -> None:
    torch.manual_seed(0)
    convolution = nn.ConvTranspose2d(6, 4, kernel, stride, padding).double()
    maps = torch.randn(batch, 6, *grid, dtype=torch.double, requires_grad=True)
    expected = F.conv_transpose2d(maps, convolution.weight, convolution.bias, stride, padding)
    wanted = [maps, convolution.weight]
    slopes = torch.autograd.grad(expected.square().sum(), wanted)
    assert grid[0] * grid[1] <= FEW_CELLS
    found = apply_module(maps, convolution)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(torch.autograd.grad(found.square().sum(), wanted), slopes)
    assert convolution.bias is not None
    phases = (
        conv_transpose_by_phases(maps, convolution.weight, stride, padding) + convolution.bias[:, None, None]
    )
    torch.testing.assert_close(phases, expected)
    torch.testing.assert_close(torch.autograd.grad(phases.square().sum(), wanted), slopes)


@pytest.mark.parametrize("cached", [1, 13 * 8 * 49 * 2, 13 * 8 * 49 * 4 * 2])
def test_any_number_of_clips_and_channels_at_a_time_makes_the_same(
    cached: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One channel of one clip at a time, two of four channels, and two of three clips."""
    torch.manual_seed(0)
    convolution = nn.ConvTranspose2d(3, 4, (7, 7), (3, 2), (1, 1)).double()
    maps = torch.randn(3, 3, 13, 8, dtype=torch.double, requires_grad=True)
    wanted = [maps, *convolution.parameters()]
    expected = convolution(maps)
    slopes = torch.autograd.grad(expected.square().sum(), wanted)
    monkeypatch.setattr("interpreter.networks.conv_transpose._CACHED", cached)
    found = apply_module(maps, convolution)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(torch.autograd.grad(found.square().sum(), wanted), slopes)
    weights = apply_module(maps.detach(), convolution)
    torch.testing.assert_close(torch.autograd.grad(weights.square().sum(), wanted[1:]), slopes[1:])
    clips = apply_module(maps, convolution.requires_grad_(False))
    torch.testing.assert_close(torch.autograd.grad(clips.square().sum(), maps)[0], slopes[0])


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "grid"),
    [
        ((7, 7), (2, 2), (1, 1), (50, 21)),
        ((4, 3), (2, 2), (0, 5), (40, 30)),
        ((10, 2), (3, 1), (0, 0), (600, 2)),
        ((3, 5), (1, 4), (2, 3), (33, 33)),
        ((2, 2), (2, 2), (1, 0), (33, 33)),
    ],
)
def test_on_a_large_grid_places_of_the_stride_are_the_transposed_convolution(
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    grid: tuple[int, int],
    bias: bool,
    batch: int,
) -> None:
    torch.manual_seed(0)
    convolution = nn.ConvTranspose2d(3, 4, kernel, stride, padding, bias=bias).double()
    maps = torch.randn(batch, 3, *grid, dtype=torch.double, requires_grad=True)
    wanted = [maps, *convolution.parameters()]
    expected = F.conv_transpose2d(maps, convolution.weight, convolution.bias, stride, padding)
    assert grid[0] * grid[1] > FEW_CELLS and stride[0] * stride[1] <= FEW_PHASES
    found = apply_module(maps, convolution)
    torch.testing.assert_close(found, expected)
    slopes = torch.autograd.grad(expected.square().sum(), wanted)
    torch.testing.assert_close(torch.autograd.grad(found.square().sum(), wanted), slopes)
    frozen = apply_module(maps.detach(), convolution.requires_grad_(False))
    torch.testing.assert_close(frozen, expected)
    assert not frozen.requires_grad


@pytest.mark.parametrize(("kernel", "stride"), [((7, 11), (5, 4)), ((2, 3), (3, 1))])
def test_many_places_or_gaps_on_a_large_grid_are_left_to_torch(
    kernel: tuple[int, int], stride: tuple[int, int]
) -> None:
    convolution = nn.ConvTranspose2d(2, 3, kernel, stride, bias=False)
    maps = torch.randn(1, 2, 40, 40)
    assert torch.equal(apply_module(maps, convolution), convolution(maps))

"""The UNet against its layer table, written plainly."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from interpreter.networks.conv_transpose import sides_of
from interpreter.networks.conv_transpose_composed import conv_transpose_twice
from interpreter.networks.unet import UNetDecoder
from tests.interpreter.alike import close, generator, representations


def _table_written_plainly(unet: UNetDecoder, maps: list[Tensor]) -> Tensor:
    layer = [nn.Identity(), *(unet.convt(number) for number in range(1, 10))]
    x = layer[1](maps[0]).relu() + layer[2](maps[1]).relu()
    x = layer[3](x).relu() + layer[4](maps[2]).relu()
    x = layer[5](x).relu() + layer[6](maps[3]).relu()
    plane: Tensor = layer[9](layer[8](layer[7](x).relu()))
    return plane


def test_the_unet_is_its_layer_table_at_five_seconds() -> None:
    torch.manual_seed(0)
    unet, maps = UNetDecoder(64), representations(64, 431)
    with torch.no_grad():
        plane = _table_written_plainly(unet, maps)
        assert plane.shape == (2, 1, 11082, 256)
        frames = unet(maps, torch.arange(9999) * 8 + 7.5, 80000)
    close(frames, plane[:, 0, :9999].transpose(1, 2))


@pytest.mark.parametrize("alignment", ["crop", "aligned"])
@pytest.mark.parametrize("frames", [1, 700, 5000, 9000])
def test_the_unets_first_frames_do_not_depend_on_how_many_are_wanted(alignment: Any, frames: int) -> None:
    torch.manual_seed(0)
    unet, maps = UNetDecoder(32, alignment), representations(32, 431)
    centres = torch.arange(9999) * 8 + 7.5
    with torch.no_grad():
        close(unet(maps, centres[:frames], 80000), unet(maps, centres, 80000)[:, :, :frames])


def test_the_unets_gradients_are_its_layer_tables() -> None:
    torch.manual_seed(0)
    unet, maps = UNetDecoder(32), representations(32, 431)
    weights = torch.rand(2, 256, 9999, generator=generator())
    wanted = [*unet.parameters(), *(one.requires_grad_() for one in maps)]
    plane = _table_written_plainly(unet, maps)[:, 0, :9999].transpose(1, 2)
    expected = torch.autograd.grad((plane * weights).sum(), wanted)
    found = torch.autograd.grad((unet(maps, torch.arange(9999) * 8 + 7.5, 80000) * weights).sum(), wanted)
    for ours, plain in zip(found, expected, strict=True):
        close(ours, plain)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_the_unet_trains_in_half_precision(kind: torch.dtype) -> None:
    """What the mixed precision of a training makes of it: half the digits in the maps, not in the sums."""
    torch.manual_seed(0)
    unet, maps = UNetDecoder(32), representations(32, 431)
    centres = torch.arange(9999) * 8 + 7.5
    expected = unet(maps, centres, 80000)
    slopes = torch.autograd.grad(expected.square().sum(), list(unet.parameters()))
    with torch.autocast("cpu", torch.bfloat16):
        found = unet([one.to(kind) for one in maps], centres, 80000)
    halved = torch.autograd.grad(found.float().square().sum(), list(unet.parameters()))
    close(found.float(), expected, 0.01)
    for one, other in zip(halved, slopes, strict=True):
        close(one, other, 0.1)


def test_the_composed_tail_has_the_two_layers_gradients() -> None:
    torch.manual_seed(0)
    first, second = (
        nn.ConvTranspose2d(3, 5, (10, 7), (3, 1), (4, 2)),
        nn.ConvTranspose2d(5, 1, (8, 10), (7, 3)),
    )
    x = torch.rand(2, 3, 6, 5, generator=generator(), requires_grad=True)
    parameters = [x, *first.parameters(), *second.parameters()]
    plain = second(first(x))
    close(conv_transpose_twice(x, first, second, plain.shape[2]), plain)
    weights = torch.rand(plain.shape, generator=generator(1))
    expected = torch.autograd.grad((plain * weights).sum(), parameters)
    found = torch.autograd.grad(
        (conv_transpose_twice(x, first, second, plain.shape[2]) * weights).sum(), parameters
    )
    for one, other in zip(found, expected, strict=True):
        close(one, other)
    for rows in (1, 20, 50, 71, 100):
        close(conv_transpose_twice(x, first, second, rows), plain[:, :, :rows])


@pytest.mark.parametrize("alignment", ["crop", "aligned"])
@pytest.mark.parametrize("frames", [40, 100, 173, 287, 899])
def test_the_unet_takes_every_length(frames: int, alignment: Any) -> None:
    unet = UNetDecoder(32, alignment)
    centres = torch.arange(frames * 186 // 8 - 1) * 8 + 7.5
    with torch.no_grad():
        assert unet(representations(32, frames), centres, frames * 186).shape == (2, 256, len(centres))


def test_the_aligned_unet_puts_an_event_where_it_happened() -> None:
    unet = UNetDecoder(32, "aligned")
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            parameter.fill_(0.0 if name.endswith("bias") else 1e-3)
        found = []
        for cell in (2, 6, 10):
            maps = [torch.zeros_like(map_) for map_ in representations(32, 431)]
            for map_, scale in zip(maps, (1, 1, 2, 4), strict=True):
                map_[:, :, cell * scale : (cell + 1) * scale] = 1.0
            energy = unet(maps, torch.arange(9999) * 8 + 7.5, 80000)[0].sum(dim=0)
            centre = (energy * torch.arange(9999)).sum() / energy.sum()
            found.append(float(centre))
    expected = [744 * cell + 359.4 for cell in (2, 6, 10)]
    assert found == pytest.approx(expected, abs=40)  # a tenth of an STFT frame is 2 of these frames


def test_layers_of_any_overlapping_geometry_compose_exactly() -> None:
    """Fifty random geometries, whole and half of the rows, against the two layers one after the other."""
    draw = random.Random(0)
    torch.manual_seed(0)
    compared = 0
    while compared < 50:
        strides = [(draw.randint(1, 4), draw.randint(1, 4)) for _ in range(2)]
        kernels = [tuple(step + draw.randint(1, 4) for step in steps) for steps in strides]
        padding, cells = [(draw.randint(low, 3), draw.randint(low, 3)) for low in (0, 1)]
        first = nn.ConvTranspose2d(2, 3, kernels[0], strides[0], padding).double()
        second = nn.ConvTranspose2d(3, 1, kernels[1], strides[1]).double()
        sides = sides_of(torch.zeros(1, 2, *cells), first.weight, strides[0], padding)
        if min(sides) < 1:
            continue
        compared += 1
        maps = torch.rand(1, 2, *cells, dtype=torch.double)
        plain = second(first(maps))
        for rows in (plain.shape[2], max(1, plain.shape[2] // 2)):
            torch.testing.assert_close(conv_transpose_twice(maps, first, second, rows), plain[:, :, :rows])
    padded = nn.ConvTranspose2d(2, 3, 4, 2, 1).double()
    with pytest.raises(AssertionError):
        conv_transpose_twice(maps, padded, nn.ConvTranspose2d(3, 1, 2, 2).double(), 1)
    plain = nn.ConvTranspose2d(2, 3, 4, 2).double()
    second = nn.ConvTranspose2d(3, 1, (1, 2), (1, 2)).double()
    torch.testing.assert_close(conv_transpose_twice(maps, plain, second, 3), second(plain(maps))[:, :, :3])

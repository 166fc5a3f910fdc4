"""Transposed convolutions by the cheaper of several equal ways."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FEW_CELLS = 1024
"""Up to so many cells, reading the weights costs more than the arithmetic; see `transposed`."""


def transposed(
    maps: Tensor, kernel: Tensor, bias: Tensor | None, stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    """Apply a transposed convolution without output padding, dilation or groups.

    On a processor, torch rearranges the weights anew at each call, which for a small grid takes longer than
    all the rest: there the result is one matrix product, whose patches are then added where they overlap.

    Shape:
        - maps: `[B, C, T, F]`
        - kernel: `[C, C', kernel rows, kernel columns]`
        - bias: `[C']`
        - result: `[B, C', T', F']`
    """
    if maps.device.type != "cpu" or maps.shape[2] * maps.shape[3] > FEW_CELLS:
        return F.conv_transpose2d(maps, kernel, bias, stride, padding)
    height, width = _sides(maps, kernel, stride, padding)
    flat = kernel.flatten(1).t()
    # One product a clip: the weights' gradient then needs no sum over copies of the weights.
    patches = torch.stack([flat @ clip for clip in maps.flatten(2)])
    summed = F.fold(patches, (height, width), tuple(kernel.shape[2:]), padding=padding, stride=stride)
    return summed if bias is None else summed + bias[:, None, None]


def applied(maps: Tensor, convolution: nn.ConvTranspose2d) -> Tensor:
    """Apply a module by `transposed`."""
    stride, padding = pair(convolution.stride), pair(convolution.padding)
    return transposed(maps, convolution.weight, convolution.bias, stride, padding)


def transposed_by_phases(
    maps: Tensor, kernel: Tensor, stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    """Apply a transposed convolution as a plain one with an output channel for each phase of the stride.

    The cells of the result that lie at one place of the stride (a phase) all see the same part of the
    kernel. For a large stride and few channels this is the faster of the two.

    Shape:
        - maps: `[B, C, T, F]`
        - kernel: `[C, C', kernel rows, kernel columns]`
        - result: `[B, C', T', F']`
    """
    channels, outputs, rows, columns = kernel.shape
    (step_t, step_f), (pad_t, pad_f) = stride, padding
    taps_t, taps_f = -(-rows // step_t), -(-columns // step_f)
    filled = F.pad(kernel, (0, taps_f * step_f - columns, 0, taps_t * step_t - rows))
    split = filled.view(channels, outputs, taps_t, step_t, taps_f, step_f).flip(2, 4)
    plain = split.permute(1, 3, 5, 0, 2, 4).reshape(outputs * step_t * step_f, channels, taps_t, taps_f)
    phases = F.conv2d(maps, plain, padding=(taps_t - 1, taps_f - 1))
    grid = phases.view(len(maps), outputs, step_t, step_f, *phases.shape[2:]).permute(0, 1, 4, 2, 5, 3)
    whole = grid.flatten(4).flatten(2, 3)
    height, width = _sides(maps, kernel, stride, padding)
    return whole[:, :, pad_t : pad_t + height, pad_f : pad_f + width]


def _sides(
    maps: Tensor, kernel: Tensor, stride: tuple[int, int], padding: tuple[int, int]
) -> tuple[int, int]:
    height, width = (
        (cells - 1) * step - 2 * pad + reach
        for cells, step, pad, reach in zip(maps.shape[2:], stride, padding, kernel.shape[2:], strict=True)
    )
    return height, width


def pair(value: object) -> tuple[int, int]:
    """Return a convolution's geometry as the two numbers that it is."""
    assert isinstance(value, tuple) and len(value) == 2
    return value

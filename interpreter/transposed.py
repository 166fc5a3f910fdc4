"""Transposed convolutions by the cheaper of several equal ways."""

from __future__ import annotations

import itertools
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

Sides = tuple[int, int]

FEW_CELLS = 512
"""Up to so many cells, reading the weights costs more than the arithmetic; see `transposed`."""
FEW_PHASES = 4
"""Up to so many places of the stride, each is worth a convolution of its own; see `transposed`."""


def transposed(
    maps: Tensor, kernel: Tensor, bias: Tensor | None, stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    """Apply a transposed convolution without output padding, dilation or groups.

    On a processor, torch rearranges the weights anew at each call, which for a small grid takes longer than
    all the rest: there the result is one matrix product, whose patches are then added where they overlap.
    For a large grid and a small stride, the cells at each place of the stride are a plain convolution, which
    does the same arithmetic in half the time.

    Shape:
        - maps: `[B, C, T, F]`
        - kernel: `[C, C', kernel rows, kernel columns]`
        - bias: `[C']`
        - result: `[B, C', T', F']`
    """
    if maps.device.type != "cpu":
        return F.conv_transpose2d(maps, kernel, bias, stride, padding)
    if maps.shape[2] * maps.shape[3] > FEW_CELLS:
        if stride[0] * stride[1] > FEW_PHASES or stride[0] > kernel.shape[2] or stride[1] > kernel.shape[3]:
            return F.conv_transpose2d(maps, kernel, bias, stride, padding)
        result: Tensor = _ByPlace.apply(maps, kernel, bias, stride, padding)
        return result
    height, width = _sides(maps, kernel, stride, padding)
    flat = kernel.flatten(1).t()
    # One product a clip: the weights' gradient then needs no sum over copies of the weights.
    patches = torch.stack([flat @ clip for clip in maps.flatten(2)])
    summed = F.fold(patches, (height, width), tuple(kernel.shape[2:]), padding=padding, stride=stride)
    return summed if bias is None else summed + bias[:, None, None]


class _ByPlace(torch.autograd.Function):
    """A transposed convolution, by a plain one for each place of the stride; torch's own gradients."""

    @staticmethod
    def forward(
        ctx: Any, maps: Tensor, kernel: Tensor, bias: Tensor | None, stride: Sides, padding: Sides
    ) -> Tensor:
        ctx.save_for_backward(maps, kernel)
        ctx.geometry = (None if bias is None else list(bias.shape), stride, padding)
        result = maps.new_empty(len(maps), kernel.shape[1], *_sides(maps, kernel, stride, padding))
        for row, column in itertools.product(range(stride[0]), range(stride[1])):
            taps = kernel[:, :, row :: stride[0], column :: stride[1]].transpose(0, 1).flip(2, 3)
            reach = (taps.shape[2] - 1, taps.shape[3] - 1)
            cells = F.conv2d(maps, taps, bias, padding=reach)
            # Cells that the padding cuts off come first; then each lies a stride after the one before.
            skip = [
                -(-max(pad - at, 0) // step)
                for pad, at, step in zip(padding, (row, column), stride, strict=True)
            ]
            place = result[
                :,
                :,
                skip[0] * stride[0] + row - padding[0] :: stride[0],
                skip[1] * stride[1] + column - padding[1] :: stride[1],
            ]
            place.copy_(cells[:, :, skip[0] : skip[0] + place.shape[2], skip[1] : skip[1] + place.shape[3]])
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        maps, kernel = ctx.saved_tensors
        bias_shape, stride, padding = ctx.geometry
        found = torch.ops.aten.convolution_backward(
            gradient, maps, kernel, bias_shape, stride, padding, (1, 1), True, (0, 0), 1,
            ctx.needs_input_grad[:3],
        )  # fmt: skip
        return (*found, None, None)


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

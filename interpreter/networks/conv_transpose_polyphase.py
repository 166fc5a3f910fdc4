"""A transposed convolution of large stride and few channels, as a plain one for its phases."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from interpreter.networks.conv_transpose import Sides, in_whole_precision, sides_of

_LANES = 8
"""torch's convolution of channels-last maps is fastest with a multiple of this many output channels."""


def conv_transpose_by_phases(
    maps: Tensor, kernel: Tensor, stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    """Apply a transposed convolution as a plain one with an output channel for each phase of the stride.

    The cells of the result that are at one phase of the stride all see the same part of the
    kernel. If the kernel's rows are not a multiple of the stride, the later phases see a row of it less.

    Shape:
        - maps: `[B, C, T, F]`
        - kernel: `[C, C', kernel rows, kernel columns]`
        - result: `[B, C', T', F']`
    """
    channels, outputs, rows, columns = kernel.shape
    (step_t, step_f), (pad_t, pad_f) = stride, padding
    taps_t, taps_f = -(-rows // step_t), -(-columns // step_f)
    filled = F.pad(kernel, (0, taps_f * step_f - columns, 0, taps_t * step_t - rows))
    split = filled.view(channels, outputs, taps_t, step_t, taps_f, step_f)
    most = rows - (taps_t - 1) * step_t  # phases that see all the taps
    parts = []
    for first, last, taps in ((0, most, taps_t), (most, step_t, taps_t - 1)):
        phases = last - first
        if not phases:
            continue
        seen = split[:, :, :taps, first:last].flip(2, 4).permute(1, 3, 5, 0, 2, 4)
        if taps:
            plain = seen.reshape(outputs * phases * step_f, channels, taps, taps_f)
            part = _convolve(maps, plain)
            part = part.view(len(maps), outputs, phases, step_f, *part.shape[2:])
        else:
            part = maps.new_zeros(
                len(maps), outputs, phases, step_f, maps.shape[2] - 1, maps.shape[3] + taps_f - 1
            )
        parts.append(F.pad(part, (0, 0, 0, taps_t - taps)))
    grid = torch.cat(parts, dim=2).permute(0, 1, 4, 2, 5, 3)
    whole = grid.flatten(4).flatten(2, 3)
    height, width = sides_of(maps, kernel, stride, padding)
    return whole[:, :, pad_t : pad_t + height, pad_f : pad_f + width]


def _convolve(maps: Tensor, kernel: Tensor) -> Tensor:
    """Apply a plain convolution at every place that it reaches."""
    padding = (kernel.shape[2] - 1, kernel.shape[3] - 1)
    if maps.device.type != "cpu":
        return F.conv2d(maps, kernel, padding=padding)
    return in_whole_precision(_Convolved, maps, kernel, padding)


class _Convolved(torch.autograd.Function):
    """A plain convolution in the layout that is quicker each way: channels last there, first back."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, kernel: Tensor, padding: Sides) -> Tensor:
        ctx.save_for_backward(maps, kernel)
        ctx.padding = padding
        lanes = F.pad(kernel, (0,) * 7 + (-len(kernel) % _LANES,))
        result = F.conv2d(
            maps.contiguous(memory_format=torch.channels_last),
            lanes.contiguous(memory_format=torch.channels_last),
            padding=padding,
        )
        return result[:, : len(kernel)]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        maps, kernel = (tensor.contiguous() for tensor in ctx.saved_tensors)
        of_maps, of_kernel, _ = torch.ops.aten.convolution_backward(
            gradient.contiguous(), maps, kernel, None, (1, 1), ctx.padding, (1, 1), False, (0, 0), 1,
            (*ctx.needs_input_grad[:2], False),
        )  # fmt: skip
        return of_maps, of_kernel, None

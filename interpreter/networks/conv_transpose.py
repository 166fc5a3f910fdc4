"""Transposed convolutions by the cheaper of several equal ways."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

Sides = tuple[int, int]

FEW_CELLS = 1024
"""Up to this many cells, reading the weights costs more than the arithmetic; see `conv_transpose`."""
FEW_PHASES = 4
"""Up to this many phases of the stride, each is worth a separate convolution; see `conv_transpose`."""
_CACHED = 2**19
"""Numbers of a product that are made before they are added up: 2 MiB."""


def conv_transpose(
    maps: Tensor, kernel: Tensor, bias: Tensor | None, stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    """Apply a transposed convolution without output padding, dilation or groups.

    On a CPU, torch rearranges the weights again at each call, which for a small grid takes longer than
    all the rest: there the result is a matrix product, whose overlapping patches are then added. For
    a large grid and a small stride, the cells at each place of the stride are a plain convolution, which
    does the same arithmetic in half the time.

    Shape:
        - maps: `[B, C, T, F]`
        - kernel: `[C, C', kernel rows, kernel columns]`
        - bias: `[C']`
        - result: `[B, C', T', F']`
    """
    if maps.device.type != "cpu":
        return F.conv_transpose2d(maps, kernel, bias, stride, padding)
    if maps.shape[2] * maps.shape[3] <= FEW_CELLS:
        product = in_whole_precision(_ByProduct, maps, kernel, stride, padding)
        return product if bias is None else product + bias[:, None, None]
    if stride[0] * stride[1] > FEW_PHASES or stride[0] > kernel.shape[2] or stride[1] > kernel.shape[3]:
        return F.conv_transpose2d(maps, kernel, bias, stride, padding)
    return in_whole_precision(_ByPlace, maps, kernel, bias, stride, padding)


def in_whole_precision(
    function: type[torch.autograd.Function], maps: Tensor, kernel: Tensor, *rest: object
) -> Tensor:
    """Apply a function in the kernel's precision, whatever autocast says: half gains nothing here."""
    with torch.autocast("cpu", enabled=False):
        result: Tensor = function.apply(maps.to(kernel.dtype), kernel, *rest)
    return result


class _ByProduct(torch.autograd.Function):
    """A transposed convolution as a product of matrices, some clips and output channels at a time."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, kernel: Tensor, stride: Sides, padding: Sides) -> Tensor:
        ctx.save_for_backward(maps, kernel)
        ctx.geometry = (stride, padding)
        sides = sides_of(maps, kernel, stride, padding)
        result = maps.new_empty(len(maps), kernel.shape[1], *sides)
        flat, cells = kernel.flatten(1), maps.flatten(2)
        for clips, channels, columns in _pieces(maps, kernel):
            patches = torch.matmul(flat[:, columns].t(), cells[clips])
            result[clips, channels] = F.fold(patches, sides, kernel.shape[2:], 1, padding, stride)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        maps, kernel = ctx.saved_tensors
        stride, padding = ctx.geometry
        flat, cells = kernel.flatten(1), maps.flatten(2)
        of_cells = torch.zeros_like(cells) if ctx.needs_input_grad[0] else None
        of_kernel = torch.empty_like(flat) if ctx.needs_input_grad[1] else None
        for clips, channels, columns in _pieces(maps, kernel):
            patches = F.unfold(gradient[clips, channels], kernel.shape[2:], 1, padding, stride)
            if of_cells is not None:
                of_cells[clips] += torch.matmul(flat[:, columns], patches)
            if of_kernel is not None:
                of_kernel[:, columns].addmm_(
                    cells[clips].transpose(0, 1).flatten(1),
                    patches.transpose(0, 1).flatten(1).t(),
                    beta=int(clips.start > 0),  # the first clips' overwrites what memory held
                )
        return (
            None if of_cells is None else of_cells.view_as(maps),
            None if of_kernel is None else of_kernel.view(kernel.shape),
            None,
            None,
        )


def _pieces(maps: Tensor, kernel: Tensor) -> Iterator[tuple[slice, slice, slice]]:
    """Yield clips, output channels and these channels' columns of the flat kernel, a cacheful at a time."""
    outputs, taps = kernel.shape[1], kernel.shape[2] * kernel.shape[3]
    numbers = maps.shape[2] * maps.shape[3] * taps  # of a clip's patches, for an output channel
    some_clips = max(1, _CACHED // (numbers * outputs))
    some_channels = min(outputs, max(1, _CACHED // numbers))
    for clip in range(0, len(maps), some_clips):
        for channel in range(0, outputs, some_channels):
            end = min(channel + some_channels, outputs)
            yield slice(clip, clip + some_clips), slice(channel, end), slice(channel * taps, end * taps)


class _ByPlace(torch.autograd.Function):
    """A transposed convolution, by a plain one for each phase of the stride; torch's own gradients."""

    @staticmethod
    def forward(
        ctx: Any, maps: Tensor, kernel: Tensor, bias: Tensor | None, stride: Sides, padding: Sides
    ) -> Tensor:
        ctx.save_for_backward(maps, kernel)
        ctx.geometry = (None if bias is None else list(bias.shape), stride, padding)
        result = maps.new_empty(len(maps), kernel.shape[1], *sides_of(maps, kernel, stride, padding))
        for row, column in itertools.product(range(stride[0]), range(stride[1])):
            taps = kernel[:, :, row :: stride[0], column :: stride[1]].transpose(0, 1).flip(2, 3)
            reach = (taps.shape[2] - 1, taps.shape[3] - 1)
            cells = F.conv2d(maps, taps, bias, padding=reach)
            # Cells that the padding cuts off come first; then each is one stride after the previous one.
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


def apply_module(maps: Tensor, convolution: nn.ConvTranspose2d) -> Tensor:
    """Apply a module by `conv_transpose`."""
    stride, padding = pair(convolution.stride), pair(convolution.padding)
    return conv_transpose(maps, convolution.weight, convolution.bias, stride, padding)


def sides_of(
    maps: Tensor, kernel: Tensor, stride: tuple[int, int], padding: tuple[int, int]
) -> tuple[int, int]:
    """Return the rows and columns of a transposed convolution's result."""
    height, width = (
        (cells - 1) * step - 2 * pad + reach
        for cells, step, pad, reach in zip(maps.shape[2:], stride, padding, kernel.shape[2:], strict=True)
    )
    return height, width


def pair(value: object) -> tuple[int, int]:
    """Return a convolution's geometry as the two numbers that it is."""
    assert isinstance(value, tuple) and len(value) == 2
    return value

"""Two transposed convolutions with nothing between them, computed as one."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from interpreter.networks.conv_transpose import conv_transpose, pair, sides_of
from interpreter.networks.conv_transpose_polyphase import conv_transpose_by_phases


def conv_transpose_twice(
    maps: Tensor, first: nn.ConvTranspose2d, second: nn.ConvTranspose2d, rows: int
) -> Tensor:
    """Apply two transposed convolutions as one; there is nothing between them. Only the first `rows` rows.

    The composed kernel is the second applied to the first's kernels; the strides multiply. Composed, the
    first's padding would crop only the end result, so what it cuts off in between (strips of a few rows and
    columns) is taken away again. Exact, at a fifth of the multiplications for the UNet's tail.

    Args:
        maps: `[B, C, T, F]`; rows that do not reach the result are computed in vain.
        first: on an axis where it has padding, both have strides below their kernels.
        second: has no padding.
        rows: how many rows of the result are wanted.

    Shape:
        - result: `[B, C', min(rows, all), F']`
    """
    (stride_t, stride_f), (pad_t, pad_f) = pair(first.stride), pair(first.padding)
    step_t, step_f = pair(second.stride)
    for axis in (0, 1):
        overlap = all(layer.stride[axis] < layer.kernel_size[axis] for layer in (first, second))
        assert overlap or not first.padding[axis]
    between = sides_of(maps, first.weight, (stride_t, stride_f), (pad_t, pad_f))
    whole = between[0] * step_t < rows  # else what the padding cuts off at the end reaches none of the rows
    kernel = conv_transpose(first.weight, second.weight, None, (step_t, step_f), (0, 0))
    result = conv_transpose_by_phases(
        maps, kernel, (stride_t * step_t, stride_f * step_f), (pad_t * step_t, pad_f * step_f)
    )
    for strip, at_end, dim in _crop_strips(maps, first, whole):
        reached = conv_transpose_by_phases(strip, second.weight, (step_t, step_f), (0, 0))
        _subtract(result, reached, at_end, dim, first, second)
    return (result + _bias_plane(first, second, between))[:, :, :rows]


def _crop_strips(maps: Tensor, first: nn.ConvTranspose2d, whole: bool) -> list[tuple[Tensor, bool, int]]:
    """Return what the first padding cuts off: (strip, at the end, axis); corners are in the rows' strips."""
    (stride_t, stride_f), (pad_t, pad_f) = pair(first.stride), pair(first.padding)
    reach_t, reach_f = -(-pad_t // stride_t), -(-pad_f // stride_f)

    def strip(part: Tensor, kernel: Tensor) -> Tensor:
        return conv_transpose(part, kernel, None, (stride_t, stride_f), (0, 0))

    # The outermost cells are reached by the kernel's outermost rows or columns only.
    strips, kernel = [], first.weight
    if pad_t:
        strips.append((strip(maps[:, :, :reach_t], kernel[:, :, :pad_t])[:, :, :pad_t], False, 2))
        if whole:
            strips.append((strip(maps[:, :, -reach_t:], kernel[:, :, -pad_t:])[:, :, -pad_t:], True, 2))
    if pad_f:
        rows = slice(pad_t, -pad_t or None)
        left, right = kernel[..., :pad_f], kernel[..., -pad_f:]
        strips.append((strip(maps[..., :reach_f], left)[:, :, rows, :pad_f], False, 3))
        strips.append((strip(maps[..., -reach_f:], right)[:, :, rows, -pad_f:], True, 3))
    return strips


def _subtract(
    result: Tensor,
    strip: Tensor,
    at_end: bool,
    dim: int,
    first: nn.ConvTranspose2d,
    second: nn.ConvTranspose2d,
) -> None:
    """Take a strip's contribution away from the edge of the result that it reaches."""
    crop_t, crop_f = (pad * step for pad, step in zip(pair(first.padding), pair(second.stride), strict=True))
    if dim == 2:
        strip = strip[:, :, : strip.shape[2] - crop_t] if at_end else strip[:, :, crop_t:]
        strip = strip[..., crop_f : strip.shape[3] - crop_f]
    else:
        strip = strip[..., : strip.shape[3] - crop_f] if at_end else strip[..., crop_f:]
    rows, columns = strip.shape[2:]
    if dim == 2:
        part = result[:, :, -rows:] if at_end else result[:, :, :rows]
    else:
        part = result[:, :, :rows, -columns:] if at_end else result[:, :, :rows, :columns]
    part.sub_(strip[:, :, : part.shape[2]])


def _bias_plane(first: nn.ConvTranspose2d, second: nn.ConvTranspose2d, between: tuple[int, int]) -> Tensor:
    """Return what both biases add: the second convolution of a constant plane of the size `between`."""
    assert first.bias is not None and second.bias is not None
    kernel = torch.einsum("i,ioab->oab", first.bias, second.weight).unsqueeze(0)
    plane = F.conv_transpose2d(kernel.new_ones(1, 1, *between), kernel, stride=second.stride)
    return plane + second.bias[:, None, None]

"""A filter bank with perfect reconstruction, so that interpretation and residual sum to the input."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from interpreter.errors import ConfigError


def windowed_dct(channels: int, kernel_size: int, stride: int) -> tuple[Tensor, Tensor]:
    """Return analysis and synthesis filters that undo each other through a rectifier.

    Each frame is windowed and transformed by a DCT-II. Every coefficient has two channels, one for its
    positive and one for its negative part, so that the encoder's rectifier loses nothing: relu(a) -
    relu(-a) = a. Sine windows overlap-add to a constant.

    Args:
        channels: number of filters, K; at least twice the kernel size. More make the transform redundant.
        kernel_size: length of a filter in samples.
        stride: distance of the frames in samples; divides the kernel size at least twice.

    Shape:
        - both results: `[channels, 1, kernel_size]`, for `Encoder.conv1d.weight` and `Decoder.weight`

    Raises:
        ConfigError: the sizes allow no perfect reconstruction.
    """
    if channels % 2 or channels < 2 * kernel_size:
        raise ConfigError(
            f"channels is {channels}; expected an even number of at least {2 * kernel_size} for a DCT basis"
        )
    if kernel_size % stride or kernel_size < 2 * stride:
        raise ConfigError(
            f"stride is {stride}; expected one that divides {kernel_size} at least twice for a DCT basis"
        )
    size = channels // 2
    order = torch.arange(size, dtype=torch.float64)[:, None]
    time = torch.arange(kernel_size, dtype=torch.float64)[None, :]
    rows = torch.cos(math.pi / size * (time + 0.5) * order) * math.sqrt(2.0 / size)
    rows[0] /= math.sqrt(2.0)
    window = torch.sin(math.pi * (time + 0.5) / kernel_size)
    # squared sine windows of overlap r sum to r / 2
    analysis, synthesis = rows * window, rows * window * (2.0 * stride / kernel_size)
    return tuple(  # type: ignore[return-value]
        torch.stack([rows, -rows], dim=1).flatten(0, 1).unsqueeze(1).float() for rows in (analysis, synthesis)
    )


def dct_frequencies(channels: int, sample_rate: int) -> Tensor:
    """Return the centre frequency in Hz of each coefficient of `windowed_dct`, `[channels / 2]`."""
    return torch.arange(channels // 2) * (sample_rate / channels)

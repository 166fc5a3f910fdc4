"""Cutting a picture into segments: pieces of time by shares of the frequency axis."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from interpreter.classifier.front_end import FrontEnd

Axis = Literal["linear", "mel"]
"""Shares of the frequency axis have the same number of bins each, or the same width on the mel scale."""


def cut_time(length: int, pieces: int) -> Tensor:
    """Return the piece of each of `length` frames or samples, `[length]`; what is left over is the last's.

    A clip with fewer frames than `pieces` has one piece per frame.
    """
    pieces = min(pieces, length)
    return (torch.arange(length) // (length // pieces)).clamp(max=pieces - 1)


def cut_frequency(front_end: FrontEnd, shares: int, axis: Axis) -> Tensor:
    """Return the share of the frequency axis that each bin is in, `[F]`; it may leave numbers out.

    On the mel axis each share has the same number of mel bands; bins beyond them are in the outermost.
    """
    bins = front_end.n_fft // 2 + 1
    if axis == "linear":
        return cut_time(bins, shares)
    place = (front_end.bin_positions().cpu() + 0.5) / front_end.mel_bins
    return (place * shares).floor().long().clamp(0, shares - 1)


def number_segments(pieces: Tensor, shares: Tensor) -> Tensor:
    """Number the segments of a picture from 0, without gaps.

    Shape:
        - pieces: `[T]`
        - shares: `[F]`
        - result: `[T, F]`
    """
    labels = pieces[:, None] * (int(shares.max()) + 1) + shares
    numbers: Tensor = torch.unique(labels, return_inverse=True)[1]
    return numbers

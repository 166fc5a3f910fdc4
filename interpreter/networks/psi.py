"""The full-size decoders of L-MAC and L2I, with SpeechBrain's state-dict names."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from interpreter.networks.conv_transpose import apply_module
from interpreter.networks.conv_transpose_composed import conv_transpose_twice
from interpreter.networks.feature_maps import sample
from interpreter.networks.unet import Alignment, Grid, Layer, SkipDecoder

_COMMON = (
    Layer(1, 1, (3, 3), (2, 4), (1, 1)),
    Layer(2, 1, (3, 3), (2, 4), (1, 1)),
    Layer(1, 1, (7, 4), (2, 4), (1, 1)),
    Layer(4, 1, (5, 4), (2, 4), (1, 1)),
    Layer(1, 2, (3, 5), (2, 2), (1, 1)),
    Layer(8, 2, (3, 3), (2, 4), (1, 1)),
    Layer(2, 4, (4, 3), (2, 2), (0, 5)),
    Layer(4, 8, (3, 4), (2, 2), (0, 2)),
)
LMAC_LAYERS = (*_COMMON, Layer(8, 0, (1, 5), (1, 4), (0, 0)))
L2I_LAYERS = (*_COMMON, Layer(8, 0, (7, 5), (1, 4), (0, 0)))

_FRAMES = Grid(32, 15.5)  # STFT frames on the deepest map's cells


class PsiDecoder(SkipDecoder):
    """L-MAC's decoder (Paissan et al. 2024), for clips of any length.

    It makes 425 of the 431 frames of five seconds; what is missing at the end repeats the last one. With
    `aligned` frames are read at their position in time (the published strides start 4.5 frames late).

    Args:
        embedding_dim: CNN14's width.
        out_channels: of the last layer: 1 for L-MAC's mask, the dictionary's size for L2I.
        alignment: `crop` as published, or `aligned`.
    """

    def __init__(
        self, embedding_dim: int = 2048, out_channels: int = 1, alignment: Alignment = "crop"
    ) -> None:
        layers = LMAC_LAYERS if out_channels == 1 else L2I_LAYERS
        super().__init__(layers, embedding_dim, out_channels, alignment)

    def planes(self, representations: Sequence[Tensor], frames: int) -> Tensor:
        """Return the last layer's output `[B, out_channels, frames, F]`; L2I's through a rectifier."""
        total = apply_module(self.merge(representations), self.convt(7)).relu_()
        if self.layers == LMAC_LAYERS:  # nothing between its last two layers
            rows = (total.shape[2] - 1) * 2 + 3
            total = conv_transpose_twice(total, self.convt(8), self.convt(9), rows)
        else:
            total = apply_module(apply_module(total, self.convt(8)).relu_(), self.convt(9)).relu_()
        if self.alignment == "aligned":
            positions = self.grid(9).map_onto(_FRAMES, frames, total.device)
        else:
            positions = torch.arange(frames, device=total.device)
        return (
            total
            if total.shape[2] == frames and self.alignment == "crop"
            else sample(total, positions, dim=2)
        )

    def forward(self, representations: Sequence[Tensor], frames: int, bins: int) -> Tensor:
        """Return L-MAC's mask logits `[B, frames, bins]`."""
        logits = self.planes(representations, frames)[:, 0]
        return logits if logits.shape[2] == bins else sample(logits, torch.arange(bins), dim=2)

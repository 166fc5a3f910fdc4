"""A small network that splits a sound into a few parts, whatever they are."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

PARTS = 3
_DILATIONS = (1, 2, 4)
_KERNEL = 5
_TINY = 1e-5


class SeparatorNet(nn.Module):
    """Draws one mask for each part on the cells of the STFT; the masks sum to one in each cell.

    Convolutions over time, of growing dilation, that see all frequencies at once.

    Args:
        bins: of the STFT.
        width: channels inside.
        parts: how many.
    """

    def __init__(self, bins: int, width: int = 128, parts: int = PARTS) -> None:
        super().__init__()
        self.parts = parts
        self.first = nn.Conv1d(bins, width, _KERNEL)
        self.middle = nn.ModuleList(nn.Conv1d(width, width, _KERNEL, dilation=step) for step in _DILATIONS)
        self.last = nn.Conv1d(width, parts * bins, 1)

    def forward(self, log_magnitude: Tensor) -> Tensor:
        """Return the masks `[B, parts, T, F]` of log magnitudes `[B, T, F]`."""
        centred = log_magnitude - log_magnitude.mean(dim=(1, 2), keepdim=True)
        level = centred.square().mean(dim=(1, 2), keepdim=True).sqrt()
        x = torch.relu(_keep_length(self.first, (centred / (level + _TINY)).transpose(1, 2)))
        for layer in self.middle:
            x = x + torch.relu(_keep_length(layer, x))
        logits = self.last(x).view(len(x), self.parts, -1, x.shape[2])
        masks: Tensor = logits.softmax(dim=1).transpose(2, 3)
        return masks


def _keep_length(layer: nn.Module, x: Tensor) -> Tensor:
    assert isinstance(layer, nn.Conv1d)
    reach = layer.dilation[0] * (_KERNEL - 1) // 2
    result: Tensor = layer(pad(x, (reach, reach)))
    return result

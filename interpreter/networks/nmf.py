"""A dictionary of spectra by non-negative matrix factorisation, which L2I explains with."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class NmfEncoder(nn.Module):
    """Activations of a spectrogram by three convolutions over time, with SpeechBrain's state-dict names.

    Args:
        bins: of the spectrogram.
        components: of the dictionary.
        channels: between the convolutions.
        kernel_size: in frames.
    """

    def __init__(
        self, bins: int, components: int, channels: tuple[int, int] = (256, 128), kernel_size: int = 8
    ) -> None:
        super().__init__()
        sizes = (bins, *channels, components)
        steps: list[nn.Module] = []
        for channels_in, channels_out in pairwise(sizes):
            steps += [nn.Conv1d(channels_in, channels_out, kernel_size), nn.ReLU()]
        self.convenc = nn.Sequential(*steps)
        self.padding = ((kernel_size - 1) // 2, kernel_size // 2)

    def forward(self, log_magnitude: Tensor) -> Tensor:
        """Map log magnitudes `[B, T, F]` to activations `[B, components, T]`."""
        x = log_magnitude.transpose(1, 2)
        for step in self.convenc:
            x = step(F.pad(x, self.padding)) if isinstance(step, nn.Conv1d) else step(x)
        return x


class NmfDecoder(nn.Module):
    """The dictionary: W times activations, both non-negative."""

    def __init__(self, bins: int, components: int) -> None:
        super().__init__()
        self.W = nn.Parameter(0.1 * torch.rand(bins, components))

    def dictionary(self) -> Tensor:
        """Return the dictionary `[F, components]`, not negative."""
        return torch.relu(self.W)

    def forward(self, activations: Tensor) -> Tensor:
        """Map activations `[B, components, T]` to log magnitudes `[B, T, F]`."""
        return torch.relu(activations).transpose(1, 2) @ self.dictionary().T


class Nmf(nn.Module):
    """Encoder and dictionary, trained together to give back the log magnitude."""

    def __init__(
        self, bins: int, components: int, channels: tuple[int, int] = (256, 128), kernel_size: int = 8
    ) -> None:
        super().__init__()
        self.encoder = NmfEncoder(bins, components, channels, kernel_size)
        self.decoder = NmfDecoder(bins, components)

    def forward(self, log_magnitude: Tensor) -> Tensor:
        """Return the approximation of log magnitudes `[B, T, F]`."""
        approximation: Tensor = self.decoder(self.encoder(log_magnitude))
        return approximation

"""A classifier in closed form, and clips for it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd


class BlackBox:
    """Log probabilities from NumPy, without a gradient: it is neither a module nor reads pictures.

    With E the energy of the picture in two halves of the band, P("low") = E_low / 100 and the rest is "high".
    It is additive: each cell adds its own share to P("low").
    """

    sample_rate = 16000
    labels = ("low", "high")

    def __init__(self) -> None:
        self.front_end = FrontEnd(mel_bins=32)
        self.asked: list[int] = []

    def __call__(self, waveforms: Tensor) -> Tensor:
        self.asked.append(len(waveforms))
        picture = self.front_end.log_magnitude(waveforms).detach().numpy()
        share = np.clip(picture[:, :, :200].sum(axis=(1, 2)) / 20000, 1e-6, 1 - 1e-6)
        return torch.from_numpy(np.log(np.stack([share, 1 - share], axis=1))).float()

    def representations(self, waveforms: Tensor) -> list[Tensor]:
        return []


class Additive(torch.nn.Module):
    """A spectral classifier whose P("low") is the sum of the cells below bin 200, over 20,000."""

    sample_rate = 16000
    labels = ("low", "high")
    cell_frames = 1

    def __init__(self) -> None:
        super().__init__()
        self.front_end = FrontEnd(mel_bins=32)
        self.asked: list[int] = []

    def from_log_spectrogram(self, log_magnitude: Tensor) -> Tensor:
        self.asked.append(len(log_magnitude))
        share = log_magnitude[:, :, :200].double().sum(dim=(1, 2)) / 20000
        return torch.stack([share, 1 - share], dim=1).clamp(min=1e-9).log()

    def inspect_log_spectrogram(self, log_magnitude: Tensor) -> tuple[Tensor, list[Tensor]]:
        return self.from_log_spectrogram(log_magnitude), []

    def forward(self, waveforms: Tensor) -> Tensor:
        return self.from_log_spectrogram(self.front_end.log_magnitude(waveforms))

    def representations(self, waveforms: Tensor) -> list[Tensor]:
        return []


@pytest.fixture
def additive() -> Additive:
    return Additive()


@pytest.fixture
def black_box() -> BlackBox:
    return BlackBox()


@pytest.fixture
def clips() -> Tensor:
    generator = torch.Generator().manual_seed(4)
    time = torch.arange(12000) / 16000
    tones = torch.stack([torch.sin(6.2832 * hertz * time) for hertz in (300.0, 1200.0, 4000.0)])
    return 0.3 * tones + 0.02 * torch.randn(3, 12000, generator=generator)


@pytest.fixture
def classifier(clips: Tensor) -> CnnClassifier:
    """A small CNN14 of random weights whose batch norms have seen only the clips: each cell counts."""
    torch.manual_seed(0)
    model = CnnClassifier(["a", "b", "c"], FrontEnd(mel_bins=32), embedding_dim=32, dropout=0.0)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        model(clips)
    return model.eval()

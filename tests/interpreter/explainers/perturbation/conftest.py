"""A classifier in closed form, and clips for it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from tests.interpreter.stand_ins import SpectralStandIn, make_keen_classifier


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


class Additive(SpectralStandIn):
    """A spectral classifier whose P("low") is the sum of the cells below bin 200, over 20,000."""

    labels = ("low", "high")

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def from_log_spectrogram(self, log_magnitude: Tensor) -> Tensor:
        self.asked.append(len(log_magnitude))
        share = log_magnitude[:, :, :200].double().sum(dim=(1, 2)) / 20000
        return torch.stack([share, 1 - share], dim=1).clamp(min=1e-9).log()


@pytest.fixture
def additive() -> Additive:
    return Additive()


@pytest.fixture
def black_box() -> BlackBox:
    return BlackBox()


@pytest.fixture
def classifier(clips: Tensor) -> CnnClassifier:
    """A small CNN14 whose batch norms have seen only the clips: each cell counts."""
    return make_keen_classifier(["a", "b", "c"], 32, clips)

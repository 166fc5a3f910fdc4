"""Tones, a classifier that tells high ones from low ones, and a method that keeps three quarters."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from interpreter.explainers.base import Explainer, Separation

RATE = 8000


class Tones(nn.Module):
    """Tells low from high tones, at a rate of its own; notes the peaks that it was given."""

    sample_rate = RATE
    labels = ("low", "high")

    def __init__(self) -> None:
        super().__init__()
        self.peaks: list[float] = []

    def prepare(self, waveforms: Tensor) -> Tensor:
        return waveforms / waveforms.abs().amax(dim=1, keepdim=True)

    def forward(self, waveforms: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(waveforms).abs()
        split = spectrum.shape[1] // 2
        return (
            torch.stack([spectrum[:, :split].sum(1), spectrum[:, split:].sum(1)], dim=1) / waveforms.shape[1]
        )

    def representations(self, waveforms: Tensor) -> list[Tensor]:
        return []


class Share(Explainer):
    """Keeps three quarters of the sound; notes what it was given."""

    name = "share"

    def __init__(self, classifier: Tones) -> None:
        super().__init__(classifier)
        self.given: list[tuple[int, ...]] = []
        self.peaks: list[float] = []

    def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
        self.given.append(tuple(waveforms.shape))
        self.peaks += waveforms.abs().amax(dim=1).tolist()
        return Separation(0.75 * waveforms, 0.25 * waveforms)


def tone(hertz: float, seconds: float, level: float = 0.5, rate: int = RATE) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)

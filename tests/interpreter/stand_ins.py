"""Classifiers in closed form, a small CNN14, weights as PANNs saves them, and a method that only halves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from interpreter.classifier.cnn14 import Cnn14, CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.explainers.base import Explainer, Separation


class SpectralStandIn(nn.Module):
    """A classifier of pictures without representations; a stand-in gives `labels` and the logits."""

    sample_rate = 16000
    cell_frames = 1
    labels: Sequence[str]

    def __init__(self) -> None:
        super().__init__()
        self.front_end = FrontEnd(mel_bins=32)

    def from_log_spectrogram(self, log_magnitude: Tensor) -> Tensor:
        raise NotImplementedError

    def inspect_log_spectrogram(self, log_magnitude: Tensor) -> tuple[Tensor, list[Tensor]]:
        return self.from_log_spectrogram(log_magnitude), []

    def forward(self, waveforms: Tensor) -> Tensor:
        return self.from_log_spectrogram(self.front_end.log_magnitude(waveforms))

    def representations(self, waveforms: Tensor) -> list[Tensor]:
        return []


class Loudness(SpectralStandIn):
    """Two classes in closed form: logits are the energies in the two halves of the band, scaled."""

    def __init__(self, labels: Sequence[str] = ("dog", "rain"), sign: float = 1.0) -> None:
        super().__init__()
        self.labels = tuple(labels)
        self.sign = sign
        self.passes = 0

    def from_log_spectrogram(self, log_magnitude: Tensor) -> Tensor:
        self.passes += 1
        mean = log_magnitude.mean(dim=1)
        split = 60
        two = torch.stack([mean[:, :split].sum(dim=1), mean[:, split:].sum(dim=1)], dim=1)
        extra = torch.zeros(len(two), len(self.labels) - 2)
        return torch.cat([self.sign * two / 40, extra], dim=1)


class Counting(Explainer):
    """Keeps half of every sample, and counts how often it is asked."""

    name = "counting"

    def __init__(self, classifier: Loudness) -> None:
        super().__init__(classifier)
        self.count = 0

    def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
        self.count += len(waveforms)
        return Separation(0.5 * waveforms, 0.5 * waveforms)


def make_keen_classifier(labels: Sequence[str], width: int, clips: Tensor) -> CnnClassifier:
    """Return a small CNN14 whose batch norms have seen only `clips`: each of their cells counts."""
    torch.manual_seed(0)
    model = CnnClassifier(labels, FrontEnd(mel_bins=32), embedding_dim=width, dropout=0.0)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the average of all that it sees, without the values it began with
    with torch.no_grad():
        model(clips)
    return model.eval()


def panns_file(width: int, mel_bins: int) -> dict[str, object]:
    """What PANNs saves while it trains, in its names: the model, and where its sampler is."""
    state = Cnn14(mel_bins, width).state_dict()
    renamed = {name.replace("norm0", "bn0").replace(".norm", ".bn"): tensor for name, tensor in state.items()}
    extra = {"fc1.weight": torch.zeros(2, 2), "fc_audioset.bias": torch.zeros(2)}
    sampler = {"indexes_per_class": [np.arange(5)], "queue": [np.int64(1)], "pointers_of_classes": [0]}
    model = {**renamed, **extra, "logmel_extractor.melW": torch.zeros(2, 2)}
    return {"iteration": 440000, "model": model, "sampler": sampler}

"""Small classifiers of the three kinds: spectral, wrapped, and a black box."""

from __future__ import annotations

import torch
from torch import nn

from interpreter.classifier.black_box import wrap_callable
from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.classifier.wrapped import wrap_module
from interpreter.types import Classifier

LABELS = ("a", "b", "c")


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer, self.head = nn.Conv1d(1, 4, 100, 50), nn.Linear(4, 3)

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.layer(waveforms[:, None]).relu().mean(dim=2))
        return logits


def make_classifier(kind: str) -> Classifier:
    torch.manual_seed(0)
    if kind == "cnn14":
        return CnnClassifier(LABELS, FrontEnd(mel_bins=32), embedding_dim=32).eval()
    network = Network()
    if kind == "wrapped":
        return wrap_module(network, ["layer"], 16000, LABELS)
    return wrap_callable(
        lambda x: network(torch.from_numpy(x)).detach().softmax(dim=1).numpy(), 16000, LABELS
    )


CLIPS = 0.1 * torch.randn(2, 8000, generator=torch.Generator().manual_seed(1))

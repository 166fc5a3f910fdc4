"""A small classifier, three clips and their pictures."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.explainers.spectral import Picture


@pytest.fixture(scope="module")
def classifier() -> CnnClassifier:
    """A small CNN14 of random weights whose batch norms have seen data."""
    torch.manual_seed(0)
    model = CnnClassifier(
        [f"class {n}" for n in range(5)], FrontEnd(mel_bins=32), embedding_dim=64, dropout=0.0
    )
    with torch.no_grad():
        for _ in range(3):
            model(torch.randn(8, 12000) * torch.logspace(-2, 0, 8)[:, None])
    return model.eval()


@pytest.fixture
def clips() -> Tensor:
    generator = torch.Generator().manual_seed(4)
    time = torch.arange(12000) / 16000
    tones = torch.stack([torch.sin(6.2832 * hertz * time) for hertz in (300.0, 1200.0, 4000.0)])
    return 0.3 * tones + 0.02 * torch.randn(3, 12000, generator=generator)


@pytest.fixture
def keen_classifier(clips: Tensor) -> CnnClassifier:
    """A small CNN14 whose batch norms have seen only the clips: each patch counts."""
    torch.manual_seed(0)
    model = CnnClassifier(
        [f"class {n}" for n in range(5)], FrontEnd(mel_bins=32), embedding_dim=64, dropout=0.0
    )
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the average of all that it sees, without the values it began with
    with torch.no_grad():
        model(clips)
    return model.eval()


@pytest.fixture
def picture(classifier: CnnClassifier, clips: Tensor) -> Picture:
    spectrum = classifier.front_end.stft(clips)
    return Picture(clips, spectrum, classifier.front_end.log_magnitude(clips))


@pytest.fixture(autouse=True)
def _quiet_captum() -> Iterator[None]:
    """Captum warns in the witnesses' own calls; ours keep its warnings in."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module="captum")
        yield

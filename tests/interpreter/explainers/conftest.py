"""Three clips of a tone in faint noise, their pictures, and a classifier that has seen only them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.explainers.spectral import Picture
from tests.interpreter.stand_ins import make_keen_classifier


@pytest.fixture
def clips() -> Tensor:
    generator = torch.Generator().manual_seed(4)
    time = torch.arange(12000) / 16000
    tones = torch.stack([torch.sin(6.2832 * hertz * time) for hertz in (300.0, 1200.0, 4000.0)])
    return 0.3 * tones + 0.02 * torch.randn(3, 12000, generator=generator)


@pytest.fixture
def picture(clips: Tensor) -> Picture:
    front_end = FrontEnd(mel_bins=32)
    return Picture(clips, front_end.stft(clips), front_end.log_magnitude(clips))


@pytest.fixture
def keen_classifier(clips: Tensor) -> CnnClassifier:
    """A small CNN14 of five classes whose batch norms have seen only the clips: each patch counts."""
    return make_keen_classifier([f"class {n}" for n in range(5)], 64, clips)


@pytest.fixture(autouse=True)
def _quiet_captum() -> Iterator[None]:
    """Captum warns in the witnesses' own calls; ours keep its warnings in."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module="captum")
        yield

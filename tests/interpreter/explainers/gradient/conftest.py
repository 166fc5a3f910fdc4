"""A small classifier."""

from __future__ import annotations

import pytest
import torch

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd


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

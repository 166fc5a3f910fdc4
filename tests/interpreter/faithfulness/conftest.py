from __future__ import annotations

import pytest
import torch


def probabilities(seed: int, items: int = 40, classes: int = 6) -> torch.Tensor:
    logits = torch.randn(items, classes, generator=torch.Generator().manual_seed(seed)) * 3
    return logits.softmax(dim=-1)


@pytest.fixture
def triple() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Probabilities before, of interpretations and of residuals, `[items, classes]`; the class before."""
    before, inside, outside = (probabilities(seed) for seed in (1, 2, 3))
    return before, inside, outside, before.argmax(dim=-1)

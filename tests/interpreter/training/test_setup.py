"""What training is set up with: the weights of the classes."""

from __future__ import annotations

import pytest
import torch

from interpreter.kinds.classifier import class_weights


def test_class_weights_balance_the_classes() -> None:
    targets = torch.tensor([0, 0, 0, 1])
    weights = class_weights(targets, 3)
    assert float(weights[targets].mean()) == pytest.approx(4 / 3 / 4 * (3 / 3 + 1))
    assert weights[1] == 3 * weights[0]

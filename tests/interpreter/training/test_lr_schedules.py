"""Learning rates at the corners of their schedules."""

from __future__ import annotations

import pytest

from interpreter.training.lr_schedules import learning_rate_factor


def test_schedules_at_their_corners() -> None:
    assert learning_rate_factor(0, 100, "cosine", 10) == pytest.approx(0.1)
    assert learning_rate_factor(10, 100, "cosine", 10) == pytest.approx(1)
    assert learning_rate_factor(55, 100, "cosine", 10) == pytest.approx(0.5)
    assert learning_rate_factor(100, 100, "cosine", 10) == pytest.approx(0)
    assert learning_rate_factor(0, 100, "one-cycle") == pytest.approx(1 / 25)
    assert learning_rate_factor(30, 100, "one-cycle") == pytest.approx(1)
    assert learning_rate_factor(100, 100, "one-cycle") == pytest.approx(1e-4)
    assert learning_rate_factor(7, 100, "constant") == 1

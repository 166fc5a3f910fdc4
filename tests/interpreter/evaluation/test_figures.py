"""Figures of curves and cascades: what is drawn is what was measured."""

from __future__ import annotations

import pandas as pd
import pytest
import torch
from matplotlib import pyplot as plt

from interpreter.errors import ConfigError
from interpreter.evaluation.figures import plot_cascade, plot_curves


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def test_curves_are_means_over_clips() -> None:
    ax = plot_curves({"lmac-td": torch.tensor([[1.0, 0.5, 0.0], [0.5, 0.5, 0.5]]), "half": torch.ones(1, 2)})
    first, second = ax.get_lines()
    assert first.get_ydata().tolist() == [0.75, 0.5, 0.25] and first.get_xdata().tolist() == [0, 50, 100]
    assert second.get_ydata().tolist() == [1.0, 1.0]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["lmac-td", "half"]


def test_a_cascade_keeps_the_order_of_stages_and_leaves_gaps() -> None:
    rows = [("a", "out", 0.9, 0.8, 1.0), ("a", "conv1", 0.2, 0.1, 0.4), ("b", "conv1", 0.5, 0.5, 0.6)]
    columns = ["method", "stage", "similarity", "similarity_low", "similarity_high"]
    ax = plot_cascade(pd.DataFrame(rows, columns=columns))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["out", "conv1"]
    drawn = [line.get_ydata() for line in ax.get_lines() if len(line.get_xdata()) == 2]
    assert any(list(y) == [0.9, 0.2] for y in drawn)
    segments = ax.collections[0].get_segments()
    assert segments[1][:, 1].tolist() == pytest.approx([0.1, 0.4])


def test_methods_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^7 methods to draw; expected 1 to 6$"):
        plot_curves({str(at): torch.ones(1, 2) for at in range(7)})
    with pytest.raises(ConfigError, match=r"^0 methods to draw; expected 1 to 6$"):
        plot_curves({})

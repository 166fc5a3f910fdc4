"""Bands and windows removed: loops over clips, NumPy, and classifiers whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor

from interpreter.faithfulness import ask_probability, band_agreement, importance_agreement, window_importance

WEIGHTS = torch.tensor([0.0, 3.0, 1.0, 2.0])
"""How much the classifier of pictures makes of each quarter of the frequencies."""


def _logits(pictures: Tensor) -> Tensor:
    bands = pictures.unflatten(2, (4, -1)).mean(dim=(1, 3))
    return torch.stack([bands @ WEIGHTS, torch.zeros(len(pictures))], dim=1)


def test_a_mask_that_values_bands_as_the_classifier_does_has_rank_correlation_one() -> None:
    picture = torch.ones(2, 5, 8)
    rows = WEIGHTS.repeat_interleave(2).expand(2, 5, 8).clone()
    rows[1] = rows[1].flip(1)
    ask = ask_probability(_logits, torch.tensor([0, 0]))
    found = band_agreement(ask, picture, rows, bands=4)
    assert found[0] == 1.0
    assert float(found[1]) == pytest.approx(spearmanr([2, 1, 3, 0], [0, 3, 1, 2]).statistic)
    assert band_agreement(ask, picture, torch.ones(2, 5, 8), bands=4).isnan().all()


def test_bands_of_unequal_width_cover_each_row_once() -> None:
    picture = torch.rand(1, 3, 11, generator=torch.Generator().manual_seed(0))
    seen: list[Tensor] = []

    def classify(pictures: Tensor) -> Tensor:
        seen.append((pictures == 0).all(dim=1)[0])
        return torch.stack([pictures.sum(dim=(1, 2)), torch.zeros(1)], dim=1)

    band_agreement(ask_probability(classify, torch.tensor([0])), picture, picture, bands=4)
    assert not seen[0].any() and torch.stack(seen[1:]).sum(dim=0).tolist() == [1] * 11


def _additive(parts: Tensor) -> Tensor:
    """Log odds of class 0: the sum over windows of 10 samples of weight times mean."""
    means = parts[:, :50].unflatten(1, (5, 10)).mean(dim=2)
    odds = means @ torch.tensor([0.0, 2.0, -1.0, 0.5, 0.0])
    return torch.stack([odds, torch.zeros(len(parts))], dim=1)


def test_an_additive_classifier_gets_its_own_weights_back() -> None:
    sounds = torch.ones(2, 53)
    sounds[1] *= 3
    found = window_importance(_additive, sounds, torch.tensor([0, 1]), 10, ridge=1e-9)
    weights = torch.tensor([0.0, 2.0, -1.0, 0.5, 0.0], dtype=torch.float64)
    assert torch.allclose(found[0], weights, atol=1e-5)
    assert torch.allclose(found[1], -3 * weights, atol=1e-5), "the odds of the other class, of a louder clip"


def test_the_ridge_agrees_with_augmented_least_squares() -> None:
    sounds = torch.rand(1, 50, generator=torch.Generator().manual_seed(1))
    asked: list[Tensor] = []

    def classify(parts: Tensor) -> Tensor:
        asked.append(parts[0])
        return torch.stack([(_additive(parts)[:, 0] * 2).tanh(), torch.zeros(1)], dim=1)

    found = window_importance(classify, sounds, torch.tensor([0]), 10, samples=40, ridge=3.0)[0]
    kept = np.array([[float(bool(clip[10 * w : 10 * w + 10].any())) for w in range(5)] for clip in asked])
    answers = np.array([np.tanh(2 * float(_additive(clip[None])[0, 0])) for clip in asked])
    # The intercept is a column without penalty; the penalty is five more rows.
    design = np.vstack([np.column_stack([np.ones(40), kept]), np.sqrt(3) * np.eye(6)[1:]])
    by_numpy = np.linalg.lstsq(design, np.append(answers, np.zeros(5)), rcond=None)[0][1:]
    assert found.tolist() == pytest.approx(by_numpy.tolist(), abs=1e-6)


def test_importance_agreement_is_spearmans() -> None:
    generator = torch.Generator().manual_seed(2)
    sound, importance = torch.rand(3, 57, generator=generator), torch.rand(3, 5, generator=generator)
    importance[2] = 1.0
    found = importance_agreement(sound, importance, 10)
    for row in range(2):
        energy = [float(sound[row, 10 * w : 10 * w + 10].square().sum()) for w in range(5)]
        assert float(found[row]) == pytest.approx(spearmanr(energy, importance[row].numpy()).statistic)
    assert found[2].isnan()


def _rivals(pictures: Tensor) -> Tensor:
    """Class 0 depends on the lowest quarter only, class 1 on the highest, ten times as much."""
    bands = pictures.unflatten(2, (4, -1)).mean(dim=(1, 3))
    return torch.stack([bands[:, 0], 10 * bands[:, 3]], dim=1)


def test_other_labels_do_not_matter_where_several_may_be_true() -> None:
    picture = torch.ones(1, 5, 8)
    lowest = torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat_interleave(2).expand(1, 5, 8)
    target = torch.tensor([0])
    apart = band_agreement(ask_probability(_rivals, target, multi_label=True), picture, lowest, bands=4)
    assert float(apart) == pytest.approx(1.0)
    together = band_agreement(ask_probability(_rivals, target), picture, lowest, bands=4)
    assert float(together) == pytest.approx(spearmanr([1, 0, 0, 0], [1, 0, 0, -2]).statistic), "a rival falls"


def test_the_log_odds_of_one_label_of_several_are_its_logit() -> None:
    def classify(parts: Tensor) -> Tensor:
        return torch.stack([_additive(parts)[:, 0], 5 * parts[:, 40:50].mean(dim=1)], dim=1)

    sounds, target = torch.ones(1, 50), torch.tensor([0])
    weights = [0.0, 2.0, -1.0, 0.5, 0.0]
    apart = window_importance(classify, sounds, target, 10, ridge=1e-9, multi_label=True)[0]
    assert apart.tolist() == pytest.approx(weights, abs=1e-5)
    together = window_importance(classify, sounds, target, 10, ridge=1e-9)[0]
    assert together.tolist() == pytest.approx([*weights[:4], -5.0], abs=1e-5), "two classes: the difference"

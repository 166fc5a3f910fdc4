"""What a mask did to a sound, by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from interpreter.evaluation.mask_statistics import MASK_STATISTICS, find_silent, mask_statistics
from interpreter.types import Explanation


def explanation_of(interpretation: Tensor, residual: Tensor, mask: Tensor | None = None) -> Explanation:
    count = len(interpretation)
    even = torch.full((count, 2), 0.5)
    target = torch.zeros(count, dtype=torch.int64)
    return Explanation(interpretation, residual, target, even, even, even, "test", mask)


def test_mask_statistics_by_hand() -> None:
    x = torch.tensor([[3.0, 4.0, 0.0, 0.0]])
    i = torch.tensor([[3.0, 0.0, 0.0, 0.0]])
    rest = torch.tensor([[0.0, 3.0, 0.0, 0.0]])
    mask = torch.tensor([[[0.0, 1.0], [1.0, 1.0]]])
    values = mask_statistics(explanation_of(i, rest, mask), x)
    expected = {
        "mask_mean": 0.75,
        "mask_sd": math.sqrt(3) / 4,
        "energy_ratio": 9 / 25,
        "cos_ix": 3 / 5,
        "sum_error": 1 / 5,
    }
    assert tuple(values) == MASK_STATISTICS
    for name, value in expected.items():
        assert float(values[name]) == pytest.approx(value), name
    unknown = mask_statistics(explanation_of(i, rest), x)
    assert math.isnan(float(unknown["mask_mean"]))
    assert math.isnan(float(unknown["mask_sd"]))


def test_the_cosine_of_very_quiet_sounds_is_as_that_of_loud_ones() -> None:
    x, i = torch.tensor([[3e-5, 4e-5]]), torch.tensor([[3e-5, 0.0]])
    quiet, loud = (mask_statistics(explanation_of(g * i, x), g * x) for g in (1.0, 1e5))
    assert float(quiet["cos_ix"]) == pytest.approx(3 / 5) == pytest.approx(float(loud["cos_ix"]))


def test_silence_begins_at_minus_eighty_decibels() -> None:
    x = torch.ones(3, 100)
    gains = torch.tensor([[0.0], [0.99e-4], [1.01e-4]])
    assert find_silent(explanation_of(gains * x, x), x).tolist() == [True, True, False]


def test_each_item_of_a_batch_has_its_own_figures() -> None:
    generator = torch.Generator().manual_seed(6)
    x, i, rest = torch.randn(3, 3, 50, generator=generator)
    mask = torch.rand(3, 4, 5, generator=generator)
    together = mask_statistics(explanation_of(i, rest, mask), x)
    for at in range(3):
        one = slice(at, at + 1)
        alone = mask_statistics(explanation_of(i[one], rest[one], mask[one]), x[one])
        for name in MASK_STATISTICS:
            assert float(together[name][at]) == pytest.approx(float(alone[name])), name
        cells = mask[at].flatten().double()
        assert float(together["mask_sd"][at]) == pytest.approx(float(cells.std(correction=0)))
        assert float(together["sum_error"][at]) == pytest.approx(
            float((i + rest - x)[at].norm() / x[at].norm()), rel=1e-5
        )


def test_silence_is_relative_to_each_items_own_energy() -> None:
    x = torch.stack([torch.ones(100), 1000 * torch.ones(100), torch.zeros(100)])
    parts = torch.stack([0.01 * torch.ones(100), 0.01 * torch.ones(100), torch.zeros(100)])
    assert find_silent(explanation_of(parts, x), x).tolist() == [False, True, False]


def test_a_silent_input_has_no_cosine_and_faint_ones_do() -> None:
    faint = 1e-5 * torch.ones(1, 4)
    values = mask_statistics(explanation_of(faint, faint), faint)
    assert float(values["cos_ix"]) == pytest.approx(1.0)
    half = torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    assert float(mask_statistics(explanation_of(half, half), 2 * half)["energy_ratio"]) == pytest.approx(0.25)

"""Losses against slow second writings of their formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from interpreter.training.losses import in_loss, loud_cells, out_loss, si_sdr, similarity, spectrum_size


def _random(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def test_in_and_out_losses_are_their_formulas() -> None:
    logits, target = 4 * _random(5, 3) - 2, torch.tensor([0, 1, 2, 2, 0])
    p = [
        math.exp(row[t]) / sum(map(math.exp, row))
        for row, t in zip(logits.tolist(), target.tolist(), strict=True)
    ]
    assert float(in_loss(logits, target)) == pytest.approx(-np.mean(np.log(p)), rel=1e-5)
    assert float(out_loss(logits, target)) == pytest.approx(np.mean(np.log(p)), rel=1e-5)
    bounded = float(out_loss(logits, target, "log-complement"))
    assert bounded == pytest.approx(-np.mean(np.log(1 - np.array(p))), rel=1e-5)


def test_the_bounded_out_loss_is_steep_where_the_published_one_is_flat() -> None:
    slopes = {}
    for kind in ("negative-cross-entropy", "log-complement"):
        for name, level in (("certain", 10.0), ("gone", -10.0)):
            logits = torch.tensor([[level, 0.0]], requires_grad=True)
            loss = out_loss(logits, torch.tensor([0]), kind)  # type: ignore[arg-type]
            slopes[kind, name] = float(torch.autograd.grad(loss, logits)[0][0, 0])
    assert slopes["negative-cross-entropy", "certain"] < 1e-4 < 0.99 < slopes["log-complement", "certain"]
    assert slopes["log-complement", "gone"] < 1e-4 < 0.99 < slopes["negative-cross-entropy", "gone"]


def test_sizes_of_a_spectrum() -> None:
    clip = _random(2, 4, 3)
    half = torch.log1p(0.5 * torch.expm1(clip))
    assert float(spectrum_size(half, clip)) == pytest.approx(0.5)
    plain = torch.expm1(half)
    assert float(spectrum_size(half, clip, "mean-l1")) == pytest.approx(float(plain.mean()), rel=1e-6)
    assert float(spectrum_size(half, clip, "sum-l1")) == pytest.approx(float(plain.sum() / 2), rel=1e-6)
    assert float(spectrum_size(half, clip, "mean-log")) == pytest.approx(float(half.mean()), rel=1e-6)
    assert spectrum_size(half * 0, clip * 0).isfinite()


def test_similarity_and_loud_cells() -> None:
    clip = _random(2, 4, 3)
    assert torch.allclose(similarity(clip, 3 * clip), torch.ones(2))
    assert float(similarity(torch.eye(2)[None], 1 - torch.eye(2)[None])) == 0
    assert similarity(clip, 0 * clip).tolist() == [0, 0]
    assert loud_cells(torch.tensor([[[1.0, 0.34, 0.36]]])).tolist() == [[[1, 0, 1]]]


def test_si_sdr_is_the_ratio_of_projection_and_rest() -> None:
    reference = _random(1, 200) - 0.5
    reference -= reference.mean()
    noise = torch.randn(1, 200, generator=torch.Generator().manual_seed(1))
    noise -= noise.mean()
    noise -= (noise * reference).sum() / reference.square().sum() * reference
    noise *= reference.norm() / noise.norm() * 10 ** (-12 / 20)
    assert float(si_sdr(3 * (reference + noise), reference)) == pytest.approx(12.0, abs=1e-3)
    assert si_sdr(torch.zeros(1, 9), torch.zeros(1, 9)).isfinite()

"""Losses against slow second writings of their formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from interpreter.kinds.losses import (
    faithfulness_terms,
    in_loss,
    loud_cells,
    out_loss,
    si_sdr,
    similarity,
    spectrum_size,
)
from interpreter.settings.presets import load_config


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


def test_si_sdr_treats_each_clip_of_a_batch_alone() -> None:
    from torchmetrics.functional.audio import scale_invariant_signal_distortion_ratio

    generator = torch.Generator().manual_seed(3)
    reference = torch.randn(4, 500, generator=generator) + torch.tensor([0.0, 0.5, -1.0, 2.0])[:, None]
    noise = torch.randn(4, 500, generator=generator) * torch.tensor([0.03, 0.3, 1.0, 5.0])[:, None]
    estimate = torch.tensor([1.0, 0.2, 3.0, -1.0])[:, None] * reference + noise + 0.7
    found = si_sdr(estimate, reference)
    assert found.shape == (4,)
    witness = scale_invariant_signal_distortion_ratio(estimate.double(), reference.double(), zero_mean=True)
    assert found.tolist() == pytest.approx(witness.tolist(), abs=1e-3)
    alone = [float(si_sdr(estimate[at : at + 1], reference[at : at + 1])) for at in range(4)]
    assert found.tolist() == pytest.approx(alone, abs=1e-4)


def test_si_sdr_of_silence_is_finite_and_has_a_slope() -> None:
    quiet = torch.zeros(1, 9, requires_grad=True)
    reference = _random(1, 9)
    assert float(si_sdr(quiet, reference).detach()) == pytest.approx(0.0), "both energies are at their floor"
    (slope,) = torch.autograd.grad(si_sdr(quiet, reference).sum(), quiet)
    assert slope.isfinite().all()
    assert float(si_sdr(reference, reference)) > 60


def test_sizes_of_a_spectrum_are_means_over_the_clips() -> None:
    # A loud and a quiet clip, each halved: the relative size weighs them alike.
    clip = torch.log1p(torch.stack([_random(4, 3) * 100, _random(4, 3) * 0.01]))
    parts = torch.log1p(torch.tensor([0.5, 0.1])[:, None, None] * torch.expm1(clip))
    assert float(spectrum_size(parts, clip)) == pytest.approx(0.3, rel=1e-4)
    assert float(spectrum_size(clip, clip * 0)) > 1e6, "silence has a size of its floor, not of nothing"


def test_loud_cells_are_relative_to_each_clips_own_peak() -> None:
    pictures = torch.tensor([[[100.0, 35.0], [34.9, -1.0]], [[1.0, 0.35], [0.34, 0.0]]])
    assert loud_cells(pictures).tolist() == [[[1, 1], [0, 0]]] * 2
    assert loud_cells(pictures, 0.5).sum().item() == 2
    assert loud_cells(pictures.double()).dtype == torch.float64
    assert similarity(pictures, pictures).shape == (2,)


def test_the_loss_and_the_scores_of_an_explainer_by_hand() -> None:
    config = load_config("lmac", "tiny", ["lambda_in=2", "lambda_out=0.5", "out_loss=log-complement"])
    before, inside, outside = (
        4 * torch.rand(6, 3, generator=torch.Generator().manual_seed(k)) for k in range(3)
    )
    target = before.argmax(dim=1)
    terms = faithfulness_terms(before, torch.cat([inside, outside]), torch.tensor(0.25), config)  # type: ignore[arg-type]
    p, q = (logits.softmax(dim=1).gather(1, target[:, None])[:, 0] for logits in (before, inside))
    expected = 2 * in_loss(inside, target) + 0.5 * out_loss(outside, target, "log-complement") + 0.25
    assert float(terms["loss"]) == pytest.approx(float(expected), rel=1e-5)
    assert float(terms["ai"]) == pytest.approx(100 * float((q > p).float().mean()))
    hits = [int(row.argmax()) == int(c) for row, c in zip(inside, target, strict=True)]
    assert float(terms["fid_in"]) == pytest.approx(sum(hits) / 6) and 0 < sum(hits) < 6


@pytest.mark.parametrize("kind", ["negative-cross-entropy", "log-complement"])
def test_of_several_labels_only_the_explained_ones_probability_counts(kind: str) -> None:
    config = load_config("lmac", "tiny", ["lambda_in=2", "lambda_out=0.5", f"out_loss={kind}"])
    before, inside, outside = (
        6 * torch.rand(6, 3, generator=torch.Generator().manual_seed(k)) - 3 for k in range(3)
    )
    after = torch.cat([inside, outside])
    terms = faithfulness_terms(before, after, torch.tensor(0.25), config, multi_label=True)  # type: ignore[arg-type]
    p, q, r = [], [], []
    for clip, own in enumerate(before.argmax(dim=1).tolist()):
        for found, logits in ((p, before), (q, inside), (r, outside)):
            found.append(1 / (1 + math.exp(-float(logits[clip, own]))))
    removed = [math.log(one) if kind == "negative-cross-entropy" else -math.log(1 - one) for one in r]
    expected = -2 * np.mean(np.log(q)) + 0.5 * np.mean(removed) + 0.25
    assert float(terms["loss"]) == pytest.approx(expected, rel=1e-5)
    assert float(terms["ai"]) == pytest.approx(100 * np.mean(np.greater(q, p)))
    assert float(terms["ff"]) == pytest.approx(np.mean(np.subtract(p, r)), rel=1e-4)
    of_one = faithfulness_terms(before, after, torch.tensor(0.25), config)  # type: ignore[arg-type]
    assert float(terms["fid_in"]) == float(of_one["fid_in"])

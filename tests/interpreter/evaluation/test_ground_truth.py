"""Scores against a known event: torchmetrics, limits, and cells counted by hand."""

from __future__ import annotations

import math

import pytest
import torch

from interpreter.evaluation.ground_truth import energy_overlap, si_sdr_db


def test_si_sdr_agrees_with_torchmetrics() -> None:
    from torchmetrics.functional.audio import scale_invariant_signal_distortion_ratio

    generator = torch.Generator().manual_seed(0)
    truth = torch.randn(5, 4000, generator=generator)
    noise = torch.randn(5, 4000, generator=generator) * torch.tensor([0.01, 0.1, 1.0, 3.0, 10.0])[:, None]
    estimate = 0.3 * truth + noise
    expected = scale_invariant_signal_distortion_ratio(estimate.double(), truth.double())
    assert si_sdr_db(estimate, truth).tolist() == pytest.approx(expected.tolist(), abs=1e-3)


def test_si_sdr_of_silence_perfection_and_an_unknown_truth() -> None:
    truth = torch.randn(1, 100, generator=torch.Generator().manual_seed(2))
    nothing = torch.zeros(1, 100)
    assert float(si_sdr_db(nothing, truth)) == -60.0
    assert float(si_sdr_db(2 * truth, truth)) == 60.0
    assert math.isnan(float(si_sdr_db(truth, nothing)))


def test_energy_overlap_counts_energy_where_the_event_is_louder() -> None:
    front = torch.tensor([[[2.0, 0.0], [1.0, 5.0]]]).to(torch.complex64)
    back = torch.tensor([[[1.0, 1.0], [1.0, 1.0]]]).to(torch.complex64)
    heard = torch.tensor([[[3.0, 1.0], [1.0, 1.0]]]).to(torch.complex64)
    assert float(energy_overlap(heard, front, back)) == pytest.approx((9 + 1) / 12)
    assert float(energy_overlap(front, front, back)) == pytest.approx(29 / 30)
    assert float(energy_overlap(torch.zeros_like(heard), front, back)) == 0.0

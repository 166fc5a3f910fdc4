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


def test_each_item_of_a_batch_is_scored_by_itself() -> None:
    generator = torch.Generator().manual_seed(5)
    truth = torch.randn(4, 300, generator=generator)
    estimate = truth + torch.tensor([0.1, 1.0, 0.0, 0.5])[:, None] * torch.randn(4, 300, generator=generator)
    truth[3] = 0.0
    found = si_sdr_db(estimate, truth)
    alone = torch.cat([si_sdr_db(estimate[at : at + 1], truth[at : at + 1]) for at in range(4)])
    assert torch.equal(found.isnan(), torch.tensor([False, False, False, True]))
    assert torch.equal(found[:3], alone[:3]) and float(found[2]) == 60.0 and found.dtype == torch.float64
    assert float(si_sdr_db(estimate[1:2] + 1, truth[1:2])) != float(found[1]), "an offset counts here"


def test_energy_overlap_of_a_batch_and_of_equal_loudness() -> None:
    front = torch.tensor([[[1.0 + 1j, 3j]], [[2.0, 1.0]]])
    back = torch.tensor([[[2.0, 1.0]], [[2.0, 0.5]]]).to(torch.complex64)
    heard = torch.tensor([[[1.0, 1 - 1j]], [[3.0, 1.0]]])
    # Equally loud is not louder: 2^2 = 2^2 in the second item's first cell.
    assert energy_overlap(heard, front, back).tolist() == pytest.approx([2 / 3, 1 / 10])
    silent = torch.cat([heard[:1], torch.zeros_like(heard[:1])])
    assert energy_overlap(silent, front, back).tolist() == pytest.approx([2 / 3, 0.0])

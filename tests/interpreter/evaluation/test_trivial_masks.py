from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.evaluation.ground_truth import energy_overlap, si_sdr_db
from interpreter.evaluation.mask_statistics import MASK_STATISTICS, mask_statistics, silent
from interpreter.evaluation.trivial_masks import FLOORS
from interpreter.types import Explanation


@pytest.fixture(scope="module")
def classifier() -> CnnClassifier:
    torch.manual_seed(0)
    return CnnClassifier(["a", "b", "c"], FrontEnd(mel_bins=32), embedding_dim=32).eval()


@pytest.fixture
def clips() -> Tensor:
    return 0.2 * torch.randn(3, 8000, generator=torch.Generator().manual_seed(1))


def explanation_of(interpretation: Tensor, residual: Tensor, mask: Tensor | None = None) -> Explanation:
    count = len(interpretation)
    even = torch.full((count, 2), 0.5)
    target = torch.zeros(count, dtype=torch.int64)
    return Explanation(interpretation, residual, target, even, even, even, "test", mask)


def test_everything_and_nothing_and_half(classifier, clips) -> None:
    whole = FLOORS["floor-ones"](classifier).explain(clips)
    assert torch.equal(whole.interpretation, clips)
    assert not whole.residual.any()
    nothing = FLOORS["floor-zeros"](classifier).explain(clips)
    assert not nothing.interpretation.any()
    assert torch.allclose(nothing.residual, clips, atol=1e-6)
    half = FLOORS["floor-half"](classifier).explain(clips)
    assert torch.allclose(half.interpretation, half.residual, atol=1e-6)
    statistics = mask_statistics(half, clips)
    assert statistics["mask_mean"].tolist() == [0.5] * 3
    assert statistics["mask_sd"].tolist() == [0.0] * 3
    assert float(statistics["cos_ix"].min()) > 0.9


def test_the_way_through_the_stft_and_back_changes_nothing(classifier, clips) -> None:
    """The floor of ones skips it; this is how far it would have been."""
    from interpreter.classifier.front_end import resynthesise

    front_end = classifier.front_end
    spectrum = front_end.stft(clips)
    back = resynthesise(front_end, front_end.log_magnitude(clips), spectrum, clips.shape[1])
    assert torch.allclose(back, clips, atol=1e-5)


def test_loudest_and_peaks_keep_what_they_say(classifier, clips) -> None:
    picture = classifier.front_end.log_magnitude(clips)
    loudest = FLOORS["floor-loudest"](classifier).explain(clips).mask
    for mask, x in zip(loudest, picture, strict=True):
        assert float(mask.mean()) == pytest.approx(0.2, abs=1e-4)
        assert float(x[mask == 1].min()) >= float(x[mask == 0].max())
    peaks = FLOORS["floor-peaks"](classifier).explain(clips).mask
    for mask, x in zip(peaks, picture, strict=True):
        assert torch.equal(mask == 1, x > x.max() / 2)


def test_random_masks_follow_from_seed_and_clip_alone(classifier, clips) -> None:
    first = FLOORS["floor-random"](classifier, seed=3).explain(clips).mask
    again = FLOORS["floor-random"](classifier, seed=3).explain(clips[1:2]).mask
    other = FLOORS["floor-random"](classifier, seed=4).explain(clips).mask
    assert torch.equal(first[1:2], again)
    assert not torch.equal(first, other)
    assert not torch.equal(first[0], first[1])
    assert float(first.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(first.std()) == pytest.approx(1 / math.sqrt(12), abs=0.01)


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


def test_silence_begins_at_minus_eighty_decibels() -> None:
    x = torch.ones(3, 100)
    gains = torch.tensor([[0.0], [0.99e-4], [1.01e-4]])
    assert silent(explanation_of(gains * x, x), x).tolist() == [True, True, False]


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

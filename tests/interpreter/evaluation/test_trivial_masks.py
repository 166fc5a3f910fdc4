"""Masks that know nothing of the classifier keep what they say."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.evaluation.mask_statistics import mask_statistics
from interpreter.evaluation.trivial_masks import FLOORS
from interpreter.explainers.spectral import Picture


@pytest.fixture(scope="module")
def classifier() -> CnnClassifier:
    torch.manual_seed(0)
    return CnnClassifier(["a", "b", "c"], FrontEnd(mel_bins=32), embedding_dim=32).eval()


@pytest.fixture
def clips() -> Tensor:
    return 0.2 * torch.randn(3, 8000, generator=torch.Generator().manual_seed(1))


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


def test_random_masks_follow_only_from_seed_and_clip(classifier, clips) -> None:
    first = FLOORS["floor-random"](classifier, seed=3).explain(clips).mask
    again = FLOORS["floor-random"](classifier, seed=3).explain(clips[1:2]).mask
    other = FLOORS["floor-random"](classifier, seed=4).explain(clips).mask
    assert torch.equal(first[1:2], again)
    assert not torch.equal(first, other)
    assert not torch.equal(first[0], first[1])
    assert float(first.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(first.std()) == pytest.approx(1 / math.sqrt(12), abs=0.01)


def test_floors_are_named_and_say_what_they_were_set_to(classifier) -> None:
    floors = {name: make(classifier) for name, make in FLOORS.items()}
    assert {name: floor.label for name, floor in floors.items()} == {
        "floor-ones": "Floor: all",
        "floor-zeros": "Floor: nothing",
        "floor-half": "Floor: half",
        "floor-random": "Floor: random",
        "floor-loudest": "Floor: loudest 20%",
        "floor-peaks": "Floor: above half the peak",
    }
    assert floors["floor-random"].settings == {"seed": 0}
    assert FLOORS["floor-random"](classifier, seed=4).settings == {"seed": 4}
    assert floors["floor-loudest"].settings == {"share": 0.2}


def test_floors_need_no_gradients() -> None:
    assert all(make.only_asks for make in FLOORS.values())


def test_the_loudest_cell_of_two_is_kept_and_everything_is_ones(classifier) -> None:
    cells = torch.tensor([[[0.1, 0.2]], [[0.4, 0.3]]])
    picture = Picture(torch.zeros(2, 4), torch.zeros(2, 1, 2, dtype=torch.complex64), cells)
    target = torch.tensor([0, 0])
    assert FLOORS["floor-loudest"](classifier).mask(picture, target).tolist() == [[[0, 1]], [[1, 0]]]
    assert torch.equal(FLOORS["floor-ones"](classifier).mask(picture, target), torch.ones(2, 1, 2))


def test_masks_follow_each_clips_own_level(classifier, clips) -> None:
    levels = torch.tensor([1.0, 1e-3, 30.0])[:, None] * clips
    for name in ("floor-loudest", "floor-peaks"):
        floor = FLOORS[name](classifier, batch_size=2)
        together = floor.explain(levels).mask
        alone = torch.cat([floor.explain(levels[at : at + 1]).mask for at in range(3)])
        assert torch.equal(together, alone), name
        assert set(together.unique().tolist()) == {0.0, 1.0}

"""LIME and SLIME on classifiers whose probability is known in closed form."""

from __future__ import annotations

import pytest
import torch

from interpreter import METHODS
from interpreter.classifier.front_end import FrontEnd
from interpreter.errors import ConfigError, InterpreterError
from interpreter.explainers.perturbation.audiolime import AudioLimeExplainer
from interpreter.explainers.perturbation.lime import LimeExplainer
from interpreter.explainers.perturbation.segments import cut_frequency, cut_time, number_segments
from interpreter.explainers.perturbation.slime import SlimeExplainer


def test_left_over_frames_are_the_last_segments() -> None:
    assert cut_time(11, 3).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2]
    assert cut_time(2, 6).tolist() == [0, 1]
    shares = cut_frequency(FrontEnd(), 4, "mel")
    assert shares[0] == 0 and shares[-1] == 3 and bool((shares.diff() >= 0).all())
    bands = FrontEnd().filters.argmax(dim=0)  # each band's loudest bin is in the share of that band
    assert shares[bands].tolist() == [band // 20 for band in range(80)]
    assert torch.bincount(cut_frequency(FrontEnd(), 4, "linear")).tolist() == [128, 128, 128, 129]
    numbers = number_segments(torch.tensor([0, 0, 1]), torch.tensor([0, 2]))
    assert numbers.tolist() == [[0, 1], [0, 1], [2, 3]]


def test_an_additive_probability_gives_each_segments_part(additive, clips) -> None:
    target = torch.tensor([0, 0, 1])
    explainer = LimeExplainer(additive, segments=(2, 4), alpha=0.0)
    found = explainer.fit_coefficients(clips, target)
    picture = additive.front_end.log_magnitude(clips).double()
    picture[:, :, 200:] = 0  # what the classifier does not hear adds nothing
    labels = number_segments(cut_time(picture.shape[1], 2), cut_time(513, 4))
    for clip in range(3):
        sign = 1 if target[clip] == 0 else -1
        for segment in range(8):
            part = sign * float(picture[clip][labels == segment].sum()) / 20000
            assert float(found[clip, segment]) == pytest.approx(part, abs=2e-6)
    assert max(additive.asked) <= 16
    shrunk = LimeExplainer(additive, segments=(2, 4)).fit_coefficients(clips, target)
    assert bool((shrunk.abs().sum(dim=1) < found.abs().sum(dim=1)).all())


@pytest.mark.parametrize("method", [LimeExplainer, AudioLimeExplainer])
def test_coefficients_are_those_of_classes_that_there_are(method, additive, clips) -> None:
    for target in ([0, -1, 0], [0, 2, 0]):
        with pytest.raises(InterpreterError, match=r"^target contains the classes .* knows 0 to 1$"):
            method(additive).fit_coefficients(clips, torch.tensor(target))


def test_lime_keeps_in_proportion_and_slime_the_best_whole(additive, clips) -> None:
    clips[:, 6000:] *= 0.01  # what speaks for "low" is in the first half
    target = torch.zeros(3, dtype=torch.long)
    weights = SlimeExplainer(additive).fit_coefficients(clips, target)
    mask = SlimeExplainer(additive, top=2).explain(clips, target).mask
    assert mask is not None and weights.shape == (3, 10)
    labels = cut_time(mask.shape[1], 10)
    for clip in range(3):
        kept = {int(label) for label in labels[mask[clip, :, 0] == 1]}
        assert kept == set(weights[clip].topk(2).indices.tolist()) and max(kept) < 5
    even = LimeExplainer(additive, segments=(10, 1)).explain(clips, target).mask
    assert even is not None
    expected = weights.clamp(min=0) / weights.amax(dim=1, keepdim=True)
    assert torch.allclose(even[:, :, 7].double(), expected[:, labels], atol=1e-5)


def test_only_draws_spread_over_seeds(additive, clips) -> None:
    target = torch.zeros(3, dtype=torch.long)
    exact = SlimeExplainer(additive, segments=(6, 1))
    assert float(exact.spread_over_seeds(clips, target).max()) == 0
    drawn = SlimeExplainer(additive, segments=(6, 4), samples=60, seed=5)
    spread = drawn.spread_over_seeds(clips, target)
    assert spread.shape == (3, 24) and float(spread.max()) > 0 and drawn.seed == 5
    more = SlimeExplainer(additive, segments=(6, 4), samples=600).spread_over_seeds(clips, target)
    assert float(more.mean()) < float(spread.mean())
    with pytest.raises(
        ConfigError, match=r"^seeds is \(3,\); expected two or more, whose answers can differ$"
    ):
        exact.spread_over_seeds(clips, target, seeds=(3,))


@pytest.mark.parametrize("name", ["lime", "slime"])
def test_a_black_box_is_explained(name, black_box, clips) -> None:
    explanation = METHODS[name](black_box, segments=(2, 2)).explain(clips, [0, 0, 0])
    assert explanation.mask is not None
    assert max(black_box.asked) <= 16
    low, high = explanation.mask[:, :, :190], explanation.mask[:, :, 300:]
    assert float(low.amax()) == 1 and bool((low.mean(dim=(1, 2)) >= high.mean(dim=(1, 2))).all())


def test_options_are_refused_by_name(additive) -> None:
    assert SlimeExplainer(additive).settings == {
        "rule": "positive",
        "segments": [10, 1],
        "samples": 1000,
        "kernel_width": 0.25,
        "alpha": 1.0,
        "seed": 0,
        "top": 3,
    }
    assert LimeExplainer(additive).label == "LIME"
    assert LimeExplainer(additive, rule="absolute").label == "LIME (absolute)"
    for options, sentence in (
        (
            {"segments": 6},
            r"segments is 6; expected pieces of time and shares of the frequency axis, such as",
        ),
        ({"segments": [0, 4]}, r"segments is 0; expected an integer of 1 or more"),
        ({"kernel_width": 0}, r"kernel_width is 0; expected a number above 0"),
        ({"alpha": -1.0}, r"alpha is -1\.0; expected a number of 0 or more"),
        ({"samples": 0}, r"samples is 0; expected an integer of 1 or more"),
    ):
        with pytest.raises(ConfigError, match=f"^{sentence}"):
            LimeExplainer(additive, **options)

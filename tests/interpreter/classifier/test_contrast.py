"""One class rather than another: the difference of two logits, on classifiers of every kind."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from interpreter.classifier.black_box import wrap_callable
from interpreter.classifier.contrast import contrast
from interpreter.errors import ConfigError
from interpreter.explainers.untrained import UNTRAINED_METHODS
from tests.interpreter.classifier.stand_ins import CLIPS, LABELS, make_classifier


@pytest.mark.parametrize("kind", ["cnn14", "wrapped", "black box"])
def test_the_difference_of_two_logits_is_answered(kind: str) -> None:
    classifier = make_classifier(kind)
    both = contrast(classifier, "c", "a")
    assert both.labels == ("c rather than a", "a rather than c")
    with torch.no_grad():
        logits, answers = classifier(CLIPS), both(CLIPS)
        again = copy.deepcopy(both)(CLIPS)
    assert classifier.labels == LABELS and logits.shape == (2, 3)
    assert torch.allclose(answers[:, 0] - answers[:, 1], logits[:, 2] - logits[:, 0], atol=1e-6)
    expected = logits[:, [2, 0]].softmax(dim=1)
    assert torch.allclose(answers.softmax(dim=1), expected, atol=1e-6) and torch.equal(again, answers)
    explanation = UNTRAINED_METHODS["occlusion"](both, patch=(22, 513)).explain(CLIPS, [0, 0])  # type: ignore[call-arg]
    assert np.allclose(explanation.probability_before, expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["cnn14", "wrapped"])
def test_gradients_are_those_of_the_difference(kind: str) -> None:
    classifier = make_classifier(kind)
    explainer = UNTRAINED_METHODS["gradcam"](contrast(classifier, "c", "a"))
    assert explainer.explain(CLIPS, [0, 0]).mask is not None
    clips = CLIPS.clone().requires_grad_()
    logits = classifier(clips)
    (expected,) = torch.autograd.grad((logits[:, 2] - logits[:, 0]).sum() / 2, clips)
    (found,) = torch.autograd.grad(contrast(classifier, "c", "a")(clips)[:, 0].sum(), clips)
    assert torch.allclose(found, expected, atol=1e-7)


def test_of_several_classes_at_once_the_log_odds_are_subtracted() -> None:
    odds = torch.tensor([[1.0, -2.0, 0.5]])

    def answer(waveforms: np.ndarray) -> np.ndarray:
        return odds.sigmoid().expand(len(waveforms), -1).numpy()

    classifier = wrap_callable(answer, 16000, LABELS, multi_label=True)
    answers = contrast(classifier, "a", "b")(CLIPS[:1])
    assert torch.allclose(answers, torch.tensor([[1.5, -1.5]]), atol=1e-4)
    explanation = UNTRAINED_METHODS["occlusion"](contrast(classifier, "a", "b")).explain(CLIPS[:1])
    assert float(explanation.probability_before.sum()) == pytest.approx(1)


def test_classes_that_cannot_be_compared() -> None:
    with pytest.raises(ConfigError, match="does not know the class 'd'; it knows a, b, c"):
        contrast(make_classifier("wrapped"), "a", "d")
    with pytest.raises(ConfigError, match=r"'a' is compared with itself; expected two classes \(--against\)"):
        contrast(make_classifier("wrapped"), "a", "a")

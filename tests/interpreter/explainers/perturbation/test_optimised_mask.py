"""The optimised mask: against Adam written out, and better at AI than any mask that it started from."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy

from interpreter.errors import InterpreterError
from interpreter.explainers.perturbation.optimised_mask import OptimisedMaskExplainer, measure_roughness


def test_the_mask_is_adams(classifier, clips) -> None:
    explainer = OptimisedMaskExplainer(classifier, steps=4, area=2.0, roughness=3.0, learning_rate=0.3)
    found = explainer.explain(clips, [0, 1, 2]).mask
    x = classifier.front_end.log_magnitude(clips[1:2])
    theta, first, second = torch.zeros_like(x), torch.zeros_like(x), torch.zeros_like(x)
    for step in range(1, 5):
        asked = theta.clone().requires_grad_()
        mask = 1 / (1 + (-asked).exp())
        smooth = (mask[:, 1:] - mask[:, :-1]).abs().mean() + (mask[:, :, 1:] - mask[:, :, :-1]).abs().mean()
        logits = classifier.from_log_spectrogram(mask * x)
        loss = cross_entropy(logits, torch.tensor([1])) + 2 * mask.mean() + 3 * smooth
        (slope,) = torch.autograd.grad(loss, asked)
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        rise = (first / (1 - 0.9**step)) / ((second / (1 - 0.999**step)).sqrt() + 1e-8)
        theta = theta - 0.3 * rise
    assert found is not None
    # where a slope is all but zero, its sign, which is Adam's first step, is rounding
    assert float((found[1] - theta.sigmoid()[0]).abs().quantile(0.95)) < 1e-3


def test_it_makes_the_classifier_surer_of_any_class(classifier, clips) -> None:
    for target in (0, 1, 2):
        explanation = OptimisedMaskExplainer(classifier, area=0.1, roughness=0.1).explain(clips, [target] * 3)
        before, inside = explanation.probability_before[:, target], explanation.probability_in[:, target]
        assert bool((inside > before).all())


def test_a_constant_mask_is_smooth_and_one_frame_has_no_steps() -> None:
    assert float(measure_roughness(torch.ones(1, 4, 5))) == 0
    stripes = torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])
    assert float(measure_roughness(stripes)) == 1
    assert float(measure_roughness(torch.rand(1, 1, 1))) == 0


def test_a_classifier_without_gradients_is_refused(black_box, clips) -> None:
    with pytest.raises(
        InterpreterError, match=r"^Optimised mask follows gradients and the classifier has none"
    ):
        OptimisedMaskExplainer(black_box).explain(clips)

"""What gradient methods keep to beyond the contract of all: their scale, their seed, their options."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from interpreter.classifier.front_end import FrontEnd
from interpreter.classifier.modes import hold_in_eval
from interpreter.errors import InterpreterError
from interpreter.evaluation.model_randomisation import randomisation_check
from interpreter.explainers.gradient.backpropagation import (
    IntegratedGradientsExplainer,
    SaliencyExplainer,
    SmoothGradExplainer,
)
from interpreter.explainers.gradient.by_name import GRADIENT_METHODS
from interpreter.explainers.gradient.gradcam import GradCamExplainer
from interpreter.explainers.gradient.shap import ShapExplainer


@pytest.mark.parametrize("name", GRADIENT_METHODS)
def test_the_largest_attribution_is_kept_whole(name, classifier, clips) -> None:
    mask = GRADIENT_METHODS[name](classifier).explain(clips).mask
    assert mask is not None
    assert mask.flatten(1).amax(dim=1).tolist() == pytest.approx([1.0] * 3)


def test_an_explanation_does_not_depend_on_the_batch(classifier, clips) -> None:
    for method in (SmoothGradExplainer, ShapExplainer):
        together = method(classifier, seed=3).explain(clips).mask
        apart = method(classifier, seed=3, batch_size=1).explain(clips).mask
        assert torch.allclose(together, apart, atol=1e-3)
        assert not torch.allclose(together, method(classifier, seed=4).explain(clips).mask, atol=1e-3)


def test_global_generators_are_left_as_they_were(classifier, clips, monkeypatch) -> None:
    seeded: list[int] = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
    for name in ("smoothgrad", "shap"):
        GRADIENT_METHODS[name](classifier).explain(clips)
    randomisation_check(SaliencyExplainer(classifier), clips)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert not seeded  # generators of GPUs that nothing is computed on
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(numpy_state, after, strict=True))


def test_each_submodules_own_mode_comes_back(classifier) -> None:
    classifier.cnn14.train()
    with hold_in_eval(classifier):
        assert not classifier.cnn14.training
    assert classifier.cnn14.training
    assert not classifier.training
    classifier.eval()


def test_a_classifier_of_waveforms_alone_is_explained_through_the_resynthesis(clips) -> None:
    class Waveforms(nn.Module):
        sample_rate = 16000
        labels = ("low", "high")

        def __init__(self) -> None:
            super().__init__()
            self.bank = FrontEnd(n_fft=64, hop_length=32, win_length=64, mel_bins=8)
            self.unused = nn.Parameter(torch.zeros(1))

        def forward(self, waveforms: Tensor) -> Tensor:
            bands = self.bank.log_magnitude(waveforms).mean(dim=1)
            return torch.stack([bands[:, :6].sum(dim=1), bands[:, 6:].sum(dim=1)], dim=1)

        def representations(self, waveforms: Tensor) -> list[Tensor]:
            return []

    explainer = IntegratedGradientsExplainer(Waveforms(), rule="positive")
    explanation = explainer.explain(clips, target=[0, 0, 1])
    assert explanation.mask is not None
    energy = explanation.mask.sum(dim=1)
    edge = 6 * 1024 // 64
    low, high = energy[:, :edge].sum(dim=1), energy[:, edge:].sum(dim=1)
    assert bool((low[:2] > high[:2]).all())
    assert float(high[2]) > float(low[2])
    SmoothGradExplainer(Waveforms(), samples=3).explain(clips)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda c: SaliencyExplainer(c, rule="loud"),
            "rule is 'loud'; expected one of absolute, positive, quantile",
        ),
        (lambda c: SmoothGradExplainer(c, samples=0), "samples is 0; expected an integer of 1 or more"),
        (
            lambda c: SaliencyExplainer(c, internal_batch_size=0),
            "internal_batch_size is 0; expected an integer of 1 or more",
        ),
        (lambda c: SaliencyExplainer(c, batch_size=0), "batch_size is 0; expected 1 or more"),
        (
            lambda c: GradCamExplainer(c, layer="cnn14.conv_block9"),
            "the classifier has no layer 'cnn14.conv_block9'",
        ),
        (
            lambda c: GradCamExplainer(c, frequency_axis="bark"),
            "frequency_axis is 'bark'; expected mel or linear",
        ),
        (lambda c: SmoothGradExplainer(c, noise=-1), "noise is -1; expected a number of 0 or more"),
        (lambda c: SmoothGradExplainer(c, noise="abc"), "noise is 'abc'; expected a number of 0 or more"),
        (lambda c: ShapExplainer(c, noise=float("inf")), "noise is inf; expected a number of 0 or more"),
        (lambda c: SaliencyExplainer(c, seed="abc"), "seed is 'abc'; expected an integer of 0 or more"),
        (lambda c: SaliencyExplainer(c, seed=-1), "seed is -1; expected an integer of 0 or more"),
        (lambda c: ShapExplainer(c, patch=[8]), "patch is [8]; expected frames and bins, such as [32,64]"),
        (lambda c: ShapExplainer(c, patch=[8, 0]), "patch is 0; expected an integer of 1 or more"),
        (lambda c: ShapExplainer(c, variant="deep"), "variant is 'deep'; expected gradient or kernel"),
    ],
)
def test_options_that_cannot_be_used(classifier, make, sentence) -> None:
    with pytest.raises(InterpreterError) as caught:
        make(classifier)
    assert sentence in str(caught.value)

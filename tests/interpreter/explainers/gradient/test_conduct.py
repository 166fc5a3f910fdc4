"""What gradient methods keep to beyond the contract of all: their scale, their seed, their options."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from interpreter.classifier.front_end import FrontEnd
from interpreter.classifier.modes import hold_in_eval
from interpreter.classifier.wrapped import wrap_module
from interpreter.errors import InterpreterError
from interpreter.evaluation.comparison import parse_method
from interpreter.evaluation.model_randomisation import randomisation_check
from interpreter.explainers.gradient.backpropagation import (
    IntegratedGradientsExplainer,
    SaliencyExplainer,
    SmoothGradExplainer,
)
from interpreter.explainers.gradient.by_name import GRADIENT_METHODS
from interpreter.explainers.gradient.gradcam import GradCamExplainer
from interpreter.explainers.gradient.shap import ShapExplainer
from interpreter.explainers.untrained import UNTRAINED_METHODS


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


@pytest.mark.parametrize(
    "spec",
    [
        "smoothgrad",
        "shap",
        "shap:noise=0.1",
        "shap:variant=kernel,samples=30",
        "integrated-gradients",
        "freqrise:samples=30",
        "lime:samples=30",
        "kernel-shap:samples=30",
        "audiolime:samples=30",
    ],
)
def test_settings_have_what_bounds_the_memory_if_the_draws_depend_on_it(spec, classifier, clips) -> None:
    name, options = parse_method(spec)
    usual, other = (
        UNTRAINED_METHODS[name](classifier, internal_batch_size=size, **options) for size in (16, 5)
    )
    assert "internal_batch_size" not in usual.settings  # as in earlier records
    if "internal_batch_size" not in other.settings:
        masks = [method.explain(clips[:1]).mask for method in (usual, other)]
        assert torch.allclose(*masks, atol=1e-3)


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


class Leaving(nn.Module):
    """A classifier that leaves torch's graph on its way, as one whose features are NumPy's does."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way, self.maps, self.head = way, nn.Conv1d(1, 4, 80, 40), nn.Linear(4, 2)
        self.relu = nn.ReLU()

    def forward(self, waveforms: Tensor) -> Tensor:
        if self.way == "numpy":
            waveforms = torch.from_numpy(waveforms.numpy() ** 2)
        elif self.way == "features":
            waveforms = waveforms.detach() ** 2
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.way != "no_grad"):
            logits: Tensor = self.head(self.relu(self.maps(waveforms[:, None])).mean(dim=2))
        return logits


@pytest.mark.parametrize("way", ["numpy", "features", "no_grad"])
@pytest.mark.parametrize(
    "name",
    [name for name, method in UNTRAINED_METHODS.items() if not method.only_asks and name != "scorecam"],
)
def test_a_classifier_without_gradients_is_refused_in_a_sentence(name: str, way: str, clips) -> None:
    classifier = wrap_module(Leaving(way), ["maps"], 16000, ["a", "b"])
    explainer = UNTRAINED_METHODS[name](classifier)
    sentence = r" follows gradients and the classifier has none; expected a torch module all of whose steps"
    if way != "no_grad" and name.removesuffix("++") in ("gradcam", "hirescam", "layercam"):
        explainer.explain(clips[:1, :4000])  # their gradients go no further than the layer
        return
    with pytest.raises(InterpreterError, match=f"^{re.escape(explainer.label)}{sentence}"):
        explainer.explain(clips[:1, :4000])


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

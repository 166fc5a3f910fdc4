from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.errors import ConfigError
from interpreter.evaluation.model_randomisation import randomisation_check, rank_correlation
from interpreter.evaluation.trivial_masks import FLOORS
from interpreter.explainers.gradient.backpropagation import GuidedBackpropExplainer, SaliencyExplainer
from interpreter.explainers.gradient.gradcam import GradCamExplainer


@pytest.fixture(scope="module")
def classifier() -> CnnClassifier:
    """Of random weights, but its batch norms have seen data, so that deep maps are not empty."""
    torch.manual_seed(0)
    model = CnnClassifier(["a", "b", "c"], FrontEnd(mel_bins=32), embedding_dim=32)
    with torch.no_grad():
        for _ in range(20):
            model(torch.randn(8, 8000) * torch.logspace(-2, 0, 8)[:, None])
    return model.eval()


@pytest.fixture
def clips() -> Tensor:
    return 0.2 * torch.randn(3, 8000, generator=torch.Generator().manual_seed(1))


def test_rank_correlation_agrees_with_scipy() -> None:
    rng = np.random.default_rng(0)
    first = rng.random((3, 20, 30)).round(1)  # with ties
    second = 0.5 * first + rng.random((3, 20, 30))
    ours = rank_correlation(torch.from_numpy(first), torch.from_numpy(second))
    for at, value in enumerate(ours):
        assert value == pytest.approx(spearmanr(first[at].ravel(), second[at].ravel()).statistic)


def test_a_constant_mask_is_like_nothing_but_itself() -> None:
    constant, varied = torch.ones(1, 5), torch.arange(5.0)[None]
    assert rank_correlation(constant, constant) == [1.0]
    assert rank_correlation(constant, varied) == rank_correlation(varied, constant) == [0.0]


@pytest.mark.parametrize("name", FLOORS)
def test_a_method_that_ignores_the_classifier_fails_the_check(name, classifier, clips) -> None:
    row = randomisation_check(FLOORS[name](classifier), clips).iloc[0]
    assert row["similarity"] == pytest.approx(1.0)
    assert row["stage"] == "all"


@pytest.mark.parametrize("method", [SaliencyExplainer, GradCamExplainer, GuidedBackpropExplainer])
def test_a_method_that_reads_the_weights_passes_it(method, classifier, clips) -> None:
    row = randomisation_check(method(classifier), clips, seed=3).iloc[0]
    assert row["n_items"] == 3
    assert abs(row["similarity"]) < 0.9
    assert row["similarity_low"] <= row["similarity"] <= row["similarity_high"]


def test_the_cascade_goes_from_the_last_layer_to_the_first(classifier, clips) -> None:
    table = randomisation_check(SaliencyExplainer(classifier), clips, cascade=True)
    assert table["stage"].iloc[0] == "head"
    assert table["stage"].iloc[-1] == "cnn14.norm0"
    whole = randomisation_check(SaliencyExplainer(classifier), clips)
    assert table["similarity"].iloc[-1] == pytest.approx(whole["similarity"].iloc[0])


def test_the_classifier_and_the_global_generator_are_left_alone(classifier, clips) -> None:
    explainer = SaliencyExplainer(classifier)
    before = {name: tensor.clone() for name, tensor in classifier.state_dict().items()}
    state = torch.get_rng_state()
    first = randomisation_check(explainer, clips, seed=1)
    assert explainer.classifier is classifier
    assert all(torch.equal(tensor, before[name]) for name, tensor in classifier.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert first.equals(randomisation_check(explainer, clips, seed=1))
    assert not first.equals(randomisation_check(explainer, clips, seed=2))


def test_a_classifier_that_is_not_a_module_cannot_be_checked(clips) -> None:
    class Plain:
        sample_rate = 16000
        labels = ("a", "b")

        def __call__(self, waveforms: Tensor) -> Tensor:
            return torch.stack([waveforms.mean(dim=1), waveforms.std(dim=1)], dim=1)

        def representations(self, waveforms: Tensor) -> list[Tensor]:
            return []

    with pytest.raises(
        ConfigError, match="the randomisation check needs a classifier that is a torch module"
    ):
        randomisation_check(FLOORS["floor-loudest"](Plain()), clips)

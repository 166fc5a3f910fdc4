"""Union and intersection of two masks."""

from __future__ import annotations

import pytest
import torch

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.errors import ConfigError
from interpreter.evaluation.model_randomisation import randomisation_check
from interpreter.explainers.combined import CombinedExplainer
from interpreter.explainers.untrained import UNTRAINED_METHODS


@pytest.fixture(scope="module")
def classifier() -> CnnClassifier:
    torch.manual_seed(0)
    return CnnClassifier(["a", "b"], FrontEnd(mel_bins=32), embedding_dim=32).eval()


def test_a_cell_is_in_the_union_or_in_the_intersection(classifier) -> None:
    clips = 0.1 * torch.randn(2, 8000, generator=torch.Generator().manual_seed(1))
    methods = [UNTRAINED_METHODS[name](classifier) for name in ("saliency", "gradcam")]
    masks = [method.explain(clips, [0, 1]).mask for method in methods]
    for combination, pick in (("union", max), ("intersection", min)):
        both = CombinedExplainer(*methods, combination)  # type: ignore[arg-type]
        mask = both.explain(clips, [0, 1]).mask
        for at in ((0, 3, 40), (1, 20, 200), (1, 40, 5)):
            assert float(mask[at]) == pytest.approx(pick(float(one[at]) for one in masks), abs=1e-5)
    assert both.label == "Saliency ∩ GradCAM" and both.settings["combination"] == "intersection"
    assert both.takes_target and not both.only_asks


def test_both_methods_follow_the_classifier_that_is_asked(classifier) -> None:
    clips = 0.1 * torch.randn(2, 8000, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(1)
    other = CnnClassifier(["a", "b"], FrontEnd(mel_bins=32), embedding_dim=32).eval()
    combined = [
        CombinedExplainer(UNTRAINED_METHODS["saliency"](one), UNTRAINED_METHODS["gradcam"](one))
        for one in (classifier, other)
    ]
    trained, expected = (method.explain(clips, [0, 1]).mask for method in combined)
    assert torch.equal(combined[0].replace_classifier(other).explain(clips, [0, 1]).mask, expected)
    assert torch.equal(combined[0].explain(clips, [0, 1]).mask, trained)
    # a mask that does not depend on the weights would be 1
    assert randomisation_check(combined[0], clips)["similarity"].max() < 0.9


def test_what_cannot_be_combined(classifier) -> None:
    saliency, nmf = UNTRAINED_METHODS["saliency"](classifier), UNTRAINED_METHODS["audiolime"](classifier)
    other = CnnClassifier(["a", "b"], FrontEnd(mel_bins=32), embedding_dim=32)
    for second, combination, sentence in (
        (nmf, "union", "has no mask on the cells of the STFT; expected a method that has one"),
        (UNTRAINED_METHODS["gradcam"](other), "union", "are of different classifiers; expected the same one"),
        (saliency, "sum", "combination is 'sum'; expected union or intersection"),
    ):
        with pytest.raises(ConfigError, match=sentence):
            CombinedExplainer(saliency, second, combination)  # type: ignore[arg-type]

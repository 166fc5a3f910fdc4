"""audioLIME on parts that are known: additive, true stems, and a black box."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from interpreter.errors import ConfigError
from interpreter.explainers.perturbation.audiolime import AudioLimeExplainer


class Projection:
    """P(first) is the clip's projection on a direction: additive in any parts that sum to the clip."""

    sample_rate = 16000
    labels = ("first", "second")

    def __init__(self, direction: Tensor) -> None:
        self.direction, self.asked = direction, [0]

    def __call__(self, waveforms: Tensor) -> Tensor:
        self.asked.append(len(waveforms))
        share = 0.5 + waveforms.double() @ self.direction.double()
        return torch.stack([share, 1 - share], dim=1).log()

    def representations(self, waveforms: Tensor) -> list[Tensor]:
        return []


def test_an_additive_probability_gives_each_features_part() -> None:
    generator = torch.Generator().manual_seed(3)
    parts = torch.randn(2, 16000, generator=generator)
    direction = torch.randn(16000, generator=generator) / 16000 / 10
    classifier = Projection(direction)
    explainer = AudioLimeExplainer(classifier, components=lambda clip: parts, pieces=3, alpha=0.0)
    clip = parts.sum(dim=0, keepdim=True)
    found = explainer.fit_coefficients(clip, torch.tensor([0]))
    assert found.shape == (1, 3, 3) and max(classifier.asked) == 16 and sum(classifier.asked) == 512
    edges = (0, 5333, 10666, 16000)  # what is left over is the last piece's
    for part in range(2):
        for piece in range(3):
            cut = slice(edges[piece], edges[piece + 1])
            expected = float(parts[part, cut].double() @ direction[cut].double())
            assert float(found[0, part, piece]) == pytest.approx(expected, abs=1e-8)
    assert float(found[0, 2].abs().max()) < 1e-8  # the parts lack nothing


def test_the_event_of_a_true_stem_is_what_is_kept(additive) -> None:
    time = torch.arange(32000) / 16000
    event = 0.3 * torch.sin(6.2832 * 300 * time) * (time < 1)
    background = 0.1 * torch.sin(6.2832 * 5000 * time)
    stems = torch.stack([event, background])
    explainer = AudioLimeExplainer(additive, components=lambda clip: stems, top=1)
    explanation = explainer.explain((event + background)[None], [0])
    assert explanation.mask is not None
    assert explanation.mask[0].tolist() == [[1, 0], [0, 0], [0, 0]]
    assert torch.allclose(explanation.interpretation[0], event, atol=1e-6)
    assert torch.allclose(explanation.residual[0], background, atol=1e-6)


@pytest.mark.parametrize("components", ["nmf", "hpss", "bands"])
def test_a_black_box_is_explained_and_both_parts_sum(components, black_box, clips) -> None:
    explainer = AudioLimeExplainer(black_box, components=components, samples=40)
    explanation = explainer.explain(clips, [0, 0, 0])
    assert explainer.label == f"audioLIME, {components}" and max(black_box.asked) <= 16
    assert torch.allclose(explanation.interpretation + explanation.residual, clips, atol=1e-6)
    assert explanation.mask is not None and int(explanation.mask.sum(dim=(1, 2)).max()) <= 3
    before, kept = explanation.probability_before[0, 0], explanation.probability_in[0, 0]
    assert float(kept) > 0.3 * float(before)  # the tone at 300 Hz is what speaks for "low"


def test_without_a_part_that_speaks_for_the_class_nothing_is_kept() -> None:
    classifier = Projection(torch.zeros(16000))
    explanation = AudioLimeExplainer(classifier, components="bands").explain(torch.ones(1, 16000), [0])
    assert not explanation.interpretation.any() and torch.equal(explanation.residual, torch.ones(1, 16000))


def test_options_are_refused_by_name(additive) -> None:
    with pytest.raises(
        ConfigError, match=r"^components is 'stem'; expected nmf, hpss, bands or the run of a separator"
    ):
        AudioLimeExplainer(additive, components="stem")
    wrong = AudioLimeExplainer(additive, components=lambda clip: clip[None, 1:])
    sentence = (
        r"^components gave the shape \[1, 7999\] for a clip of 8000 samples; expected \[parts, samples\]$"
    )
    with pytest.raises(ConfigError, match=sentence):
        wrong.explain(torch.ones(1, 8000))
    with pytest.raises(ConfigError, match=r"^kernel_width is 0; expected a number above 0$"):
        AudioLimeExplainer(additive, kernel_width=0)

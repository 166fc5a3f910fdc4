"""FLEXtime: its filters against SciPy's, its descent against a plain loop, and a band that is known."""

from __future__ import annotations

import pytest
import torch
from scipy.signal import firwin
from torch.nn.functional import cross_entropy

from interpreter.errors import ConfigError, InterpreterError
from interpreter.explainers.perturbation.flextime import FlexTimeExplainer, make_filters, split_bands
from interpreter.explainers.perturbation.optimised_mask import OptimisedMaskExplainer


def test_filters_are_scipys_and_sum_to_an_impulse() -> None:
    filters = make_filters(8, 51)
    for band in range(8):
        low, high = band / 8, (band + 1) / 8
        edges, pass_zero = (
            ([low, high], False) if 0 < band < 7 else ([high], True) if band == 0 else ([low], False)
        )
        expected = firwin(51, edges, pass_zero=pass_zero, scale=False)
        assert filters[band].numpy() == pytest.approx(expected, abs=1e-12)
    impulse = torch.zeros(51, dtype=torch.float64)
    impulse[25] = 1
    assert torch.allclose(filters.sum(dim=0), impulse, atol=1e-12)


def test_bands_sum_to_the_clip_without_delay() -> None:
    time = torch.arange(8000) / 16000
    tone = torch.sin(6.2832 * 1062 * time)
    for samples in (160, 8000):
        parts = split_bands(tone[:samples], make_filters(64, 501).float())
        assert torch.allclose(parts.sum(dim=0), tone[:samples], atol=1e-5)
    assert int(parts.square().sum(dim=1).argmax()) == 8  # 1000 to 1125 Hz
    assert torch.allclose(parts[8, 1000:-1000], tone[1000:-1000], atol=0.01)


def test_the_descent_is_sgd_with_momentum(classifier, clips) -> None:
    explainer = FlexTimeExplainer(classifier, bands=8, taps=51, steps=5, keep=0.3)
    explanation = explainer.explain(clips, [0, 1, 2])
    parts = split_bands(clips[1], make_filters(8, 51).float())
    gains, velocity = torch.full((8,), 0.5), torch.zeros(8)
    for _ in range(5):
        asked = gains.clone().requires_grad_()
        logits = classifier((asked[:, None] * parts).sum(dim=0)[None])
        loss = cross_entropy(logits, torch.tensor([1])) + max(asked.mean() - 0.3, torch.tensor(0.0))
        (slope,) = torch.autograd.grad(loss, asked)
        velocity = 0.9 * velocity + slope
        gains = (gains - 0.1 * velocity).clamp(0, 1)
    assert explanation.mask is not None and explanation.mask.shape == (3, 8, 1)
    assert explanation.mask[1, :, 0].tolist() == pytest.approx(gains.tolist(), abs=1e-4)
    assert torch.allclose(explanation.interpretation + explanation.residual, clips, atol=1e-6)


@pytest.mark.parametrize("method", [FlexTimeExplainer, OptimisedMaskExplainer])
def test_of_several_labels_at_once_the_class_is_asked_for_alone(method, classifier, clips) -> None:
    found = []
    for shift in (0.0, 8.0):  # of another class: no part in the sigmoid of this one
        with torch.no_grad():
            classifier.head.bias[1] += shift
        for classifier.multi_label in (False, True):
            found.append(method(classifier, steps=3).explain(clips[:1], [0]).mask)
    one_of_several, alone, shifted, still_alone = found
    assert torch.allclose(alone, still_alone, atol=1e-6)
    assert not torch.allclose(one_of_several, shifted, atol=1e-3)


def test_the_band_that_counts_is_kept(additive) -> None:
    time = torch.arange(16000) / 16000
    clip = (0.3 * torch.sin(6.2832 * 750 * time) + 0.3 * torch.sin(6.2832 * 6250 * time))[None]
    explainer = FlexTimeExplainer(additive, bands=16, steps=60)
    mask = explainer.explain(clip, [0]).mask  # bins below 200 are those below 3125 Hz
    assert mask is not None and float(mask[0, 1]) == 1 and float(mask[0, 12]) < 0.3


def test_what_cannot_be_is_refused(black_box, additive, clips) -> None:
    with pytest.raises(
        InterpreterError, match=r"^FLEXtime follows gradients and the classifier has none; exp"
    ):
        FlexTimeExplainer(black_box).explain(clips)
    with pytest.raises(
        ConfigError, match=r"^taps is 50; expected an odd number, so that bands are not delay"
    ):
        FlexTimeExplainer(additive, taps=50)
    explainer = FlexTimeExplainer(additive)
    assert explainer.settings == {"bands": 64, "taps": 501, "keep": 0.05, "steps": 500}
    assert explainer.label == "FLEXtime"

"""KernelSHAP against the definition of Shapley values, Captum's exact ones, and an additive probability."""

from __future__ import annotations

from itertools import permutations

import captum.attr
import pytest
import torch
from torch import Tensor

from interpreter.explainers.gradient.shap import patches
from interpreter.explainers.perturbation.kernel_shap import KernelShapExplainer, choose_subsets, fit_shapley
from interpreter.explainers.spectral import Picture, PictureModel


def game(rows: Tensor) -> Tensor:
    """A value of subsets of five features that is far from additive."""
    a, b, c, d, e = rows.double().T
    return 1 + 2 * a - b + 3 * a * b * c - 4 * c * d * (1 - e) + e * a


def test_all_subsets_give_the_mean_over_all_orders() -> None:
    expected = torch.zeros(5, dtype=torch.float64)
    for order in permutations(range(5)):
        row = torch.zeros(1, 5)
        for feature in order:
            before = game(row)
            row[0, feature] = 1
            expected[feature] += float(game(row) - before) / 120
    silence, whole = (float(game(torch.full((1, 5), value))) for value in (0.0, 1.0))
    rows, weights = choose_subsets(5, 0, torch.Generator())
    found = fit_shapley(rows, game(rows) - silence, weights, whole - silence)
    assert found.tolist() == pytest.approx(expected.tolist(), abs=1e-10)


@pytest.mark.parametrize("samples", [64, 400])  # fewer and more than the 20 unknowns need
def test_values_sum_to_the_whole_and_draws_come_in_pairs(samples: int) -> None:
    generator = torch.Generator().manual_seed(1)
    parts = torch.randn(20, generator=generator, dtype=torch.float64)
    rows, weights = choose_subsets(20, samples, generator)
    assert rows.shape == (samples, 20) and torch.equal(
        rows[: samples // 2] + rows[samples // 2 :], torch.ones(samples // 2, 20)
    )
    found = fit_shapley(rows, rows.double() @ parts, weights, float(parts.sum()))
    assert found.tolist() == pytest.approx(parts.tolist(), abs=1e-9)
    few = fit_shapley(rows[:6], (rows.double() @ parts)[:6], weights[:6], float(parts.sum()))
    assert float(few.sum()) == pytest.approx(float(parts.sum()))
    alone = fit_shapley(torch.zeros(0, 1), torch.zeros(0), torch.zeros(0), 0.25)
    assert alone.tolist() == [0.25]


def test_values_are_captums_exact_ones(classifier, clips) -> None:
    spectrum = classifier.front_end.stft(clips)
    picture = Picture(clips, spectrum, classifier.front_end.log_magnitude(clips))
    model = PictureModel(classifier, classifier.front_end, picture)
    target = torch.tensor([0, 1, 2])
    explainer = KernelShapExplainer(classifier, patch=(40, 300))
    ours = explainer.attribute(model, picture, target)
    x = picture.log_magnitude[:1]
    with torch.no_grad():
        peer = captum.attr.ShapleyValues(
            lambda given: classifier.from_log_spectrogram(given).softmax(dim=1)
        ).attribute(x, target=0, feature_mask=patches(x, (40, 300)), perturbations_per_eval=1)
    assert torch.allclose(ours[0], peer[0], atol=1e-5)


def test_an_additive_probability_gives_each_patchs_part(additive, clips) -> None:
    explainer = KernelShapExplainer(additive, patch=(19, 64), samples=200)
    spectrum = additive.front_end.stft(clips)
    picture = Picture(clips, spectrum, additive.front_end.log_magnitude(clips))
    model = PictureModel(additive, additive.front_end, picture)
    values = explainer.attribute(model, picture, torch.tensor([0, 1, 0]))
    labels = patches(picture.log_magnitude[:1], (19, 64))[0]
    x = picture.log_magnitude.double()
    x[:, :, 200:] = 0
    for clip, sign in ((0, 1), (1, -1), (2, 1)):
        for patch in range(int(labels.max()) + 1):
            part = sign * float(x[clip][labels == patch].sum()) / 20000
            assert float(values[clip][labels == patch][0]) == pytest.approx(part, abs=3e-5)
    assert max(additive.asked) == 16


def test_the_options_are_on_record(additive) -> None:
    explainer = KernelShapExplainer(additive, patch=(8, 8), samples=10, seed=3)
    assert explainer.settings == {"rule": "positive", "patch": [8, 8], "samples": 10, "seed": 3}
    assert explainer.label == "KernelSHAP"

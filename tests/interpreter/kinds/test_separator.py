"""The separator: its loss against a loop over orders, true masks, and parts that audioLIME takes."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch

from interpreter.classifier.front_end import log_magnitude
from interpreter.errors import ConfigError, RunError
from interpreter.evaluation.comparison import make_baseline
from interpreter.kinds.separator import SeparatorTask, build_separator, fit_in_any_order
from interpreter.loading import load_classifier, load_separator
from interpreter.settings.presets import load_config


def test_the_loss_is_that_of_the_best_order() -> None:
    generator = torch.Generator().manual_seed(0)
    estimates, truth = (torch.rand(2, 3, 4, 5, generator=generator) for _ in range(2))
    whole = truth.sum(dim=1)
    found = []
    for clip in range(2):
        costs = []
        for order in permutations(range(3)):
            cells = [
                np.abs(estimates[clip, one].numpy() - truth[clip, other].numpy()).mean()
                for one, other in enumerate(order)
            ]
            costs.append(sum(cells))
        found.append(min(costs) / float(whole[clip].mean()))
    assert float(fit_in_any_order(estimates, truth, whole)) == pytest.approx(np.mean(found), rel=1e-5)
    assert float(fit_in_any_order(truth[:, [2, 0, 1]], truth, whole)) == 0


def test_sources_are_a_clip_another_one_below_it_and_the_noise() -> None:
    generator = torch.Generator().manual_seed(1)
    clean, noise = (torch.randn(3, 800, generator=generator) for _ in range(2))
    config = load_config("separator", "tiny", ["ratio_db=[6, 6]"])
    task = SeparatorTask(build_separator(config), config)  # type: ignore[arg-type]
    first, second, third = task.make_sources({"clean": clean, "noisy": clean + noise}, generator)
    assert torch.equal(first, clean) and torch.allclose(third, noise, atol=1e-6)
    for clip in range(3):
        ratio = 20 * np.log10(float(first[clip].norm() / second[clip].norm()))
        assert ratio == pytest.approx(6, abs=1e-4)
        cosine = torch.cosine_similarity(second[clip], clean[clip - 1], dim=0)
        assert float(cosine) == pytest.approx(1, abs=1e-5)


def test_a_few_steps_on_tones_learn_to_split_them() -> None:
    torch.manual_seed(0)
    time = torch.arange(4000) / 16000
    clean = torch.stack([torch.sin(6.2832 * hertz * time) for hertz in (500.0, 3000.0)])
    noisy = clean + 0.1 * torch.randn(2, 4000)
    config = load_config("separator", "tiny", ["width=16", "ratio_db=[0, 0]"])
    task = SeparatorTask(build_separator(config), config)  # type: ignore[arg-type]
    optimizer = torch.optim.Adam(task.network.parameters(), lr=1e-2)
    for _ in range(40):
        terms = task.terms({"clean": clean, "noisy": noisy}, None)
        optimizer.zero_grad()
        terms["loss"].backward()
        optimizer.step()
    assert float(terms["loss"].detach()) < 0.5 * float(terms["equal"])
    masks = task.network.network(log_magnitude(task.network.front_end.stft(noisy)))
    assert torch.allclose(masks.sum(dim=1), torch.ones(2, 22, 513), atol=1e-5)
    parts = task.network(noisy[0])
    assert parts.shape == (3, 4000) and torch.allclose(parts.sum(dim=0), noisy[0], atol=1e-4)


def test_audiolime_explains_with_the_parts_of_a_run(train_small, classifier_run: Path, tmp_path) -> None:
    run = train_small("separator", "width=8")
    classifier = load_classifier(classifier_run)
    method = make_baseline("audiolime", classifier, {"components": str(run), "pieces": 1})
    assert method.label == "audioLIME, separator" and method.settings["components"] == "separator"
    clip = torch.randn(1, 9600, generator=torch.Generator().manual_seed(0))
    explanation = method.explain(clip)
    assert explanation.mask is not None and explanation.mask.shape == (1, 3, 1)
    assert torch.allclose(explanation.interpretation + explanation.residual, clip, atol=1e-5)
    with pytest.raises(RunError, match="expected the run of a separator, found one of classifier"):
        load_separator(classifier_run)
    with pytest.raises(ConfigError, match="components is 'none'; expected nmf, hpss, bands or the run of a"):
        make_baseline("audiolime", classifier, {"components": "none"})
    classifier.sample_rate = 8000
    with pytest.raises(ConfigError, match="trained for 16000 Hz; expected the classifier's 8000 Hz"):
        make_baseline("audiolime", classifier, {"components": str(run)})

"""LMAC-ZS: its loss in closed form on linear towers, and its limits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from interpreter import load_explainer
from interpreter.errors import ConfigError
from interpreter.evaluation.run import EvaluationPlan, evaluate_runs
from interpreter.explainers.lmac_zs import (
    LMAC_ZS,
    LmacZs,
    LmacZsTask,
    build_lmac_zs,
    pair_with_texts,
    penalise_alike,
)
from interpreter.networks.slim_unet import PromptedMaskDecoder
from interpreter.recordings.explain_files import explain_files
from interpreter.settings.presets import load_config
from stimuli import write_audio
from tests.interpreter.stand_ins import Loudness, SpectralStandIn

SHAPES = [(8, 5, 2), (4, 10, 4)]


class LinearTowers(SpectralStandIn):
    """Sounds are the energies of three bands, texts have one band each: a cosine is a weighted energy.

    The scale is 2, and nothing is brought to length one: all is linear in the picture.
    """

    texts = torch.eye(3)[:2]

    def __init__(self) -> None:
        super().__init__()
        self.labels: Sequence[str] = ("low", "middle")
        self.scale = torch.tensor(2.0)

    def replace_labels(self, labels: Sequence[str]) -> LinearTowers:
        return self

    def embed_labels(self) -> Tensor:
        return self.texts

    def from_log_spectrogram(self, log_magnitude: Tensor) -> Tensor:
        bands = torch.stack([part.mean(dim=(1, 2)) for part in log_magnitude.split(171, dim=2)], dim=1)
        return self.scale * bands @ self.texts.T


class GivenMasks(nn.Module):
    """Draws the logits that it was given, whatever it is asked."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits)

    def forward(self, representations: Any, texts: Tensor, frames: int, bins: int) -> Tensor:
        return self.logits


@pytest.fixture
def batch() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {"noisy": torch.randn(3, 4000, generator=generator), "target": torch.tensor([0, 1, 1])}


def config_of(**settings: float) -> Any:
    return load_config("lmac-zs", "tiny", [f"{name}={value}" for name, value in settings.items()])


def test_the_loss_on_linear_towers_in_closed_form(batch) -> None:
    classifier = LinearTowers()
    config = config_of(prompts=2, lambda_sim=3, lambda_reg=0.7, lambda_diversity=0.2)
    picture = classifier.front_end.log_magnitude(batch["noisy"])
    logits = torch.randn(3, 2, *picture.shape[1:], generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        terms = LmacZsTask(GivenMasks(logits), classifier, config).terms(batch, None)  # type: ignore[arg-type]
    x, masks = picture.double().numpy(), 1 / (1 + np.exp(-logits.double().numpy()))
    wanted = [[0, 1], [1, 1], [1, 0]]  # the own text, then that of the next clip
    moved = []
    for clip in range(3):
        for number, band in enumerate(wanted[clip]):
            cells = slice(171 * band, 171 * band + 171)
            moved.append(abs(((masks[clip, number] - 1) * x[clip])[:, cells].mean()))
    diversity = []
    for clip in range(3):
        one, other = masks[clip].reshape(2, -1)
        cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
        diversity.append(max(cosine - (1.0 if wanted[clip][0] == wanted[clip][1] else 0.0), 0.0))
    assert float(terms["sim"]) == pytest.approx(np.mean(moved), rel=1e-5)
    assert float(terms["size"]) == pytest.approx(masks.mean(), rel=1e-5)
    assert float(terms["size_own"]) == pytest.approx(masks[:, 0].mean(), rel=1e-5)
    assert float(terms["diversity"]) == pytest.approx(np.mean(diversity), rel=1e-5)
    expected = 3 * np.mean(moved) + 0.7 * masks.mean() + 0.2 * np.mean(diversity)
    assert float(terms["loss"]) == pytest.approx(expected, rel=1e-5)
    assert set(terms) == set(LmacZsTask.scores)


def test_masks_are_free_in_the_bands_that_a_text_ignores(batch) -> None:
    classifier = LinearTowers()
    config = config_of(prompts=1, lambda_sim=1, lambda_reg=0, lambda_diversity=0)
    frames = classifier.front_end.log_magnitude(batch["noisy"]).shape[1]
    network = GivenMasks(torch.zeros(3, 1, frames, 513))
    LmacZsTask(network, classifier, config).terms(batch, None)["loss"].backward()  # type: ignore[arg-type]
    assert network.logits.grad is not None
    heard = network.logits.grad[:, 0].abs().sum(dim=1)
    assert (heard[0, :171] > 0).all() and not heard[0, 171:].any()
    assert (heard[1:, 171:342] > 0).all() and not heard[1:, :171].any() and not heard[1:, 342:].any()


def test_a_mask_of_ones_costs_only_its_size(batch) -> None:
    classifier = LinearTowers()
    frames = classifier.front_end.log_magnitude(batch["noisy"]).shape[1]
    network = GivenMasks(torch.full((3, 2, frames, 513), 40.0))
    with torch.no_grad():
        terms = LmacZsTask(network, classifier, config_of(prompts=2)).terms(batch, None)  # type: ignore[arg-type]
    assert float(terms["sim"]) == pytest.approx(0, abs=1e-6) and float(terms["size"]) == pytest.approx(1)


def test_clips_are_paired_with_the_texts_of_the_batch() -> None:
    target = torch.tensor([4, 7, 9])
    assert pair_with_texts(target, 2).tolist() == [[4, 7], [7, 9], [9, 4]]
    every = pair_with_texts(target, 8)
    assert [sorted(row) for row in every.tolist()] == [[4, 7, 9]] * 3, "all pairs, as in the paper"
    assert float(penalise_alike(torch.ones(2, 1, 3, 3), torch.ones(2, 1, 4))) == 0


def test_each_text_draws_its_own_mask_from_one_trunk() -> None:
    torch.manual_seed(0)
    decoder = PromptedMaskDecoder(6, SHAPES, width=4, doublings=2).eval()
    maps = [torch.randn(2, *shape) for shape in SHAPES]
    texts = torch.randn(2, 3, 6)
    together = decoder(maps, texts, 20, 33)
    assert together.shape == (2, 3, 20, 33)
    for number in range(3):
        alone = decoder(maps, texts[:, number : number + 1], 20, 33)
        assert torch.allclose(alone[:, 0], together[:, number], atol=1e-5)
    assert not torch.allclose(together[:, 0], together[:, 1], atol=1e-3)


def test_any_text_is_explained_and_other_classes_are_scored(
    explainer_runs: dict[str, Path], tmp_path: Path
) -> None:
    """The clips' classes are none that the classifier was trained with."""
    rows, folder = [], tmp_path / "sounds"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number, label in enumerate(("a passing tram", "leaves in the wind")):
        write_audio(folder / f"{number}.wav", 0.1 * generator.standard_normal(9600), 16000)
        rows.append(f"sounds/{number}.wav,{label},1")
    (tmp_path / "sounds.csv").write_text("path,label,fold\n" + "\n".join(rows) + "\n")
    run = explainer_runs["lmac-zs"]
    plan = EvaluationPlan((run,), tmp_path / "sounds.csv", ("occlusion",), fold=1, floors=False, sanity=2)
    table = evaluate_runs(plan, tmp_path / "scores.csv")
    assert list(table["method"]) == ["lmac-zs", "occlusion"] and table["ai"].notna().all()
    items = pd.read_csv(tmp_path / "scores.items.csv")
    assert set(items["category"]) == {"a passing tram", "leaves in the wind"}
    (found,) = explain_files(load_explainer(run), [folder / "0.wav"], tmp_path / "out", target="a wet road")
    (window,) = found.record["windows"]
    assert window["target"] == "a wet road" and 0 < window["probability_before"] < 1


def test_a_classifier_with_fixed_classes_is_refused() -> None:
    sentence = "^LMAC-ZS explains classifiers whose classes are texts; Loudness has fixed ones, so"
    with pytest.raises(ConfigError, match=sentence):
        build_lmac_zs(config_of(), Loudness())
    with pytest.raises(ConfigError, match=sentence):
        LmacZs(Loudness(), PromptedMaskDecoder(6, SHAPES, 4))
    assert LMAC_ZS.explainer is LmacZs

"""A short training of LMAC-TD: the sound and the representations both reach the mask (equation 3)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from interpreter import load_explainer
from interpreter.evaluation.mask_sources import mask_sources
from stimuli import Dataset

PUBLISHED = ("normalised_mix=false", "logit_skip=false", "frame_decoder=folded")


@pytest.fixture(scope="module")
def clips(soundscapes: Path) -> torch.Tensor:
    dataset = Dataset.load(soundscapes).folds(4)
    return torch.stack([torch.from_numpy(dataset.read(clip, 16000, 0.6)) for clip in dataset.clips])


@pytest.mark.parametrize(("settings", "reached"), [((), True), (PUBLISHED, False)])
def test_both_terms_of_equation_3_reach_the_mask_if_they_are_normalised(
    settings: tuple[str, ...],
    reached: bool,
    train_small: Callable[..., Path],
    classifier_run: Path,
    clips: torch.Tensor,
    tmp_path: Path,
) -> None:
    run = train_small(
        "lmac-td", "steps_per_epoch=30", *settings, classifier=classifier_run, out=tmp_path / "run"
    )
    sources = mask_sources(load_explainer(run), clips)
    moved = min(sources["swapped_sound"], sources["swapped_representations"])
    assert (moved > 2e-3) == reached, sources
    assert sources["swapped_sound"] > 0 and sources["swapped_representations"] > 0

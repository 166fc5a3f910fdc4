"""Fifteen short clips, and runs of weights that were never trained: enough to load, compare and score."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from interpreter.evaluation.run import EvaluationPlan
from interpreter.explainers.lmac_td_settings import build_lmac_td
from interpreter.kinds.classifier import build_classifier
from interpreter.loading import load_classifier
from interpreter.runs.folder import Run, link_to, versions, write_config, write_run
from interpreter.settings.presets import load_config
from stimuli import Dataset
from stimuli.soundscapes import make_soundscapes, write_soundscapes

SETTINGS = ["embedding_dim=32", "mel_bins=32", "duration_s=0.5"]


def write_untrained(
    folder: Path, kind: str, seed: int, labels: tuple[str, ...], classifier: Path | None = None
) -> Path:
    """A run folder as training leaves it, of weights that were never trained."""
    torch.manual_seed(seed)
    config = load_config(kind, "tiny", SETTINGS if kind == "classifier" else ["duration_s=0.5"])
    if classifier is None:
        network = build_classifier(config, labels)
        with torch.no_grad():
            for _ in range(10):
                network(torch.randn(6, 8000) * torch.logspace(-2, 0, 6)[:, None])
    else:
        network = build_lmac_td(config, load_classifier(classifier))
    folder.mkdir(parents=True)
    write_config(folder, config.model_dump(mode="json"))
    link = None if classifier is None else link_to(classifier, folder)
    run = Run(kind, labels, 16000, seed, "tiny", (1, 2, 3), "none", "0", link, None, "test", versions())
    write_run(folder, run, network.state_dict())
    return folder


@pytest.fixture(scope="session")
def dataset(tmp_path_factory) -> Dataset:
    folder = tmp_path_factory.mktemp("soundscapes")
    write_soundscapes(folder, make_soundscapes(classes=3, clips=5, duration_s=0.5, seed=1))
    return Dataset.load(folder)


@pytest.fixture(scope="session")
def runs(tmp_path_factory, dataset) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("runs")
    classifier = write_untrained(root / "classifier", "classifier", 0, dataset.labels)
    other = write_untrained(root / "other", "classifier", 1, dataset.labels)
    return {
        "classifier": classifier,
        "other": other,
        "lmac-td": write_untrained(root / "lmac-td", "lmac-td", 2, dataset.labels, classifier),
        "again": write_untrained(root / "again", "lmac-td", 3, dataset.labels, classifier),
        "elsewhere": write_untrained(root / "elsewhere", "lmac-td", 4, dataset.labels, other),
    }


@pytest.fixture
def plan(runs, dataset) -> EvaluationPlan:
    run = runs["lmac-td"]
    return EvaluationPlan((run,), dataset.root, ("saliency",), sanity=2, batch_size=2)

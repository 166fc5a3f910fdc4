"""A small data set, and runs trained on it for a step or two: enough to test every path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from interpreter.explainers.registry import CLASSIFIERS, KINDS
from stimuli.soundscapes import make_soundscapes, write_soundscapes

SMALL = (
    "epochs=1",
    "steps_per_epoch=2",
    "batch_size=2",
    "duration_s=0.6",
    "validation_share=0.2",
)
SMALL_CLASSIFIER = (*SMALL, "embedding_dim=32")


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def soundscapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of ten clips of 0.6 s, in ESC-50 layout."""
    folder = tmp_path_factory.mktemp("data") / "soundscapes"
    write_soundscapes(folder, make_soundscapes(classes=3, clips=10, duration_s=0.6, seed=0))
    return folder


@pytest.fixture(scope="session")
def train_small(soundscapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that trains a kind for two steps and returns its run folder."""
    from interpreter.training.request import Engine, Request
    from interpreter.training.train import train

    root = tmp_path_factory.mktemp("runs")

    def run(
        kind: str,
        *settings: str,
        out: Path | None = None,
        resume: bool = False,
        workers: int = 0,
        **request: Any,
    ) -> Path:
        folder = out or root / f"{kind}-{len(list(root.iterdir()))}"
        chosen = (*(SMALL_CLASSIFIER if kind in CLASSIFIERS else SMALL), *settings)
        engine = Engine(workers=workers)
        train(Request(kind, soundscapes, folder, overrides=chosen, **request), engine, resume=resume)
        return folder

    return run


@pytest.fixture(scope="session")
def classifier_run(train_small: Callable[..., Path]) -> Path:
    """The run of a classifier of width 32, two steps old."""
    return train_small("classifier")


@pytest.fixture(scope="session")
def zero_shot_run(train_small: Callable[..., Path]) -> Path:
    """The run of a classifier whose classes are texts, of width 32, two steps old."""
    return train_small("zero-shot")


@pytest.fixture(scope="session")
def explainer_runs(
    train_small: Callable[..., Path], classifier_run: Path, zero_shot_run: Path
) -> dict[str, Path]:
    """One run of each kind that is trained for a classifier, two steps old."""
    runs: dict[str, Path] = {}
    for kind, entry in KINDS.items():  # which lists a kind after the one that it starts from
        if entry.needs_classifier:
            start = None if entry.starts_from is None else runs[entry.starts_from]
            classifier = zero_shot_run if entry.explains == "zero-shot" else classifier_run
            runs[kind] = train_small(kind, classifier=classifier, start=start)
    return runs

"""What can be trained: for each kind, its network, its task and its data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from interpreter.configs import ClassifierConfig, LmacConfig, LmacTdConfig, TrainingConfig
from interpreter.data import clip_duration_s, load_waveforms, split_validation
from interpreter.errors import ConfigError
from interpreter.loading import load_classifier
from interpreter.networks import build_classifier, build_lmac, build_lmac_td
from interpreter.tasks import ClassifierTask, LmacTask, LmacTdTask, Task
from stimuli import Dataset


@dataclass(frozen=True)
class Prepared:
    """A task with its clips.

    Shape:
        - waveforms, valid_waveforms: `[clips, samples]`
        - targets, valid_targets: `[clips]`
    """

    task: Task
    waveforms: Tensor
    targets: Tensor
    valid_waveforms: Tensor
    valid_targets: Tensor


def prepare(
    kind: str,
    config: TrainingConfig,
    dataset: Dataset,
    classifier_run: Path | None,
    start_run: Path | None,
    seed: int,
) -> Prepared:
    """Build what a training needs.

    Args:
        kind: a key of `configs.CONFIGS`.
        config: its settings.
        dataset: the clips of the training folds.
        classifier_run: the classifier's run, for an explainer.
        start_run: the run that the training starts from.
        seed: of the split between training and validation.

    Raises:
        ConfigError: a classifier is missing or its rate is another.
    """
    train, valid = split_validation(dataset, config.validation_share, seed)
    duration_s = config.duration_s or clip_duration_s(dataset, config.sample_rate)

    def read(part: Dataset) -> tuple[Tensor, Tensor]:
        targets = torch.tensor([part.label_index(clip) for clip in part.clips], dtype=torch.long)
        if not part.clips:
            return torch.empty(0, 0), targets
        return load_waveforms(part, config.sample_rate, duration_s, config.normalisation), targets

    clips, held_out = read(train), read(valid)
    if isinstance(config, ClassifierConfig):
        network = build_classifier(config, dataset.labels)
        weights = class_weights(clips[1], len(dataset.labels)) if config.class_weights else None
        return Prepared(ClassifierTask(network, config, weights), *clips, *held_out)
    return Prepared(_explainer_task(kind, config, classifier_run), *clips, *held_out)


def _explainer_task(kind: str, config: TrainingConfig, classifier_run: Path | None) -> Task:
    if classifier_run is None:
        raise ConfigError(f"training {kind} needs a classifier's run; give --classifier RUN")
    classifier = load_classifier(classifier_run)
    if classifier.sample_rate != config.sample_rate:
        raise ConfigError(
            f"sample_rate is {config.sample_rate} Hz, but the classifier {classifier_run} takes "
            f"{classifier.sample_rate} Hz"
        )
    if isinstance(config, LmacTdConfig):
        return LmacTdTask(build_lmac_td(config, classifier), classifier, config)
    assert isinstance(config, LmacConfig)
    return LmacTask(build_lmac(config, classifier), classifier, config)


def class_weights(targets: Tensor, classes: int) -> Tensor:
    """Return weights inverse to the classes' frequency, 1 on average over the clips: `[classes]`."""
    counts = torch.bincount(targets, minlength=classes).clamp(min=1)
    return len(targets) / (classes * counts)

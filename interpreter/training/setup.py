"""What a training of any kind needs: the task that the kind's record makes, and its clips."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from interpreter.errors import ConfigError
from interpreter.explainers.registry import KINDS, record_of
from interpreter.kinds.config import TrainingConfig
from interpreter.kinds.kind import Setup, Stored
from interpreter.kinds.task import Task
from interpreter.loading import load_classifier
from interpreter.runs.folder import read_checkpoint, read_run
from interpreter.training.clips import clip_duration_s, load_waveforms, split_validation
from interpreter.types import Classifier
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
    classifier: Path | Classifier | None,
    start_run: Path | None,
    seed: int,
) -> Prepared:
    """Build what a training needs.

    Args:
        kind: a key of `registry.KINDS`.
        config: its settings.
        dataset: the clips of the training folds.
        classifier: the classifier's run or a torch module, for an explainer.
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
    entry, record = KINDS[kind], record_of(kind)
    setup = Setup(
        labels=dataset.labels,
        classifier_or_none=_frozen(kind, config, classifier) if entry.needs_classifier else None,
        samples=round(duration_s * config.sample_rate),
        targets=clips[1],
        start_or_none=_load_start(entry.starts_from, start_run, kind) if entry.starts_from else None,
    )
    task = record.objective(record.build(config, setup), config, setup)
    return Prepared(task, *clips, *held_out)


def _frozen(kind: str, config: TrainingConfig, classifier: Path | Classifier | None) -> Classifier:
    if classifier is None:
        raise ConfigError(f"training {kind} needs a classifier's run; give --classifier RUN")
    loaded: Classifier = load_classifier(classifier) if isinstance(classifier, Path) else classifier
    if loaded.sample_rate != config.sample_rate:
        raise ConfigError(
            f"sample_rate is {config.sample_rate} Hz, but the classifier expects {loaded.sample_rate} Hz; "
            f"expected the same (--set sample_rate={loaded.sample_rate})"
        )
    return loaded


def _load_start(expected: str, start_run: Path | None, kind: str) -> Stored:
    """Return the weights of the run that a training starts from."""
    if start_run is None:
        raise ConfigError(f"training {kind} starts from a run of {expected}; give --start RUN")
    found = read_run(start_run).kind
    if found != expected:
        raise ConfigError(f"training {kind} starts from a run of {expected}; {start_run} is one of {found}")
    return Stored(read_checkpoint(start_run), start_run)

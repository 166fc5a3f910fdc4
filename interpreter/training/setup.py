"""What can be trained: for each kind, its network, its task and its data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from interpreter.errors import ConfigError
from interpreter.explainers.spectral import front_end_of
from interpreter.runs.builders import build_classifier, build_l2i, build_lmac, build_lmac_td, build_nmf
from interpreter.runs.folder import CHECKPOINT, load_into, read_run, read_tensors
from interpreter.runs.loading import load_classifier
from interpreter.runs.pretrained import load_filter_bank, load_start
from interpreter.settings.configs import (
    ClassifierConfig,
    L2iConfig,
    LmacConfig,
    LmacFtConfig,
    LmacTdConfig,
    NmfConfig,
    TrainingConfig,
)
from interpreter.training.clips import clip_duration_s, load_waveforms, split_validation
from interpreter.training.objectives import (
    ClassifierTask,
    L2iTask,
    LmacFtTask,
    LmacTask,
    LmacTdTask,
    NmfTask,
    Task,
)
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
        kind: a key of `configs.CONFIGS`.
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
    if isinstance(config, ClassifierConfig):
        network = build_classifier(config, dataset.labels)
        if config.start is not None:
            load_start(network, Path(config.start))
        weights = class_weights(clips[1], len(dataset.labels)) if config.class_weights else None
        return Prepared(ClassifierTask(network, config, weights), *clips, *held_out)
    samples = round(duration_s * config.sample_rate)
    task = _explainer_task(kind, config, _frozen(kind, config, classifier), start_run, samples)
    return Prepared(task, *clips, *held_out)


def _frozen(kind: str, config: TrainingConfig, classifier: Path | Classifier | None) -> Classifier:
    if classifier is None:
        raise ConfigError(f"training {kind} needs a classifier's run; give --classifier RUN")
    loaded: Classifier = load_classifier(classifier) if isinstance(classifier, Path) else classifier
    if loaded.sample_rate != config.sample_rate:
        raise ConfigError(
            f"sample_rate is {config.sample_rate} Hz, but the classifier takes {loaded.sample_rate} Hz"
        )
    return loaded


def _explainer_task(
    kind: str, config: TrainingConfig, classifier: Classifier, start_run: Path | None, samples: int
) -> Task:
    if isinstance(config, LmacTdConfig):
        td = build_lmac_td(config, classifier)
        if config.filter_bank is not None:
            load_filter_bank(td, Path(config.filter_bank))
        return LmacTdTask(td, classifier, config)
    if isinstance(config, NmfConfig):
        return NmfTask(build_nmf(config, classifier), classifier)
    if isinstance(config, L2iConfig):
        dictionary = _started("nmf", start_run, kind)["decoder.W"]
        frames = samples // front_end_of(classifier).hop_length + 1
        network = build_l2i(config, classifier, dictionary.shape[1], frames)
        load_into(network.nmf, {"W": dictionary}, f"{start_run}")
        return L2iTask(network, classifier, config)
    assert isinstance(config, LmacConfig)
    psi = build_lmac(config, classifier)
    if not isinstance(config, LmacFtConfig):
        return LmacTask(psi, classifier, config)
    load_into(psi, _started("lmac", start_run, kind), f"{start_run}")
    return LmacFtTask(psi, classifier, config)


def _started(expected: str, start_run: Path | None, kind: str) -> dict[str, Tensor]:
    """Return the weights of the run that a training starts from."""
    if start_run is None:
        raise ConfigError(f"training {kind} starts from a run of {expected}; give --start RUN")
    found = read_run(start_run).kind
    if found != expected:
        raise ConfigError(f"training {kind} starts from a run of {expected}; {start_run} is one of {found}")
    return read_tensors(start_run / CHECKPOINT)


def class_weights(targets: Tensor, classes: int) -> Tensor:
    """Return weights inverse to the classes' frequency, 1 on average over the clips: `[classes]`."""
    counts = torch.bincount(targets, minlength=classes).clamp(min=1)
    return len(targets) / (classes * counts)

"""Make run folders of SpeechBrain's checkpoints: `listenable import`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from interpreter.errors import ConfigError, RunError
from interpreter.explainers.registry import KINDS, record_of
from interpreter.kinds.kind import Checkpoint, Stored
from interpreter.loading import load_classifier, network_for
from interpreter.runs.folder import Run, link_to, versions, write_config, write_run
from interpreter.runs.pretrained import fresh_cnn14, read_cnn14, width_of
from interpreter.settings.presets import load_config
from interpreter.types import Classifier

CNN14 = "cnn14"
"""What is imported though nobody trains it: a start for the training of a classifier."""


@dataclass(frozen=True)
class Import:
    """What to import.

    Attributes:
        kind: a key of `registry.KINDS`, or `cnn14`: a start for training a classifier (`--set start=RUN`).
        source: a file, or the folder of several with SpeechBrain's names.
        out: the run folder to write.
        labels: SpeechBrain's `label_encoder.txt`, if it is not next to the weights.
        classifier: the classifier's run, for an explainer.
        settings: `key=value` on top of the preset `paper` with the authors' code's constants.
        command: for the record.
    """

    kind: str
    source: Path
    out: Path
    labels: Path | None = None
    classifier: Path | None = None
    settings: Sequence[str] = ()
    command: str = ""


def import_run(request: Import) -> tuple[str, ...]:
    """Import weights into a run folder.

    Returns:
        Names of what the files contain and the run has no place for.

    Raises:
        FileNotFoundError: a file is missing.
        CheckpointError: a file is damaged, wants to run code, or is of another kind or width.
        ConfigError: an unknown kind, or a classifier is missing.
        RunError: the folder to write is not empty.
    """
    importable = [CNN14, *(kind for kind in KINDS if record_of(kind).read_published is not None)]
    if request.kind not in importable:
        raise ConfigError(f"cannot import {request.kind!r}; expected one of {', '.join(importable)}")
    if request.out.exists() and any(request.out.iterdir()):
        raise RunError(f"{request.out}: the folder is not empty; choose another")
    if not request.source.exists():
        raise FileNotFoundError(2, "No such checkpoint", str(request.source))
    with torch.random.fork_rng():
        return _import_cnn14(request) if request.kind == CNN14 else _import_kind(request)


def _import_cnn14(request: Import) -> tuple[str, ...]:
    weights = read_cnn14(request.source)
    fresh_cnn14(weights, request.source)
    mel_bins, width = width_of(weights.state, request.source)
    _write(request, {"mel_bins": mel_bins, "embedding_dim": width}, weights.state, ())
    return weights.left_out


def _import_kind(request: Import) -> tuple[str, ...]:
    record = record_of(request.kind)
    assert record.read_published is not None
    published = record.read_published(request.source, request.labels)
    settings = ["variant=official", *published.settings, *request.settings]
    config = load_config(request.kind, "paper", settings)
    labels = published.labels
    if record.rebuild is not None:  # else there is no network that all of it would have to fit
        classifier = _classifier_of(request) if KINDS[request.kind].needs_classifier else None
        labels = labels if classifier is None else tuple(classifier.labels)
        network_for(record, config, Checkpoint(labels, classifier, Stored(published.state, request.source)))
    _write(request, config.model_dump(mode="json"), published.state, labels)
    return published.left_out


def _classifier_of(request: Import) -> Classifier:
    if request.classifier is None:
        raise ConfigError(f"importing {request.kind} needs the classifier's run; give --classifier RUN")
    return load_classifier(request.classifier)


def _write(
    request: Import, config: Mapping[str, Any], state: Mapping[str, Tensor], labels: Sequence[str]
) -> None:
    link = None if request.classifier is None else link_to(request.classifier, request.out)
    run = Run(
        kind=request.kind,
        labels=tuple(labels),
        sample_rate=int(config.get("sample_rate", 16000)),
        seed=0,
        preset="paper",
        train_folds=None,
        noise="none",
        data_sha256=None,
        classifier=link,
        start=None,
        command=request.command,
        versions=versions(),
    )
    request.out.mkdir(parents=True, exist_ok=True)
    write_config(request.out, config)
    write_run(request.out, run, state)

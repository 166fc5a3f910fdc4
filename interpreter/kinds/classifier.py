"""The kind `classifier`: CNN14 on mel bands, trained with mixup and masks on the spectrogram."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.kinds.augmentation import mask_bands, mixup
from interpreter.kinds.config import Range, TrainingConfig
from interpreter.kinds.kind import Checkpoint, Setup, TrainedKind
from interpreter.kinds.task import Batch, Terms
from interpreter.runs.pretrained import load_start, read_classifier

WIDEST_BINS = 40
"""Widest band that is silenced in training, in bins of the STFT."""


class CnnConfig(TrainingConfig):
    """What every classifier with a CNN14 has."""

    n_fft: int = Field(gt=0)
    hop_length: int = Field(gt=0)
    win_length: int = Field(gt=0)
    mel_bins: int = Field(ge=32)  # CNN14 halves them five times
    embedding_dim: int = Field(gt=0)
    dropout: float = Field(ge=0, lt=1)
    gain_db: Range
    frequency_masks: int = Field(ge=0)
    time_masks: int = Field(ge=0)
    start: str | None  # a checkpoint to start CNN14 from

    @property
    def gain_range_db(self) -> tuple[float, float]:
        """Range of the gain that is drawn for each clip."""
        return self.gain_db

    def make_front_end(self) -> FrontEnd:
        """Return the front end that the settings describe."""
        return FrontEnd(
            self.n_fft,
            self.hop_length,
            self.win_length,
            sample_rate=self.sample_rate,
            mel_bins=self.mel_bins,
        )

    def mask_picture(self, picture: Tensor, generator: torch.Generator) -> Tensor:
        """Return pictures `[B, T, F]` with bands and moments silenced at random."""
        picture = mask_bands(picture, self.frequency_masks, WIDEST_BINS, 2, generator)
        return mask_bands(picture, self.time_masks, picture.shape[1] // 10, 1, generator)


class ClassifierConfig(CnnConfig):
    """A classifier."""

    mixup: float = Field(ge=0)  # Beta(mixup, mixup); 0 for none
    class_weights: bool  # inverse to the classes' frequency


def class_weights(targets: Tensor, classes: int) -> Tensor:
    """Return weights inverse to the classes' frequency, 1 on average over the clips: `[classes]`."""
    counts = torch.bincount(targets, minlength=classes).clamp(min=1)
    return len(targets) / (classes * counts)


class ClassifierTask:
    """Cross-entropy, with mixup and masks on the spectrogram while training."""

    scores: Sequence[str] = ("loss", "accuracy")

    def __init__(
        self, network: CnnClassifier, config: ClassifierConfig, class_weights: Tensor | None
    ) -> None:
        self.network, self.config, self.class_weights = network, config, class_weights
        self.frozen: Sequence[nn.Module] = ()

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return the loss and the accuracy."""
        waveforms, target = batch["noisy"], batch["target"]
        weights = None if self.class_weights is None else self.class_weights.to(waveforms)
        if generator is None:
            logits = self.network(waveforms)
            loss = F.cross_entropy(logits, target, weights)
        else:
            mixed, partner, share = mixup(waveforms, self.config.mixup, generator)
            picture = self.network.front_end.log_magnitude(mixed)
            logits = self.network.from_log_spectrogram(self.config.mask_picture(picture, generator))
            loss = share * F.cross_entropy(logits, target, weights)
            loss = loss + (1 - share) * F.cross_entropy(logits, target[partner], weights)
        return {"loss": loss, "accuracy": (logits.argmax(dim=1) == target).float().mean()}


def build_classifier(config: ClassifierConfig, labels: tuple[str, ...]) -> CnnClassifier:
    """Return an untrained classifier."""
    return CnnClassifier(
        labels, config.make_front_end(), config.embedding_dim, config.normalisation, config.dropout
    )


def _build(config: ClassifierConfig, setup: Setup) -> CnnClassifier:
    classifier = build_classifier(config, setup.labels)
    if config.start is not None:
        load_start(classifier, Path(config.start))
    return classifier


def _objective(network: CnnClassifier, config: ClassifierConfig, setup: Setup) -> ClassifierTask:
    weights = class_weights(setup.targets, len(setup.labels)) if config.class_weights else None
    return ClassifierTask(network, config, weights)


def _rebuild(config: ClassifierConfig, checkpoint: Checkpoint) -> CnnClassifier:
    return build_classifier(config, checkpoint.labels)


CLASSIFIER = TrainedKind("classifier", ClassifierConfig, _build, _objective, _rebuild, read_classifier)

"""The kind `nmf`: a dictionary of spectra, which explains nothing by itself and which L2I starts from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import nn

from interpreter.classifier.capabilities import front_end_of
from interpreter.classifier.frozen import FrozenClassifier
from interpreter.kinds.config import TrainingConfig
from interpreter.kinds.kind import Setup, TrainedKind
from interpreter.kinds.task import Batch, Terms
from interpreter.networks.nmf import Nmf
from interpreter.runs.pretrained import Published
from interpreter.runs.tensor_files import read_tensors, size_in
from interpreter.types import Classifier


class NmfConfig(TrainingConfig):
    """A dictionary of spectra by non-negative matrix factorisation."""

    components: int = Field(gt=0)
    encoder_channels: tuple[int, int]
    encoder_kernel: int = Field(gt=0)


class NmfTask:
    """Mean squared error of the approximated log magnitudes."""

    scores: Sequence[str] = ("loss",)

    def __init__(self, network: Nmf, classifier: Classifier) -> None:
        self.network, self.classifier = network, FrozenClassifier(classifier)
        self.frozen: Sequence[nn.Module] = self.classifier.modules

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return the loss."""
        with torch.no_grad():
            clip = self.classifier.front_end.log_magnitude(batch["noisy"])
        return {"loss": F.mse_loss(self.network(clip), clip)}


def _build(config: NmfConfig, setup: Setup) -> Nmf:
    bins = front_end_of(setup.classifier).n_fft // 2 + 1
    return Nmf(bins, config.components, config.encoder_channels, config.encoder_kernel)


def _objective(network: Nmf, config: NmfConfig, setup: Setup) -> NmfTask:
    return NmfTask(network, setup.classifier)


def _read_published(source: Path, labels: Path | None) -> Published:
    """Read SpeechBrain's `nmf_decoder.ckpt`: only the dictionary."""
    tensors = read_tensors(source)
    components = size_in(tensors, "W", 1, source)
    left_out = tuple(name for name in tensors if name != "W")
    return Published({"decoder.W": tensors["W"]}, (f"components={components}",), left_out=left_out)


NMF = TrainedKind("nmf", NmfConfig, _build, _objective, rebuild=None, read_published=_read_published)

"""The record of a kind of training: everything that differs from kind to kind, in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from torch import Tensor, nn

from interpreter.kinds.config import TrainingConfig
from interpreter.kinds.task import Task
from interpreter.runs.pretrained import Published
from interpreter.runs.tensor_files import size_in
from interpreter.types import Classifier

C = TypeVar("C", bound=TrainingConfig)
N = TypeVar("N", bound=nn.Module)


@dataclass(frozen=True)
class Stored:
    """Tensors of a run or a file.

    Attributes:
        tensors: by name.
        source: where they come from, for messages.
    """

    tensors: Mapping[str, Tensor]
    source: Path

    def size(self, name: str, dimension: int) -> int:
        """Return the size of a tensor in a dimension.

        Raises:
            CheckpointError: the tensor is missing or has fewer dimensions.
        """
        return size_in(self.tensors, name, dimension, self.source)


@dataclass(frozen=True)
class _Purpose:
    labels: tuple[str, ...]
    classifier_or_none: Classifier | None

    @property
    def classifier(self) -> Classifier:
        """The classifier to explain, of a kind that needs one."""
        assert self.classifier_or_none is not None, "the registry says which kinds need a classifier"
        return self.classifier_or_none


@dataclass(frozen=True)
class Setup(_Purpose):
    """What a training begins with, besides its settings.

    Attributes:
        labels: names of the classes, in the order of the logits.
        classifier_or_none: the classifier to explain, or None for a kind that needs none.
        samples: length of the clips.
        targets: their classes.
        start_or_none: the weights of the run that the training starts from, or None for a kind that starts
            from no run.

    Shape:
        - targets: `[clips]`
    """

    samples: int
    targets: Tensor
    start_or_none: Stored | None

    @property
    def start(self) -> Stored:
        """The weights of the run that the training starts from, of a kind that starts from one."""
        assert self.start_or_none is not None, "the registry says which kinds start from a run"
        return self.start_or_none


@dataclass(frozen=True)
class Checkpoint(_Purpose):
    """The weights of a trained network, which show the sizes that no setting has.

    Attributes:
        labels: names of the classes, in the order of the logits.
        classifier_or_none: the classifier to explain, or None for a kind that needs none.
        stored: the weights.
    """

    stored: Stored


@dataclass(frozen=True)
class TrainedKind(Generic[C, N]):
    """A kind of training.

    Attributes:
        kind: its name: of its command, its sections in the presets, and its runs.
        config: its settings.
        build: makes the network to train, with the weights that it starts from.
        objective: makes what is minimised.
        rebuild: makes the network that a checkpoint's tensors fit into, of any weights; None for a kind whose
            network is only ever read in parts.
        read_published: reads the weights that others published, from a file or the folder of several (and a
            file of labels, if one was given); None if there are none to import.
    """

    kind: str
    config: type[C]
    build: Callable[[C, Setup], N]
    objective: Callable[[N, C, Setup], Task]
    rebuild: Callable[[C, Checkpoint], N] | None
    read_published: Callable[[Path, Path | None], Published] | None = None

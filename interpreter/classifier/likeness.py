"""A classifier asked how much a sound is like another: what is explained is a similarity of embeddings."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn.functional import normalize

from interpreter.classifier.capabilities import is_black_box, is_spectral
from interpreter.classifier.modes import hold_in_eval
from interpreter.devices import device_of
from interpreter.errors import ConfigError
from interpreter.types import Classifier

C = TypeVar("C", bound=Classifier)

SHARPNESS = 5.0
"""Half the difference of the two logits at a cosine of one."""


def liken(classifier: C, reference: Tensor, name: str) -> C:
    """Return the classifier with two classes, `like NAME` and `unlike NAME`.

    The embedding of a sound is the mean of the deepest representation over time and frequency, and the new
    logits are plus and minus `SHARPNESS` times the cosine between the embeddings of a sound and of the
    reference. Layers, front end and weights are the classifier's own, so that every method that needs no
    training explains what makes the two sounds alike.

    Args:
        classifier: a classifier with layers; it stays as it is.
        reference: the sound to compare with, at the classifier's rate and level.
        name: of the reference, for the labels.

    Raises:
        ConfigError: the classifier is a black box, which has no embeddings, or that of the reference is zero,
            which is like nothing.

    Shape:
        - reference: `[samples]`
    """
    if is_black_box(classifier):
        raise ConfigError("the classifier is a black box and has no embeddings to compare; expected a module")
    with torch.no_grad(), hold_in_eval(classifier):
        maps = classifier.representations(reference[None].to(device_of(classifier)))
    embedding = average_cells(maps)
    if not embedding.any():
        raise ConfigError(
            "the classifier's embedding of the sound is zero; expected a longer or another sound"
        )
    kind: Any = type(classifier)
    other: Any = copy.copy(classifier)
    methods = _spectral_answers(kind) if is_spectral(classifier) else _plain_answers(kind)
    other.__class__ = type(f"Likened{kind.__name__}", (kind,), methods)
    other.labels = (f"like {name}", f"unlike {name}")
    other.multi_label = False
    other.likened_to = embedding
    result: C = other
    return result


def average_cells(representations: Sequence[Tensor]) -> Tensor:
    """Return embeddings `[B, C]`: the deepest of maps `[B, C, T, F]`, averaged over time and frequency."""
    return representations[0].mean(dim=(2, 3))


def _compare(self: Any, representations: Sequence[Tensor]) -> Tensor:
    cosine = (_to_unit(average_cells(representations)) * _to_unit(self.likened_to)).sum(dim=1)
    return SHARPNESS * torch.stack([cosine, -cosine], dim=1)


def _to_unit(embeddings: Tensor) -> Tensor:
    # however small the activations of a network are, they have a direction
    return normalize(embeddings, dim=1, eps=1e-30)


def _spectral_answers(kind: Any) -> dict[str, Callable[..., Any]]:
    def inspect_log_spectrogram(self: Any, log_magnitude: Tensor) -> tuple[Tensor, list[Tensor]]:
        representations = kind.inspect_log_spectrogram(self, log_magnitude)[1]
        return _compare(self, representations), representations

    def from_log_spectrogram(self: Any, log_magnitude: Tensor) -> Tensor:
        logits: Tensor = self.inspect_log_spectrogram(log_magnitude)[0]
        return logits

    def answer(self: Any, waveforms: Tensor) -> Tensor:
        return from_log_spectrogram(self, self.front_end.log_magnitude(waveforms))

    return {
        "inspect_log_spectrogram": inspect_log_spectrogram,
        "from_log_spectrogram": from_log_spectrogram,
        _find_call(kind): answer,
    }


def _plain_answers(kind: Any) -> dict[str, Callable[..., Any]]:
    def answer(self: Any, waveforms: Tensor) -> Tensor:
        return _compare(self, self.representations(waveforms))

    return {_find_call(kind): answer}


def _find_call(kind: Any) -> str:
    return "forward" if hasattr(kind, "forward") else "__call__"

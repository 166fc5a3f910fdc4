"""What the interpreter's parts exchange: a classifier's protocol and the result of explaining."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class Classifier(Protocol):
    """An audio classifier that can be explained.

    Attributes:
        sample_rate: rate of the waveforms that it takes, in Hz.
        labels: names of the classes, in the order of the logits.

    Shape:
        - waveforms: `[B, samples]`, float, any length
        - logits: `[B, classes]`
        - representations: feature maps `[B, C, T, F]`, deepest first
        - log-spectrogram: `[B, frames, bins]`, log1p of the STFT magnitude
    """

    sample_rate: int
    labels: Sequence[str]

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return the logits of `waveforms`."""
        ...

    def representations(self, waveforms: Tensor) -> list[Tensor]:
        """Return the feature maps that an explainer reads, deepest first."""
        ...


@dataclass(frozen=True)
class Explanation:
    """What a classifier listened to in a batch of clips, and what it did not.

    Attributes:
        interpretation: the part of the input that speaks for `target`, i(t).
        residual: what is left, i_out(t).
        target: the explained class of each clip.
        probability: class probabilities before (of the input), of the interpretation and of the residual.
        mask: the method's mask, in its own domain (STFT cells or encoder channels), or None.
        method: the method's name in `METHODS`.
        settings: the method's settings, for the record.

    Shape:
        - interpretation, residual: `[B, samples]`
        - target: `[B]`, integer
        - probability_before, probability_in, probability_out: `[B, classes]`
        - mask: `[B, rows, columns]`
    """

    interpretation: Tensor
    residual: Tensor
    target: Tensor
    probability_before: Tensor
    probability_in: Tensor
    probability_out: Tensor
    method: str
    mask: Tensor | None = None
    settings: Mapping[str, object] = field(default_factory=dict)

"""Batches of an evaluation: items of a setting at the level that the classifier expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from interpreter.classifier.capabilities import to_classifier_level
from interpreter.evaluation.settings import Item, Items
from interpreter.types import Classifier


@dataclass(frozen=True)
class Batch:
    """Items of a setting, ready for the classifier.

    Shape:
        - waveforms: `[B, samples]`
        - foregrounds: `[B, samples]`, or None if an item has no stem
    """

    index: int
    items: Sequence[Item]
    waveforms: Tensor
    foregrounds: Tensor | None


def batch_of(items: Items, indices: range, classifier: Classifier) -> Batch:
    """Make the items `indices`."""
    made = [items[index] for index in indices]
    raw = torch.from_numpy(np.stack([item.waveform for item in made]))
    waveforms = to_classifier_level(raw, classifier)
    stems = [item.foreground for item in made if item.foreground is not None]
    if len(stems) < len(made):
        return Batch(indices.start, made, waveforms, None)
    gain = waveforms.norm(dim=1, keepdim=True) / raw.norm(dim=1, keepdim=True)
    return Batch(indices.start, made, waveforms, gain * torch.from_numpy(np.stack(stems)))

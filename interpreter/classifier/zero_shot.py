"""A classifier whose classes are texts: CNN14 next to a text tower, so that any text can be a class."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from math import log

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd, Normalisation
from interpreter.errors import ConfigError
from interpreter.networks.text_tower import TextTower

TEMPLATES = ("{}", "the sound of {}", "this is a sound of {}", "{} can be heard")
"""What a label is put into; a class is the mean of the embeddings of all of them."""

_FIRST_SCALE, _LARGEST_SCALE = 1 / 0.07, 100.0  # of the cosines, as in CLIP (Radford et al. 2021)


class ZeroShotClassifier(CnnClassifier):
    """CNN14 whose logits are scaled cosines between a sound's embedding and those of texts.

    As CLAP (Elizalde et al. 2023), with a text tower small enough to train with a data set's own labels. It
    fulfils `SpectralClassifier` and `TextClassifier`.

    Args:
        labels: the classes: any texts.
        text: embeds texts.
        width: of the embeddings that sounds and texts share, the text tower's.
        templates: what a label is put into; `{}` is the label.
        front_end: see `CnnClassifier`, as the rest.
        embedding_dim: width of CNN14.
        normalisation: how `prepare` scales a clip.
        dropout: CNN14's.

    Raises:
        ConfigError: a template without a place for the label.
    """

    def __init__(
        self,
        labels: Sequence[str],
        text: TextTower,
        width: int,
        templates: Sequence[str] = TEMPLATES,
        front_end: FrontEnd | None = None,
        embedding_dim: int = 2048,
        normalisation: Normalisation = "max-abs",
        dropout: float = 0.2,
    ) -> None:
        super().__init__(labels, front_end, embedding_dim, normalisation, dropout)
        wrong = [template for template in templates if "{}" not in template]
        if wrong or not templates:
            raise ConfigError(f"templates are {list(templates)}; expected at least one, with {{}} in each")
        self.head = nn.Linear(embedding_dim, width)
        self.text, self.templates = text, tuple(templates)
        self.log_scale = nn.Parameter(torch.tensor(log(_FIRST_SCALE)))
        self.classes: Sequence[str] = tuple(labels)  # what is compared with, whatever the labels are called

    @property
    def scale(self) -> Tensor:
        """What cosines are multiplied with to be logits."""
        return self.log_scale.exp().clamp(max=_LARGEST_SCALE)

    def replace_labels(self, labels: Sequence[str]) -> ZeroShotClassifier:
        """Return the classifier with other classes; it shares the weights of this one.

        Raises:
            ConfigError: no label, or one twice.
        """
        if len(set(labels)) != len(labels) or not labels:
            raise ConfigError(f"a classifier needs distinct labels, got {list(labels)}")
        other = copy.copy(self)
        other.labels = other.classes = tuple(labels)
        return other

    def embed_labels(self) -> Tensor:
        """Return the classes' unit vectors, `[classes, width]`."""
        words = [label.replace("_", " ") for label in self.classes]
        texts = [template.replace("{}", word) for word in words for template in self.templates]
        return normalize(self.text(texts).unflatten(0, (len(words), -1)).mean(dim=1), dim=1)

    def embed(self, embeddings: Tensor) -> Tensor:
        """Return the unit vectors `[B, width]` of CNN14's embeddings `[B, embedding_dim]`."""
        return normalize(self.head(embeddings), dim=1)

    def answer(self, embeddings: Tensor) -> Tensor:
        """Return logits `[B, classes]` of CNN14's embeddings `[B, embedding_dim]`."""
        return self.scale * self.embed(embeddings) @ self.embed_labels().T

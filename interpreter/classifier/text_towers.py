"""Somebody's own pair of towers as a classifier whose classes are texts: any CLAP."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from interpreter.classifier.probing import choose_layers
from interpreter.classifier.wrapped import WrappedClassifier
from interpreter.errors import ConfigError

EmbedTexts = Callable[[list[str]], Tensor]
"""Texts → their embeddings `[texts, width]`, of any length."""

TEMPLATES = ("this is a sound of {}",)
"""What a label is put into, as LAION's and Microsoft's zero-shot evaluations do."""


class Cosines(nn.Module):
    """Scaled cosines between the embeddings of sounds and those of classes.

    Args:
        audio: waveforms `[B, samples]` → embeddings `[B, width]`, of any length.
        classes: the classes' unit vectors, `[classes, width]`.
        scale: what cosines are multiplied with to be logits.
    """

    classes: Tensor

    def __init__(self, audio: nn.Module, classes: Tensor, scale: float) -> None:
        super().__init__()
        self.audio, self.scale = audio, scale
        self.register_buffer("classes", classes, persistent=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return logits `[B, classes]`."""
        return self.scale * normalize(self.audio(waveforms), dim=1) @ self.classes.T


class TextTowersClassifier(WrappedClassifier):
    """A classifier whose classes are texts, made of two towers; it fulfils `TextClassifier`.

    Args:
        audio: waveforms `[B, samples]` → embeddings `[B, width]`, a torch module with gradients.
        embed_texts: see `EmbedTexts`; it is called once for each set of labels.
        sample_rate: of the waveforms to explain, in Hz.
        labels: the classes: any texts.
        scale: what cosines are multiplied with to be logits.
        layers: names of layers of `audio` to read, deepest first; chosen by what they give if None.
        templates: what a label is put into; a class is the mean of all of them.
        **options: see `WrappedClassifier`.

    Raises:
        ConfigError: no label or one twice, a template without `{}`, or what `WrappedClassifier` refuses.
    """

    def __init__(
        self,
        audio: nn.Module,
        embed_texts: EmbedTexts,
        sample_rate: int,
        labels: Sequence[str],
        scale: float,
        layers: Sequence[str] | None = None,
        templates: Sequence[str] = TEMPLATES,
        **options: Any,
    ) -> None:
        wrong = [template for template in templates if "{}" not in template]
        if wrong or not templates:
            raise ConfigError(f"templates are {list(templates)}; expected at least one, with {{}} in each")
        module = Cosines(audio, embed_labels(labels, embed_texts, templates), scale)
        rate = options.get("module_rate") or sample_rate
        names = choose_layers(module, rate) if layers is None else [f"audio.{name}" for name in layers]
        super().__init__(module, names, sample_rate, labels, **options)
        self._embed_texts, self._templates = embed_texts, tuple(templates)

    @property
    def scale(self) -> Tensor:
        """What cosines are multiplied with to be logits."""
        return torch.tensor(self._cosines.scale, device=self._cosines.classes.device)

    def replace_labels(self, labels: Sequence[str]) -> TextTowersClassifier:
        """Return the classifier with other classes; it shares the weights of this one.

        Raises:
            ConfigError: no label, or one twice.
        """
        module = copy.copy(self._cosines)
        classes = embed_labels(labels, self._embed_texts, self._templates)
        module._buffers = {"classes": classes.to(module.classes)}
        other = copy.copy(self)
        other._modules = {**self._modules, "module": module}
        other.labels = tuple(labels)
        return other

    def embed_labels(self) -> Tensor:
        """Return the classes' unit vectors, `[classes, width]`."""
        return self._cosines.classes

    @property
    def _cosines(self) -> Cosines:
        assert isinstance(self.module, Cosines)
        return self.module


@torch.no_grad()
def embed_labels(labels: Sequence[str], embed_texts: EmbedTexts, templates: Sequence[str]) -> Tensor:
    """Return the unit vectors of classes, `[classes, width]`, each the mean over the templates.

    Raises:
        ConfigError: no label, or one twice.
    """
    if len(set(labels)) != len(labels) or not labels:
        raise ConfigError(f"a classifier needs distinct labels, got {list(labels)}")
    words = [label.replace("_", " ") for label in labels]
    texts = [template.replace("{}", word) for word in words for template in templates]
    vectors = normalize(embed_texts(texts).float(), dim=1)
    return normalize(vectors.view(len(words), len(templates), -1).mean(dim=1), dim=1)

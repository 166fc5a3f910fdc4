"""A frozen classifier as the training of explainers needs it: spectral ones in one pass, others by sound."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from interpreter.classifier.capabilities import front_end_of, is_multi_label, is_spectral
from interpreter.classifier.front_end import log_magnitude, resynthesise
from interpreter.errors import ConfigError
from interpreter.types import Classifier


@dataclass(frozen=True)
class FrozenOutputs:
    """What a frozen classifier makes of clips.

    Shape:
        - spectrum: `[B, T, F]`, complex
        - picture: `[B, T, F]`, log1p of the magnitude
        - logits: `[B, classes]`
        - representations: maps `[B, C, T, F]`, deepest first
    """

    spectrum: Tensor
    picture: Tensor
    logits: Tensor
    representations: list[Tensor]


class FrozenClassifier:
    """Queries a classifier that is no longer trained.

    Args:
        classifier: a torch module that fulfils `Classifier`.

    Raises:
        ConfigError: it is not a torch module, so that no gradient passes through it.
    """

    def __init__(self, classifier: Classifier) -> None:
        if not isinstance(classifier, nn.Module):
            raise ConfigError(f"an explainer is trained for a torch module, got {type(classifier).__name__}")
        self.classifier = classifier
        self.module: nn.Module = classifier
        self.front_end = front_end_of(classifier)
        self.multi_label = is_multi_label(classifier)

    @property
    def modules(self) -> tuple[nn.Module, nn.Module]:
        """The modules that follow the training to its device."""
        return self.module, self.front_end

    @torch.no_grad()
    def forward_frozen(self, waveforms: Tensor) -> FrozenOutputs:
        """Return what the classifier makes of clips `[B, samples]`; no gradients."""
        spectrum = self.front_end.stft(waveforms)
        picture = log_magnitude(spectrum)
        if is_spectral(self.classifier):
            logits, representations = self.classifier.inspect_log_spectrogram(picture)
        else:
            logits, representations = self.classifier(waveforms), self.classifier.representations(waveforms)
        return FrozenOutputs(spectrum, picture, logits, representations)

    def of_waveforms(self, waveforms: Tensor) -> tuple[Tensor, Tensor]:
        """Return pictures `[B, T, F]` and logits `[B, classes]` of waveforms `[B, samples]`."""
        pictures = self.front_end.log_magnitude(waveforms)
        if is_spectral(self.classifier):
            return pictures, self.classifier.from_log_spectrogram(pictures)
        return pictures, self.classifier(waveforms)

    def of_pictures(self, pictures: Tensor, spectrum: Tensor, samples: int) -> Tensor:
        """Return logits of pictures `[B, T, F]`; others hear the phase of `spectrum`."""
        if is_spectral(self.classifier):
            return self.classifier.from_log_spectrogram(pictures)
        return self.classifier(resynthesise(self.front_end, pictures, spectrum, samples))

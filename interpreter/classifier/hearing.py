"""Clips and what a classifier makes of them, each thing computed once, when it is first asked for."""

from __future__ import annotations

from functools import cached_property

from torch import Tensor

from interpreter.classifier.capabilities import front_end_of, is_spectral, to_probabilities
from interpreter.classifier.front_end import FrontEnd, log_magnitude
from interpreter.types import Classifier


class Hearing:
    """Clips as a classifier hears them.

    Several methods that explain the same clips share one, so that neither the spectra nor the classifier's
    pass are computed again. Gradients and the classifier's mode are the caller's business.

    Args:
        classifier: the classifier.
        waveforms: the clips, on its device.

    Shape:
        - waveforms: `[B, samples]`
    """

    def __init__(self, classifier: Classifier, waveforms: Tensor) -> None:
        self.classifier, self.waveforms = classifier, waveforms

    @cached_property
    def front_end(self) -> FrontEnd:
        """The classifier's own front end, or the paper's if it has none."""
        return front_end_of(self.classifier)

    @cached_property
    def spectrum(self) -> Tensor:
        """The clips' STFT, `[B, T, F]`, complex."""
        return self.front_end.stft(self.waveforms)

    @cached_property
    def log_magnitude(self) -> Tensor:
        """log1p of the STFT's magnitude, `[B, T, F]`."""
        return log_magnitude(self.spectrum)

    @cached_property
    def logits(self) -> Tensor:
        """The classifier's logits, `[B, classes]`."""
        return self._pass[0] if is_spectral(self.classifier) else self.classifier(self.waveforms)

    @cached_property
    def probabilities(self) -> Tensor:
        """The probabilities of the classes, `[B, classes]`."""
        return to_probabilities(self.logits, self.classifier)

    @cached_property
    def representations(self) -> list[Tensor]:
        """The maps that explainers read, `[B, C, T, F]` each, deepest first."""
        if is_spectral(self.classifier):
            return self._pass[1]
        return self.classifier.representations(self.waveforms)

    @cached_property
    def _pass(self) -> tuple[Tensor, list[Tensor]]:
        assert is_spectral(self.classifier)
        return self.classifier.inspect_log_spectrogram(self.log_magnitude)

"""Explaining by a mask on the STFT that a trained network draws from the classifier's representations."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic

from torch import Tensor, nn

from interpreter.classifier.hearing import Hearing
from interpreter.explainers.spectral import Picture, SpectralExplainer
from interpreter.kinds.kind import N
from interpreter.types import Classifier


class MaskDecoderExplainer(SpectralExplainer, Generic[N]):
    """Explains with a trained decoder of the representations; a method implements `draw`.

    Args:
        classifier: the classifier that the network was trained for.
        network: the trained network.
        batch_size: how many clips are worked on at a time.
    """

    def __init__(self, classifier: Classifier, network: N, batch_size: int | None = None) -> None:
        super().__init__(classifier, batch_size)
        self.network = network

    @property
    def networks(self) -> Sequence[nn.Module]:
        """The trained network."""
        return (self.network,)

    @abstractmethod
    def draw(self, representations: Sequence[Tensor], target: Tensor, frames: int, bins: int) -> Tensor:
        """Return the mask, in [0, 1].

        Shape:
            - representations: maps `[B, C, T, F]`, deepest first
            - target: `[B]`
            - result: `[B, frames, bins]`
        """

    def mask(self, picture: Picture, target: Tensor) -> Tensor:
        """Return the mask `[B, T, F]` that the network draws."""
        heard = picture.heard or Hearing(self.classifier, picture.waveforms)
        frames, bins = picture.log_magnitude.shape[1:]
        return self.draw(heard.representations, target, frames, bins)

    def mask_from(self, sound: Tensor, heard: Tensor) -> Tensor:
        """Return the mask that the representations of `heard` draw; the sound has no influence."""
        return self.mask(self.picture(heard), self.classifier(heard).argmax(dim=-1))

"""L-MAC (Paissan et al. 2024): a decoder of the classifier's representations draws a mask on the STFT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from interpreter.explainers.spectral import Picture, SpectralExplainer
from interpreter.types import Classifier


class LmacNetwork(nn.Module):
    """A UNet decoder whose output, through a sigmoid, is the mask.

    Args:
        psi: called as `psi(representations, frames, bins)`; returns logits `[B, frames, bins]`.
    """

    def __init__(self, psi: nn.Module) -> None:
        super().__init__()
        self.psi = psi

    def forward(self, representations: Sequence[Tensor], frames: int, bins: int) -> Tensor:
        """Return the mask's logits `[B, frames, bins]`."""
        logits: Tensor = self.psi(representations, frames, bins)
        return logits


class Lmac(SpectralExplainer):
    """Explains with a trained L-MAC network; the same for every target: it explains the prediction.

    Args:
        classifier: the classifier that the network was trained for.
        network: the trained network.
        batch_size: how many clips are worked on at a time.
    """

    name = "lmac"
    takes_target = False

    def __init__(self, classifier: Classifier, network: LmacNetwork, batch_size: int | None = None) -> None:
        super().__init__(classifier, batch_size)
        self.network = network

    @property
    def label(self) -> str:
        """The method's name as people read it."""
        return "L-MAC"

    @property
    def settings(self) -> Mapping[str, object]:
        """What the method was set to."""
        return {"psi": type(self.network.psi).__name__}

    @property
    def networks(self) -> Sequence[nn.Module]:
        """The trained network."""
        return (self.network,)

    def mask(self, picture: Picture, target: Tensor) -> Tensor:
        """Return the network's mask `[B, T, F]`; `target` has no influence."""
        inspect = getattr(self.classifier, "inspect_log_spectrogram", None)
        if inspect is None:
            representations = self.classifier.representations(picture.waveforms)
        else:
            representations = inspect(picture.log_magnitude)[1]
        logits: Tensor = self.network(representations, *picture.log_magnitude.shape[1:])
        return logits.sigmoid()


class LmacFt(Lmac):
    """L-MAC after fine-tuning with guidance by the clean clips' loud cells."""

    name = "lmac-ft"

    @property
    def label(self) -> str:
        """The method's name as people read it."""
        return "L-MAC-FT"

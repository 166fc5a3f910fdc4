"""The upper end of a table: what an explanation would score that is the event itself."""

from __future__ import annotations

from torch import Tensor

from interpreter.explainers.base import Explainer, Separation
from interpreter.types import Classifier

ORACLE = "oracle-stems"


class StemsOracle(Explainer):
    """Returns the known foregrounds of one batch of clips as their interpretations.

    It knows the truth and not the classifier: no method is above it in SI-SDR, and a classifier that listens
    only to the event is as sure of it as of the clip.

    Args:
        classifier: the classifier that judges it.
        foregrounds: of the clips that it will be asked about, in their order.

    Shape:
        - foregrounds: `[B, samples]`
    """

    name = ORACLE
    title = "Oracle: stems"
    only_asks = True

    def __init__(self, classifier: Classifier, foregrounds: Tensor) -> None:
        super().__init__(classifier)
        self.foregrounds = foregrounds

    def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
        """Return the foregrounds, and all else as the residual."""
        foregrounds = self.foregrounds.to(waveforms)
        return Separation(foregrounds, waveforms - foregrounds)

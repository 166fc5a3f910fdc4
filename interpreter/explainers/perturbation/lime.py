"""LIME: what each block of the picture adds to the target's probability, by a local linear model."""

from __future__ import annotations

from torch import Tensor

from interpreter.explainers.perturbation.segment_surrogate import SegmentSurrogateExplainer


class LimeExplainer(SegmentSurrogateExplainer):
    """The picture as an image: blocks of frames x bins, weighted by their coefficients (Ribeiro et al. 2016).

    Segments are pieces of time and shares of the STFT's bins, 6 x 4 by default; see
    `SegmentSurrogateExplainer` for the options.
    """

    name = "lime"
    title = "LIME"
    axis = "linear"
    default_segments = (6, 4)

    def value_segments(self, coefficients: Tensor) -> Tensor:
        """Return the coefficients."""
        return coefficients

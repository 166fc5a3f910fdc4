"""LIME: what each block of the picture adds to the target's probability, by a local linear model."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from interpreter.explainers.gradient.base import GradientOptions
from interpreter.explainers.perturbation.segment_surrogate import SegmentSurrogateExplainer
from interpreter.types import Classifier


class LimeExplainer(SegmentSurrogateExplainer):
    """The picture as an image: blocks of frames x bins, weighted by their coefficients (Ribeiro et al. 2016).

    Args:
        classifier: the classifier to explain.
        segments: pieces of time and shares of the STFT's bins.
        samples: perturbed pictures of each clip; with at most 12 segments all combinations are asked instead.
        kernel_width: how fast the weight of a perturbed picture falls with its cosine distance from the clip.
        alpha: the ridge penalty.
        **options: see `GradientOptions`.
    """

    name = "lime"
    title = "LIME"
    axis = "linear"

    def __init__(
        self,
        classifier: Classifier,
        *,
        segments: tuple[int, int] = (6, 4),
        samples: int = 1000,
        kernel_width: float = 0.25,
        alpha: float = 1.0,
        **options: Unpack[GradientOptions],
    ) -> None:
        super().__init__(
            classifier,
            segments=segments,
            samples=samples,
            kernel_width=kernel_width,
            alpha=alpha,
            **options,
        )

    def value_segments(self, coefficients: Tensor) -> Tensor:
        """Return the coefficients."""
        return coefficients

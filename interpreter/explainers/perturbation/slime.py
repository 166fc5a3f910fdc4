"""SLIME: the few segments in time, or in time and mel bands, that a local linear model values most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

import torch
from torch import Tensor

from interpreter.explainers.gradient.base import GradientOptions, check_int
from interpreter.explainers.perturbation.segment_surrogate import SegmentSurrogateExplainer
from interpreter.types import Classifier


class SlimeExplainer(SegmentSurrogateExplainer):
    """LIME on segments of sound, of which the best are kept whole (Mishra, Sturm, Dixon, ISMIR 2017).

    Args:
        classifier: the classifier to explain.
        segments: pieces of time and shares of the mel bands; `[6,4]` are the paper's in time and frequency.
        top: how many segments are kept, those of the largest positive coefficients.
        samples: perturbed pictures of each clip; with at most 12 segments all combinations are asked instead.
        kernel_width: how fast the weight of a perturbed picture falls with its cosine distance from the clip.
        alpha: the ridge penalty.
        **options: see `GradientOptions`.
    """

    name = "slime"
    title = "SLIME"
    axis = "mel"

    def __init__(
        self,
        classifier: Classifier,
        *,
        segments: tuple[int, int] = (10, 1),
        top: int = 3,
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
        self.top = check_int("top", top)

    @property
    def settings(self) -> Mapping[str, object]:
        """The options that change results."""
        return {**super().settings, "top": self.top}

    def value_segments(self, coefficients: Tensor) -> Tensor:
        """Return 1 for the segments that are kept, else 0."""
        best = coefficients.topk(min(self.top, len(coefficients))).indices
        kept = torch.zeros_like(coefficients)
        kept[best] = (coefficients[best] > 0).to(kept)
        return kept

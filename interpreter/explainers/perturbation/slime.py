"""SLIME: the few segments in time, or in time and mel bands, that a local linear model values most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

import torch
from torch import Tensor

from interpreter.explainers.options import check_int
from interpreter.explainers.perturbation.segment_surrogate import SegmentSurrogateExplainer, SurrogateOptions
from interpreter.types import Classifier


class SlimeExplainer(SegmentSurrogateExplainer):
    """LIME on segments of sound, of which the best are kept whole (Mishra, Sturm, Dixon, ISMIR 2017).

    Segments are pieces of time and shares of the mel bands: ten pieces of time by default, `[6,4]` are the
    paper's in time and frequency.

    Args:
        classifier: the classifier to explain.
        top: how many segments are kept, those of the largest positive coefficients.
        **options: see `SegmentSurrogateExplainer`.
    """

    name = "slime"
    title = "SLIME"
    axis = "mel"
    default_segments = (10, 1)

    def __init__(self, classifier: Classifier, *, top: int = 3, **options: Unpack[SurrogateOptions]) -> None:
        super().__init__(classifier, **options)
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

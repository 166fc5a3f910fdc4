"""What LIME and SLIME share: silence segments of the picture, and fit a linear model of the probability."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Unpack

import torch
from torch import Tensor

from interpreter.classifier.clip_checks import check_clips, check_target
from interpreter.errors import ConfigError
from interpreter.explainers.attribution import AttributionOptions, ClipQuery
from interpreter.explainers.options import check_int, check_non_negative, check_pair, check_positive
from interpreter.explainers.perturbation.base import PerturbationExplainer
from interpreter.explainers.perturbation.segments import Axis, cut_frequency, cut_time, number_segments
from interpreter.explainers.perturbation.surrogate import choose_rows, fit_ridge, weigh_rows
from interpreter.types import Classifier


class SurrogateOptions(AttributionOptions, total=False):
    """Options of every method that fits a linear model; see `SegmentSurrogateExplainer`."""

    segments: tuple[int, int]
    samples: int
    kernel_width: float
    alpha: float


class SegmentSurrogateExplainer(PerturbationExplainer):
    """Fits a linear model of the target's probability, with segments of the picture present or silent.

    Args:
        classifier: the classifier to explain.
        segments: pieces of time and shares of the frequency axis; `default_segments` if None.
        samples: perturbed pictures of each clip; with at most 12 segments all combinations are asked instead.
        kernel_width: how fast the weight of a perturbed picture falls with its cosine distance from the clip.
        alpha: the ridge penalty.
        **options: see `AttributionOptions`.
    """

    axis: ClassVar[Axis]
    default_segments: ClassVar[tuple[int, int]]

    def __init__(
        self,
        classifier: Classifier,
        *,
        segments: tuple[int, int] | None = None,
        samples: int = 1000,
        kernel_width: float = 0.25,
        alpha: float = 1.0,
        **options: Unpack[AttributionOptions],
    ) -> None:
        super().__init__(classifier, **options)
        self.segments = check_pair(
            "segments",
            self.default_segments if segments is None else segments,
            "pieces of time and shares of the frequency axis, such as [6,4]",
        )
        self.samples = check_int("samples", samples)
        self.kernel_width = check_positive("kernel_width", kernel_width)
        self.alpha = check_non_negative("alpha", alpha)

    @property
    def settings(self) -> Mapping[str, object]:
        """The options that change results."""
        return {
            **super().settings,
            "segments": list(self.segments),
            "samples": self.samples,
            "kernel_width": self.kernel_width,
            "alpha": self.alpha,
            "seed": self.seed,
        }

    @abstractmethod
    def value_segments(self, coefficients: Tensor) -> Tensor:
        """Return the attribution of each segment, `[M]`, from the linear model's coefficients, `[M]`."""

    def attribute_clip(self, query: ClipQuery) -> Tensor:
        """Return each segment's value on its cells."""
        labels = self._labels(query)
        values = self.value_segments(self._fit(query, labels)).to(query.log_magnitude)
        return values[labels.to(values.device)]

    def fit_coefficients(self, waveforms: Tensor, target: Tensor) -> Tensor:
        """Return the linear model of each clip, `[B, M]`: what each segment adds to the probability.

        Shape:
            - waveforms: `[B, samples]`
            - target: `[B]`, integer
        """
        with self._hold_still():
            picture = self.picture(check_clips(self.classifier, waveforms))
            asked = self.clip_by_clip(picture, check_target(self.classifier, target, len(waveforms)))
            return torch.stack([self._fit(query, self._labels(query)) for query in asked])

    def spread_over_seeds(
        self, waveforms: Tensor, target: Tensor, seeds: Sequence[int] = (0, 1, 2)
    ) -> Tensor:
        """Return how far the draws decide: the standard deviation of each coefficient over `seeds`, `[B, M]`.

        0 with at most 12 segments, since nothing is drawn. The explainer's own seed is put back.

        Raises:
            ConfigError: fewer than two seeds have no spread.
        """
        if len(seeds) < 2:
            raise ConfigError(f"seeds is {tuple(seeds)!r}; expected two or more, whose answers can differ")
        own = self.seed
        try:
            fits = []
            for self.seed in seeds:
                fits.append(self.fit_coefficients(waveforms, target))
        finally:
            self.seed = own
        return torch.stack(fits).std(dim=0)

    def _labels(self, query: ClipQuery) -> Tensor:
        frames = query.log_magnitude.shape[1]
        shares = cut_frequency(self.front_end, self.segments[1], self.axis)
        return number_segments(cut_time(frames, self.segments[0]), shares)

    def _fit(self, query: ClipQuery, labels: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(query.seed)
        rows = choose_rows(int(labels.max()) + 1, self.samples, generator)
        device = query.log_magnitude.device
        masks = (
            part.to(device)[:, labels.to(device)] for part in torch.split(rows, self.internal_batch_size)
        )
        answers = self.ask(query, masks)
        return fit_ridge(rows, answers, weigh_rows(rows, self.kernel_width), self.alpha)

"""Explaining by an attribution: each cell of the picture gets a value, and the values become the mask."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, TypedDict, Unpack, get_args

import torch
from torch import Tensor

from interpreter.errors import ConfigError
from interpreter.explainers.captum_calls import as_leaf, silence_captum
from interpreter.explainers.options import check_int
from interpreter.explainers.spectral import Picture, PictureModel, SpectralExplainer, clip_seed, per_item_max
from interpreter.types import Classifier

MaskRule = Literal["absolute", "positive", "quantile"]
"""How an attribution A becomes a mask: |A| / max|A|; max(A, 0) / max; or 1 for the largest |A|, else 0."""

KEPT_SHARE = 0.2
"""Share of the cells that the rule `quantile` keeps."""


INTERNAL_BATCH_SIZE = 16
"""Pictures at a time by default."""


class AttributionOptions(TypedDict, total=False):
    """Options of every method that attributes.

    Attributes:
        batch_size: clips at a time.
        internal_batch_size: pictures that the classifier sees at a time inside a method that calls it many
            times (SmoothGrad, integrated gradients, SHAP): it bounds memory. SmoothGrad, gradient SHAP and
            FreqRISE draw for as many at a time, so that their draws depend on it, as on the seed.
        rule: how the attribution becomes a mask.
        seed: of methods that draw.
    """

    batch_size: int | None
    internal_batch_size: int
    rule: MaskRule
    seed: int


@dataclass(frozen=True)
class ClipQuery:
    """One clip for a method that works clip by clip: what to ask, about which picture, for which class.

    Shape:
        - log_magnitude: `[1, T, F]`, asks for a gradient
        - target: `[1]`
    """

    model: PictureModel
    log_magnitude: Tensor
    target: Tensor
    seed: int

    @property
    def span(self) -> float:
        """The picture's range, maximum - minimum."""
        values = self.log_magnitude.detach()
        return float(values.max() - values.min())


def attribution_mask(attribution: Tensor, rule: MaskRule = "absolute") -> Tensor:
    """Turn attributions into masks in [0, 1], item by item; an attribution of zeros gives a mask of zeros.

    Shape:
        - attribution, result: `[B, T, F]`
    """
    size = attribution.clamp(min=0) if rule == "positive" else attribution.abs()
    largest = per_item_max(size)
    if rule == "quantile":
        count = max(round(KEPT_SHARE * size[0].numel()), 1)
        threshold = size.flatten(1).topk(count).values[:, -1].view_as(largest)
        return ((size >= threshold) & (size > 0)).to(size.dtype)
    return size / torch.where(largest > 0, largest, torch.ones_like(largest))


class AttributionExplainer(SpectralExplainer):
    """A baseline that attributes the target's logit to the cells of X = log1p|STFT|, by `attribute`.

    The logit is the one before the softmax, the gradient goes through the mel bands.

    Args:
        classifier: the classifier to explain.
        **options: see `AttributionOptions`.
    """

    default_rule: ClassVar[MaskRule] = "absolute"

    def __init__(self, classifier: Classifier, **options: Unpack[AttributionOptions]) -> None:
        super().__init__(classifier, options.get("batch_size"))
        self.internal_batch_size = check_int(
            "internal_batch_size", options.get("internal_batch_size", INTERNAL_BATCH_SIZE)
        )
        self.rule: MaskRule = options.get("rule", self.default_rule)
        self.seed = check_int("seed", options.get("seed", 0), 0)
        if self.rule not in get_args(MaskRule):
            raise ConfigError(f"rule is {self.rule!r}; expected one of {', '.join(get_args(MaskRule))}")

    @property
    def label(self) -> str:
        """The method's name as people read it."""
        return self.title if self.rule == self.default_rule else f"{self.title} ({self.rule})"

    @property
    def settings(self) -> Mapping[str, object]:
        """The options that change results."""
        return {"rule": self.rule}

    @property
    def draw_settings(self) -> Mapping[str, object]:
        """What decides the draws of a method that draws for `internal_batch_size` pictures at a time.

        Its default is left out, as it is from the records of earlier releases.
        """
        if self.internal_batch_size == INTERNAL_BATCH_SIZE:
            return {"seed": self.seed}
        return {"seed": self.seed, "internal_batch_size": self.internal_batch_size}

    @abstractmethod
    def attribute(self, model: PictureModel, picture: Picture, target: Tensor) -> Tensor:
        """Return the attribution of each target's logit to the cells, `[B, T, F]`."""

    def mask(self, picture: Picture, target: Tensor) -> Tensor:
        """Return the attribution as a mask; see `attribution_mask`."""
        model = PictureModel(self.classifier, self.front_end, picture)
        with torch.enable_grad(), silence_captum():
            attribution = self.attribute(model, picture, target)
        return attribution_mask(attribution.detach(), self.rule)

    def clip_by_clip(self, picture: Picture, target: Tensor) -> Iterator[ClipQuery]:
        """Yield a query for each clip, whose range and draws do not depend on the rest of the batch."""
        for at in range(len(target)):
            clip = picture.clip(at)
            model = PictureModel(self.classifier, self.front_end, clip)
            seed = clip_seed(self.seed, clip.waveforms)
            yield ClipQuery(model, as_leaf(clip.log_magnitude), target[at : at + 1], seed)

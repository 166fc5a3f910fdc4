"""What the gradient baselines share: attribute the target's logit to the picture's cells, then mask."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import ClassVar, Literal, TypedDict, Unpack, get_args

import torch
from torch import Tensor

from interpreter.errors import ConfigError
from interpreter.explainers.gradient.captum_calls import as_leaf, silence_captum
from interpreter.explainers.spectral import Picture, PictureModel, SpectralExplainer, clip_seed, per_item_max
from interpreter.types import Classifier

MaskRule = Literal["absolute", "positive", "quantile"]
"""How an attribution A becomes a mask: |A| / max|A|; max(A, 0) / max; or 1 for the largest |A|, else 0."""

KEPT_SHARE = 0.2
"""Share of the cells that the rule `quantile` keeps."""


class GradientOptions(TypedDict, total=False):
    """Options of every gradient baseline.

    Attributes:
        batch_size: clips at a time.
        internal_batch_size: pictures that the classifier sees at a time inside a method that calls it many
            times (SmoothGrad, integrated gradients, SHAP): it bounds memory.
        rule: how the attribution becomes a mask.
        seed: of methods that draw.
    """

    batch_size: int | None
    internal_batch_size: int
    rule: MaskRule
    seed: int


@dataclass(frozen=True)
class Question:
    """One clip put to a method that goes clip by clip: what to ask, of which picture, for which class.

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


class GradientExplainer(SpectralExplainer):
    """A baseline that attributes the target's logit to the cells of X = log1p|STFT|, by `attribute`.

    The logit is the one before the softmax, the gradient goes through the mel bands.

    Args:
        classifier: the classifier to explain.
        **options: see `GradientOptions`.
    """

    title: ClassVar[str]
    default_rule: ClassVar[MaskRule] = "absolute"

    def __init__(self, classifier: Classifier, **options: Unpack[GradientOptions]) -> None:
        super().__init__(classifier, options.get("batch_size"))
        self.internal_batch_size = check_int("internal_batch_size", options.get("internal_batch_size", 16))
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

    @abstractmethod
    def attribute(self, model: PictureModel, picture: Picture, target: Tensor) -> Tensor:
        """Return the attribution of each target's logit to the cells, `[B, T, F]`."""

    def mask(self, picture: Picture, target: Tensor) -> Tensor:
        """Return the attribution as a mask; see `attribution_mask`."""
        model = PictureModel(self.classifier, self.front_end, picture)
        with torch.enable_grad(), silence_captum():
            attribution = self.attribute(model, picture, target)
        return attribution_mask(attribution.detach(), self.rule)

    def clip_by_clip(self, picture: Picture, target: Tensor) -> Iterator[Question]:
        """Put the clips one by one: each has its own range and draws, whatever its neighbours."""
        for at in range(len(target)):
            row = slice(at, at + 1)
            clip = Picture(picture.waveforms[row], picture.spectrum[row], picture.log_magnitude[row])
            model = PictureModel(self.classifier, self.front_end, clip)
            yield Question(
                model, as_leaf(clip.log_magnitude), target[row], clip_seed(self.seed, clip.waveforms)
            )


def check_int(name: str, value: object, minimum: int = 1) -> int:
    """Return `value` if it is an integer of at least `minimum`, else refuse it by `name`."""
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        raise ConfigError(f"{name} is {value!r}; expected an integer of {minimum} or more")
    return value


def check_non_negative(name: str, value: object) -> float:
    """Return `value` if it is a finite number of at least zero, else refuse it by `name`."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < inf:
        raise ConfigError(f"{name} is {value!r}; expected a number of 0 or more")
    return value


def check_patch(name: str, value: object) -> tuple[int, int]:
    """Return `value` as frames and bins if it is a pair of positive integers, else refuse it by `name`."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ConfigError(f"{name} is {value!r}; expected frames and bins, such as [32,64]")
    return check_int(name, value[0]), check_int(name, value[1])

"""Occlusion: what the target's logit loses if a patch of the picture is silent."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Unpack

import torch
from torch import Tensor

from interpreter.errors import ConfigError
from interpreter.explainers.attribution import AttributionExplainer, AttributionOptions, ClipQuery
from interpreter.explainers.options import check_patch
from interpreter.explainers.spectral import Picture, PictureModel
from interpreter.types import Classifier


class OcclusionExplainer(AttributionExplainer):
    """The target's logit minus the one with a patch silenced (Zeiler, Fergus 2014); it follows no gradient.

    The patch slides over the picture. A cell under several of its positions gets their mean.

    Args:
        classifier: the classifier to explain.
        patch: frames and bins of the patch.
        stride: frames and bins from one position to the next; the patch's size if None.
        **options: see `AttributionOptions`.
    """

    name = "occlusion"
    title = "Occlusion"
    only_asks = True

    def __init__(
        self,
        classifier: Classifier,
        *,
        patch: tuple[int, int] = (32, 64),
        stride: tuple[int, int] | None = None,
        **options: Unpack[AttributionOptions],
    ) -> None:
        super().__init__(classifier, **options)
        self.patch = check_patch("patch", patch)
        self.stride = self.patch if stride is None else check_patch("stride", stride)
        if self.stride[0] > self.patch[0] or self.stride[1] > self.patch[1]:
            raise ConfigError(
                f"stride is {list(self.stride)}; expected at most the patch, {list(self.patch)}, "
                "so that each cell is silent once"
            )

    @property
    def settings(self) -> Mapping[str, object]:
        """The options that change results."""
        return {**super().settings, "patch": list(self.patch), "stride": list(self.stride)}

    def attribute(self, model: PictureModel, picture: Picture, target: Tensor) -> Tensor:
        """Return what silence costs, clip by clip, `internal_batch_size` positions at a time."""
        with torch.no_grad():
            return torch.stack([self._occlude(query) for query in self.clip_by_clip(picture, target)])

    def _occlude(self, query: ClipQuery) -> Tensor:
        x, target = query.log_magnitude.detach(), int(query.target)
        axes = zip(x.shape[1:], self.patch, self.stride, strict=True)
        places = list(product(*(cut_spans(*axis) for axis in axes)))
        whole = query.model(x)[0, target]
        lost, times = torch.zeros_like(x[0]), torch.zeros_like(x[0])
        for at in range(0, len(places), self.internal_batch_size):
            some = places[at : at + self.internal_batch_size]
            pictures = x.repeat(len(some), 1, 1)
            for one, place in zip(pictures, some, strict=True):
                one[place] = 0
            costs = whole - query.model(pictures)[:, target]
            for cost, place in zip(costs, some, strict=True):
                lost[place] += cost
                times[place] += 1
        return lost / times


def cut_spans(size: int, patch: int, stride: int) -> list[slice]:
    """Return the spans of an axis that a patch covers, until it reaches the end, where it is cut off."""
    patch = min(patch, size)
    stride = min(stride, patch)
    return [slice(start, min(start + patch, size)) for start in range(0, size - patch + stride, stride)]

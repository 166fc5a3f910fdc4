"""Occlusion: what the target's logit loses if a patch of the picture is silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

import torch
from captum.attr import Occlusion
from torch import Tensor

from interpreter.errors import ConfigError
from interpreter.explainers.attribution import AttributionExplainer, AttributionOptions
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
        size = picture.log_magnitude.shape[1:]
        patch = tuple(min(own, whole) for own, whole in zip(self.patch, size, strict=True))
        stride = tuple(min(own, most) for own, most in zip(self.stride, patch, strict=True))
        with torch.no_grad():
            return torch.cat(
                [
                    Occlusion(query.model).attribute(
                        query.log_magnitude.detach(),
                        sliding_window_shapes=patch,
                        strides=stride,
                        target=query.target,
                        perturbations_per_eval=self.internal_batch_size,
                    )
                    for query in self.clip_by_clip(picture, target)
                ]
            )

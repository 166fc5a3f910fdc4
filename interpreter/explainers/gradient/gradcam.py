"""GradCAM and Guided GradCAM: a layer's feature maps, weighted by what they do to the target's logit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, Unpack, get_args

import torch
from captum.attr import LayerGradCam
from torch import Tensor, nn
from torch.nn.functional import interpolate

from interpreter.classifier.capabilities import is_spectral
from interpreter.classifier.wrapped import WrappedClassifier
from interpreter.errors import ConfigError
from interpreter.explainers.gradient.backpropagation import guided_gradient
from interpreter.explainers.gradient.base import GradientExplainer, GradientOptions
from interpreter.explainers.gradient.captum_calls import as_leaf
from interpreter.explainers.spectral import Picture, PictureModel
from interpreter.networks.feature_maps import in_cells, sample
from interpreter.types import Classifier

FrequencyAxis = Literal["mel", "linear"]
"""What the columns of a feature map are: shares of the mel bands, or of the STFT's bins."""


class GradCamExplainer(GradientExplainer):
    """The layer's maps, weighted by their mean gradients, summed and rectified (Selvaraju et al. 2017).

    Args:
        classifier: the classifier to explain.
        layer: the dotted name, in the classifier, of the module whose output is weighted; the deepest that
            explainers read where None.
        frequency_axis: `mel` spreads each cell of the map over the frames and mel bands that CNN14 made it
            of; `linear` stretches the columns evenly over the STFT's bins, as is common, which puts those of
            a network on mel bands at wrong frequencies.
        **options: see `GradientOptions`.
    """

    name = "gradcam"
    title = "GradCAM"

    def __init__(
        self,
        classifier: Classifier,
        *,
        layer: str | None = None,
        frequency_axis: FrequencyAxis = "mel",
        **options: Unpack[GradientOptions],
    ) -> None:
        super().__init__(classifier, **options)
        if frequency_axis not in get_args(FrequencyAxis):
            raise ConfigError(f"frequency_axis is {frequency_axis!r}; expected mel or linear")
        self.layer = layer or default_layer(classifier)
        self.frequency_axis = frequency_axis
        _module(classifier, self.layer)

    @property
    def label(self) -> str:
        """The method's name, with the layer and the axis if they are not the defaults."""
        parts = [super().label]
        if self.layer != default_layer(self.classifier):
            parts.append(self.layer.rpartition(".")[2])
        if self.frequency_axis != "mel":
            parts.append(f"{self.frequency_axis} axis")
        return ", ".join(parts)

    @property
    def settings(self) -> Mapping[str, object]:
        """The options that change results."""
        return {**super().settings, "layer": self.layer, "frequency_axis": self.frequency_axis}

    def attribute(self, model: PictureModel, picture: Picture, target: Tensor) -> Tensor:
        """Return the rectified map, spread over the cells of the picture."""
        x = as_leaf(picture.log_magnitude)
        maps: Tensor = LayerGradCam(model, _module(self.classifier, self.layer)).attribute(
            x, target, relu_attributions=True
        )
        return self._spread(maps.detach(), x.shape[1], x.shape[2])

    def _spread(self, maps: Tensor, frames: int, bins: int) -> Tensor:
        """Bring maps `[B, 1, t, f]`, or `[B, 1, t]` without frequencies, onto the cells `[B, T, F]`."""
        if maps.ndim == 2:
            raise ConfigError(
                "GradCAM needs a layer that gives maps in time, [B, C, T] or [B, C, T, F]; "
                f"{self.layer!r} gives a vector"
            )
        maps = maps.unsqueeze(3) if maps.ndim == 3 else maps
        if self.frequency_axis == "linear":
            return interpolate(maps, (frames, bins), mode="bilinear", align_corners=False)[:, 0]
        filters = self.front_end.filters
        bands = sample(maps[:, 0], self._cells(maps.shape[2], frames), dim=1)
        bands = sample(bands, self._cells(maps.shape[3], filters.shape[1]), dim=2)
        return bands @ band_to_bin(filters)

    def _cells(self, cells: int, wanted: int) -> Tensor:
        """Return the position of each frame or band on a map's cells, 0 being the first cell's centre.

        A spectral classifier halves its maps and drops what is over: a cell spans a power of two, and the
        last frames and bands are beyond the last cell. Of other networks' maps only the number of cells is
        known.
        """
        span = wanted / cells
        if is_spectral(self.classifier):
            span = 2.0 ** math.floor(math.log2(max(span, 1)))
        return in_cells(torch.arange(wanted, device=self.front_end.filters.device), span)


class GuidedGradCamExplainer(GradCamExplainer):
    """GradCAM times the guided gradient (Selvaraju et al. 2017, section 3.2)."""

    name = "guided-gradcam"
    title = "Guided GradCAM"

    def attribute(self, model: PictureModel, picture: Picture, target: Tensor) -> Tensor:
        """Return the product of the two attributions."""
        return super().attribute(model, picture, target) * guided_gradient(model, picture, target)


def default_layer(classifier: Classifier) -> str:
    """Return the name of the deepest layer that explainers read: CNN14's last block, or a wrapped layer."""
    return (
        f"module.{classifier.layers[0]}" if isinstance(classifier, WrappedClassifier) else "cnn14.conv_block6"
    )


def band_to_bin(filters: Tensor) -> Tensor:
    """Return the matrix that gives each STFT bin the weighted mean of the mel bands that hear it.

    A bin that no band hears (the ends of the range) gets the value of the band nearest to it.

    Shape:
        - filters: `[F, mel_bins]`
        - result: `[mel_bins, F]`, columns sum to one
    """
    heard = filters.sum(dim=1) > 0
    bins = torch.arange(len(filters), device=filters.device, dtype=filters.dtype)
    centres = (filters * bins[:, None]).sum(dim=0) / filters.sum(dim=0)
    nearest = (bins[:, None] - centres).abs().argmin(dim=1)
    nearest_only = nn.functional.one_hot(nearest, filters.shape[1]).to(filters.dtype)
    weights = torch.where(heard[:, None], filters, nearest_only)
    return (weights / weights.sum(dim=1, keepdim=True)).T


def _module(classifier: Classifier, layer: str) -> nn.Module:
    if isinstance(classifier, nn.Module):
        try:
            return classifier.get_submodule(layer)
        except AttributeError:
            pass
    raise ConfigError(
        f"the classifier has no layer {layer!r}; expected the dotted name of one of its modules"
    )

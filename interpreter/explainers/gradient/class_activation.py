"""What the class activation maps share: a layer's output and its gradient, spread over the cells."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Literal, Unpack, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from interpreter.classifier.capabilities import is_spectral
from interpreter.classifier.wrapped import WrappedClassifier
from interpreter.errors import ConfigError
from interpreter.explainers.attribution import AttributionExplainer, AttributionOptions
from interpreter.explainers.spectral import Picture, PictureModel
from interpreter.networks.feature_maps import in_cells, sample
from interpreter.types import Classifier

FrequencyAxis = Literal["mel", "linear"]
"""What the columns of a feature map are: shares of the mel bands, or of the STFT's bins."""


class ClassActivationExplainer(AttributionExplainer):
    """Weights the maps that a layer gives, and spreads their sum over the cells of the picture.

    Args:
        classifier: the classifier to explain.
        layer: the dotted name, in the classifier, of the module whose output is weighted; the deepest that
            explainers read if None.
        frequency_axis: `mel` spreads each cell of the map over the frames and mel bands that CNN14 made it
            of; `linear` stretches the columns evenly over the STFT's bins, as is common, which puts those of
            a network on mel bands at wrong frequencies.
        **options: see `AttributionOptions`.
    """

    def __init__(
        self,
        classifier: Classifier,
        *,
        layer: str | None = None,
        frequency_axis: FrequencyAxis = "mel",
        **options: Unpack[AttributionOptions],
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

    def read_layer(self, model: PictureModel, log_magnitude: Tensor) -> tuple[Tensor, Tensor]:
        """Return the layer's maps and the logits of pictures `[B, T, F]`.

        Raises:
            ConfigError: the classifier does not call the layer, or its output is not maps in time.

        Shape:
            - maps: `[B, C, t, f]`; f is 1 for a layer without frequencies
            - logits: `[B, classes]`
        """
        outputs: list[Tensor] = []

        def keep(_module: nn.Module, _inputs: object, output: object) -> Tensor:
            if not isinstance(output, Tensor):
                raise self._no_maps(f"a {type(output).__name__}")
            # Gradients are followed back to the maps and no further.
            outputs.append(self._to_maps(output).detach().requires_grad_())
            # A copy: what follows may work in place, and the logits have to depend on what was kept.
            return self._from_maps(outputs[-1], output).clone()

        if isinstance(self.classifier, WrappedClassifier):
            self.classifier.learn_layouts([self._own_name], model.picture.waveforms.shape[1])
        handle = _module(self.classifier, self.layer).register_forward_hook(keep)
        try:
            logits = model(log_magnitude)
        finally:
            handle.remove()
        if not outputs:
            raise ConfigError(f"the classifier does not call its layer {self.layer!r}; choose another layer")
        return outputs[-1], logits

    @property
    def _own_name(self) -> str:
        """The layer's name in the wrapped module."""
        return self.layer.removeprefix("module.")

    def _to_maps(self, output: Tensor) -> Tensor:
        if output.ndim < 3:
            raise self._no_maps("a vector")
        if isinstance(self.classifier, WrappedClassifier):
            return self.classifier.to_maps(self._own_name, output)
        if output.ndim > 4:
            raise self._no_maps(f"{output.ndim} dimensions")
        return output if output.ndim == 4 else output.unsqueeze(3)

    def _from_maps(self, maps: Tensor, output: Tensor) -> Tensor:
        if isinstance(self.classifier, WrappedClassifier):
            return self.classifier.from_maps(self._own_name, maps, output)
        return maps.view_as(output)

    def _no_maps(self, given: str) -> ConfigError:
        return ConfigError(
            f"{self.title} needs a layer that gives maps in time, [B, C, T] or [B, C, T, F]; "
            f"{self.layer!r} gives {given}"
        )

    def spread(self, maps: Tensor, frames: int, bins: int) -> Tensor:
        """Bring maps `[B, t, f]` onto the cells of the picture, `[B, T, F]`."""
        if self.frequency_axis == "linear":
            return interpolate(maps[:, None], (frames, bins), mode="bilinear", align_corners=False)[:, 0]
        filters = self.front_end.filters
        # Time last: all steps are linear, and there are far fewer rows than frames.
        bands = sample(maps, self._cells(maps.shape[2], filters.shape[1]), dim=2)
        return sample(bands @ band_to_bin(filters), self._cells(maps.shape[1], frames), dim=1)

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


class GradientCamExplainer(ClassActivationExplainer):
    """Weights the maps by the gradients of each target's logit with respect to them, in `combine`."""

    @abstractmethod
    def combine(self, maps: Tensor, gradients: Tensor) -> Tensor:
        """Return one map per clip, not yet rectified.

        Args:
            maps: the layer's output A.
            gradients: those of each target's logit with respect to it, dS/dA.

        Shape:
            - maps, gradients: `[B, C, t, f]`
            - result: `[B, t, f]`
        """

    def attribute(self, model: PictureModel, picture: Picture, target: Tensor) -> Tensor:
        """Return the rectified map, spread over the cells of the picture."""
        x = picture.log_magnitude.detach()
        maps, logits = self.read_layer(model, x)
        score = logits.gather(1, target[:, None]).sum()
        (gradients,) = torch.autograd.grad(score, maps, allow_unused=True)
        if gradients is None:
            raise ConfigError(
                f"the classifier's answer does not depend on its layer {self.layer!r}; choose another layer"
            )
        combined = self.combine(maps.detach(), gradients).clamp(min=0)
        return self.spread(combined, x.shape[1], x.shape[2])


def default_layer(classifier: Classifier) -> str:
    """Return the name of the deepest layer that explainers read: CNN14's last block, or a wrapped layer."""
    return (
        f"module.{classifier.layers[0]}" if isinstance(classifier, WrappedClassifier) else "cnn14.conv_block6"
    )


def band_to_bin(filters: Tensor) -> Tensor:
    """Return the matrix that gives each STFT bin the weighted mean of the mel bands that hear it.

    A bin that no band hears (the ends of the range) gets the value of the band nearest to it. So narrow a
    band that it falls between two bins, as with 128 bands on 512 samples, hears none and is nearest to none.

    Shape:
        - filters: `[F, mel_bins]`
        - result: `[mel_bins, F]`, columns sum to one
    """
    heard = filters.sum(dim=1) > 0
    bins = torch.arange(len(filters), device=filters.device, dtype=filters.dtype)
    centres = (filters * bins[:, None]).sum(dim=0) / filters.sum(dim=0)
    distances = (bins[:, None] - centres).abs().nan_to_num(torch.inf)  # argmin takes NaN for the smallest
    nearest = distances.argmin(dim=1)
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

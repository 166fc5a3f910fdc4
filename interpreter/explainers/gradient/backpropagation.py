"""Baselines from the gradient: Saliency, SmoothGrad, integrated gradients, guided backpropagation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

import torch
from captum.attr import GuidedBackprop, IntegratedGradients, NoiseTunnel, Saliency
from torch import Tensor, nn

from interpreter.errors import ConfigError
from interpreter.explainers.attribution import AttributionExplainer, AttributionOptions
from interpreter.explainers.captum_calls import as_leaf, captum_draws
from interpreter.explainers.options import check_int, check_non_negative
from interpreter.explainers.spectral import Picture, PictureModel
from interpreter.types import Classifier


class SaliencyExplainer(AttributionExplainer):
    """The size of the gradient (Simonyan, Vedaldi, Zisserman 2014)."""

    name = "saliency"
    title = "Saliency"

    def attribute(self, model: PictureModel, picture: Picture, target: Tensor) -> Tensor:
        """Return |d logit / dX|, or the gradient with its sign if the mask uses its positive part."""
        x = as_leaf(picture.log_magnitude)
        (gradient,) = torch.autograd.grad(model(x).gather(1, target[:, None]).sum(), x)
        return gradient if self.rule == "positive" else gradient.abs()


class SmoothGradExplainer(AttributionExplainer):
    """The mean of the gradient's size over noisy copies of the picture (Smilkov et al. 2017).

    Args:
        classifier: the classifier to explain.
        samples: noisy copies of each clip.
        noise: standard deviation of the noise, as a share of the picture's range (maximum - minimum).
        **options: see `AttributionOptions`.
    """

    name = "smoothgrad"
    title = "SmoothGrad"

    def __init__(
        self,
        classifier: Classifier,
        *,
        samples: int = 8,
        noise: float = 0.15,
        **options: Unpack[AttributionOptions],
    ) -> None:
        super().__init__(classifier, **options)
        self.samples = check_int("samples", samples)
        self.noise = check_non_negative("noise", noise)

    @property
    def settings(self) -> Mapping[str, object]:
        """The options that change results."""
        own = {"samples": self.samples, "noise": self.noise}
        return {**super().settings, **own, **self.draw_settings}

    def attribute(self, model: PictureModel, picture: Picture, target: Tensor) -> Tensor:
        """Return the mean over the copies, clip by clip."""
        results = []
        for query in self.clip_by_clip(picture, target):
            x = query.log_magnitude
            with captum_draws(query.seed, x.device):
                results.append(
                    NoiseTunnel(Saliency(query.model)).attribute(
                        x,
                        nt_type="smoothgrad",
                        nt_samples=self.samples,
                        nt_samples_batch_size=min(self.samples, self.internal_batch_size),
                        stdevs=self.noise * query.span,
                        target=query.target,
                        abs=self.rule != "positive",
                    )
                )
        return torch.cat(results)


class IntegratedGradientsExplainer(AttributionExplainer):
    """Gradients integrated on the way from silence to the picture (Sundararajan, Taly, Yan 2017).

    The baseline is X = 0, silence. By completeness the attributions of a clip sum to the difference of the
    target's logit between the clip and silence.

    Args:
        classifier: the classifier to explain.
        steps: points of the Gauss-Legendre quadrature.
        **options: see `AttributionOptions`.
    """

    name = "integrated-gradients"
    title = "Integrated gradients"

    def __init__(
        self, classifier: Classifier, *, steps: int = 20, **options: Unpack[AttributionOptions]
    ) -> None:
        super().__init__(classifier, **options)
        self.steps = check_int("steps", steps)

    @property
    def settings(self) -> Mapping[str, object]:
        """The options that change results."""
        return {**super().settings, "steps": self.steps}

    def attribute(self, model: PictureModel, picture: Picture, target: Tensor) -> Tensor:
        """Return X times the integrated gradient, clip by clip."""
        return torch.cat(
            [
                IntegratedGradients(query.model).attribute(
                    query.log_magnitude,
                    target=query.target,
                    n_steps=self.steps,
                    internal_batch_size=self.internal_batch_size,
                )
                for query in self.clip_by_clip(picture, target)
            ]
        )


class GuidedBackpropExplainer(AttributionExplainer):
    """The gradient, cut to its positive part at every rectifier it passes (Springenberg et al. 2015)."""

    name = "guided-backprop"
    title = "Guided backpropagation"

    def attribute(self, model: PictureModel, picture: Picture, target: Tensor) -> Tensor:
        """Return the guided gradient."""
        return guided_gradient(model, picture, target)


def guided_gradient(model: PictureModel, picture: Picture, target: Tensor) -> Tensor:
    """Return the guided gradient of each target's logit, `[B, T, F]`.

    Raises:
        ConfigError: the classifier has no `nn.ReLU` module, the only rectifier that is guided; with
            functional ones the result would silently be the plain gradient.
    """
    if not any(isinstance(module, nn.ReLU) for module in model.modules()):
        raise ConfigError(
            "guided backpropagation acts on nn.ReLU modules and the classifier has none; "
            "expected a module for each rectifier"
        )
    result: Tensor = GuidedBackprop(model).attribute(as_leaf(picture.log_magnitude), target)
    return result

"""The gradient baselines as a user of Captum writes them: one clip at a time, Captum's defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import captum.attr
import torch
from torch import Tensor, nn

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.explainers.captum_calls import captum_draws, silence_captum
from interpreter.explainers.spectral import clip_seed

SAMPLES = {"smoothgrad": 8, "shap": 16}
NOISE, STEPS = 0.15, 20

# Captum has no types.
One = Callable[[nn.Module, Tensor, Tensor], Any]


class OfPictures(nn.Module):
    """The classifier as a function of log magnitudes `[B, T, F]`."""

    def __init__(self, classifier: CnnClassifier) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, picture: Tensor) -> Tensor:
        """Return the logits; noise below silence counts as silence."""
        return self.classifier.from_log_spectrogram(picture.clamp(min=0))


def saliency(model: nn.Module, picture: Tensor, target: Tensor) -> Any:
    return captum.attr.Saliency(model).attribute(picture, target)


def smoothgrad(model: nn.Module, picture: Tensor, target: Tensor) -> Any:
    spread = NOISE * float(picture.detach().max() - picture.detach().min())
    tunnel = captum.attr.NoiseTunnel(captum.attr.Saliency(model))
    return tunnel.attribute(
        picture, nt_type="smoothgrad", nt_samples=SAMPLES["smoothgrad"], stdevs=spread, target=target
    )


def integrated_gradients(model: nn.Module, picture: Tensor, target: Tensor) -> Any:
    return captum.attr.IntegratedGradients(model).attribute(picture, target=target, n_steps=STEPS)


def gradcam(model: nn.Module, picture: Tensor, target: Tensor) -> Any:
    layer = model.get_submodule("classifier.cnn14.conv_block6")
    maps = captum.attr.LayerGradCam(model, layer).attribute(picture, target, relu_attributions=True)
    return captum.attr.LayerAttribution.interpolate(maps, picture.shape[1:], "bilinear")[:, 0]


def guided_backprop(model: nn.Module, picture: Tensor, target: Tensor) -> Any:
    return captum.attr.GuidedBackprop(model).attribute(picture, target)


def shap(model: nn.Module, picture: Tensor, target: Tensor) -> Any:
    silence = torch.zeros_like(picture)
    return captum.attr.GradientShap(model).attribute(
        picture, baselines=silence, n_samples=SAMPLES["shap"], target=target
    )


METHODS: dict[str, One] = {
    "saliency": saliency,
    "smoothgrad": smoothgrad,
    "integrated-gradients": integrated_gradients,
    "gradcam": gradcam,
    "guided-backprop": guided_backprop,
    "shap": shap,
}


def explain_one_by_one(name: str, classifier: CnnClassifier, clips: Tensor, target: Tensor) -> Tensor:
    """Return the attributions `[B, T, F]` of clips, one after the other, with the draws that ours take."""
    model, method, maps = OfPictures(classifier), METHODS[name], []
    for clip, label in zip(clips, target, strict=True):
        picture = classifier.front_end.log_magnitude(clip[None]).requires_grad_()
        with silence_captum(), captum_draws(clip_seed(0, clip[None]), clip.device):
            maps.append(method(model, picture, label[None]).detach())
    return torch.cat(maps)

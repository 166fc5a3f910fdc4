"""GradCAM and Guided GradCAM: a layer's feature maps, weighted by what they do to the target's logit."""

from __future__ import annotations

from torch import Tensor

from interpreter.explainers.gradient.backpropagation import guided_gradient
from interpreter.explainers.gradient.class_activation import GradientCamExplainer
from interpreter.explainers.spectral import Picture, PictureModel


class GradCamExplainer(GradientCamExplainer):
    """The layer's maps, weighted by their mean gradients (Selvaraju et al. 2017)."""

    name = "gradcam"
    title = "GradCAM"

    def combine(self, maps: Tensor, gradients: Tensor) -> Tensor:
        """Return the sum over maps of mean(g) A, equations 1 and 2."""
        return (gradients.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1)


class GuidedGradCamExplainer(GradCamExplainer):
    """GradCAM times the guided gradient (Selvaraju et al. 2017, section 3.2)."""

    name = "guided-gradcam"
    title = "Guided GradCAM"

    def attribute(self, model: PictureModel, picture: Picture, target: Tensor) -> Tensor:
        """Return the product of the two attributions."""
        return super().attribute(model, picture, target) * guided_gradient(model, picture, target)

"""LayerCAM: each cell of the maps counts by its own gradient if that is positive."""

from __future__ import annotations

from torch import Tensor

from interpreter.explainers.gradient.class_activation import GradientCamExplainer


class LayerCamExplainer(GradientCamExplainer):
    """The maps times their positive gradients, cell by cell (Jiang et al. 2021).

    Made for shallow layers, whose maps are finer: `layer=cnn14.conv_block4`, for example.
    """

    name = "layercam"
    title = "LayerCAM"

    def combine(self, maps: Tensor, gradients: Tensor) -> Tensor:
        """Return the sum over maps of relu(g) A."""
        return (gradients.clamp(min=0) * maps).sum(dim=1)

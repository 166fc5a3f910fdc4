"""HiResCAM: each cell of the maps counts by its own gradient."""

from __future__ import annotations

from torch import Tensor

from interpreter.explainers.gradient.class_activation import GradientCamExplainer


class HiResCamExplainer(GradientCamExplainer):
    """The maps times their gradients, cell by cell (Draelos, Carin 2020).

    If everything after the layer is linear, the map before it is rectified sums to the logit without the
    bias: it highlights only what the network used. It is GradCAM if the gradient is the same in all cells.
    """

    name = "hirescam"
    title = "HiResCAM"

    def combine(self, maps: Tensor, gradients: Tensor) -> Tensor:
        """Return the sum over maps of g A."""
        return (gradients * maps).sum(dim=1)

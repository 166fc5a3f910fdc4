"""GradCAM++: each cell's positive gradient counts by its own weight, not by one over the number of cells."""

from __future__ import annotations

import torch
from torch import Tensor

from interpreter.explainers.gradient.class_activation import GradientCamExplainer


class GradCamPlusPlusExplainer(GradientCamExplainer):
    """The maps, weighted by the weighted sum of their positive gradients (Chattopadhay et al. 2018).

    The paper explains Y = exp(S), S being the logit. In a network of rectifiers S is linear around the
    picture, and the second and third derivatives of Y are exp(S) g^2 and exp(S) g^3 with g = dS/dA.
    """

    name = "gradcam++"
    title = "GradCAM++"

    def combine(self, maps: Tensor, gradients: Tensor) -> Tensor:
        """Return the sum over maps of w A, w being the sum over the map's cells of alpha relu(g).

        Equation 19, alpha = g^2 / (2 g^2 + sum(A) g^3), is 1 / (2 + sum(A) g) after division by g^2: small
        gradients do not underflow. If g <= 0 the cell has no part in w, whatever its alpha. The factor
        exp(S) is common to all maps of a clip, and the mask is divided by its largest value: it is left out,
        since it overflows for large logits.
        """
        positive = gradients.clamp(min=0)
        denominator = 2 + maps.sum(dim=(2, 3), keepdim=True) * positive
        # Only a layer without a rectifier has maps with a negative sum, which can reach the pole.
        denominator = torch.where(denominator == 0, 1, denominator)
        weights = (positive / denominator).sum(dim=(2, 3), keepdim=True)
        return (weights * maps).sum(dim=1)

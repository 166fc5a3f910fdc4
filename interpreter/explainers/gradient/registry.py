"""The gradient baselines by name, all through Captum.

The paper compares with them and released no code for any; the choices that this leaves open are options of
the classes, and `docs/methods-evaluation.md` states them.
"""

from __future__ import annotations

from interpreter.explainers.gradient.backpropagation import (
    GuidedBackpropExplainer,
    IntegratedGradientsExplainer,
    SaliencyExplainer,
    SmoothGradExplainer,
)
from interpreter.explainers.gradient.base import GradientExplainer, MaskRule, attribution_mask
from interpreter.explainers.gradient.gradcam import GradCamExplainer, GuidedGradCamExplainer
from interpreter.explainers.gradient.shap import ShapExplainer

__all__ = [
    "GRADIENT_METHODS",
    "GradCamExplainer",
    "GradientExplainer",
    "GuidedBackpropExplainer",
    "GuidedGradCamExplainer",
    "IntegratedGradientsExplainer",
    "MaskRule",
    "SaliencyExplainer",
    "ShapExplainer",
    "SmoothGradExplainer",
    "attribution_mask",
]

GRADIENT_METHODS: dict[str, type[GradientExplainer]] = {
    method.name: method
    for method in (
        SaliencyExplainer,
        SmoothGradExplainer,
        IntegratedGradientsExplainer,
        GradCamExplainer,
        GuidedGradCamExplainer,
        GuidedBackpropExplainer,
        ShapExplainer,
    )
}

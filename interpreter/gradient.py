"""The gradient baselines by name, all through Captum.

The paper compares with them and released no code for any; the choices that this leaves open are options of
the classes, and `docs/methods-evaluation.md` states them.
"""

from __future__ import annotations

from interpreter.gradient_base import GradientExplainer, MaskRule, attribution_mask
from interpreter.gradient_cam import GradCamExplainer, GuidedGradCamExplainer
from interpreter.gradient_plain import (
    GuidedBackpropExplainer,
    IntegratedGradientsExplainer,
    SaliencyExplainer,
    SmoothGradExplainer,
)
from interpreter.gradient_shap import ShapExplainer

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

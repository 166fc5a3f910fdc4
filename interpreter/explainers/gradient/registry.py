"""The baselines that need no training, by name.

The LMAC-TD paper compares with seven of them and released no code for any; the choices that this leaves open
are options of the classes, and `docs/methods-evaluation.md` states them.
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
from interpreter.explainers.gradient.gradcam_plus_plus import GradCamPlusPlusExplainer
from interpreter.explainers.gradient.hirescam import HiResCamExplainer
from interpreter.explainers.gradient.layercam import LayerCamExplainer
from interpreter.explainers.gradient.occlusion import OcclusionExplainer
from interpreter.explainers.gradient.scorecam import ScoreCamExplainer
from interpreter.explainers.gradient.shap import ShapExplainer

__all__ = [
    "GRADIENT_METHODS",
    "GradCamExplainer",
    "GradCamPlusPlusExplainer",
    "GradientExplainer",
    "GuidedBackpropExplainer",
    "GuidedGradCamExplainer",
    "HiResCamExplainer",
    "IntegratedGradientsExplainer",
    "LayerCamExplainer",
    "MaskRule",
    "OcclusionExplainer",
    "SaliencyExplainer",
    "ScoreCamExplainer",
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
        GradCamPlusPlusExplainer,
        HiResCamExplainer,
        LayerCamExplainer,
        ScoreCamExplainer,
        GuidedGradCamExplainer,
        GuidedBackpropExplainer,
        ShapExplainer,
        OcclusionExplainer,
    )
}

"""The gradient baselines by name."""

from __future__ import annotations

from collections.abc import Mapping

from interpreter.explainers.by_name import MethodsByName
from interpreter.explainers.gradient.base import GradientExplainer

GRADIENT_HOMES = {
    "saliency": "backpropagation:SaliencyExplainer",
    "smoothgrad": "backpropagation:SmoothGradExplainer",
    "integrated-gradients": "backpropagation:IntegratedGradientsExplainer",
    "gradcam": "gradcam:GradCamExplainer",
    "gradcam++": "gradcam_plus_plus:GradCamPlusPlusExplainer",
    "hirescam": "hirescam:HiResCamExplainer",
    "layercam": "layercam:LayerCamExplainer",
    "scorecam": "scorecam:ScoreCamExplainer",
    "guided-gradcam": "gradcam:GuidedGradCamExplainer",
    "guided-backprop": "backpropagation:GuidedBackpropExplainer",
    "shap": "shap:ShapExplainer",
    "occlusion": "occlusion:OcclusionExplainer",
}

GRADIENT_METHODS: Mapping[str, type[GradientExplainer]] = MethodsByName(
    "interpreter.explainers.gradient", GRADIENT_HOMES
)
"""The methods' classes by name."""

"""The gradient baselines by name."""

from __future__ import annotations

from collections.abc import Mapping

from interpreter.explainers.attribution import AttributionExplainer
from interpreter.explainers.by_name import MethodsByName

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
}

GRADIENT_METHODS: Mapping[str, type[AttributionExplainer]] = MethodsByName(
    "interpreter.explainers.gradient", GRADIENT_HOMES
)
"""The methods' classes by name."""

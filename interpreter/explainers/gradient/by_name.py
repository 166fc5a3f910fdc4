"""The gradient baselines by name, each loaded when it is asked for: Captum takes half a second to import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interpreter.explainers.gradient.base import GradientExplainer

_HOMES = {
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


class _ByName(Mapping[str, "type[GradientExplainer]"]):
    """Names are there at once; a method's module is imported with its class."""

    def __getitem__(self, name: str) -> type[GradientExplainer]:
        module, _, class_name = _HOMES[name].partition(":")
        method: type[GradientExplainer] = getattr(
            import_module(f"interpreter.explainers.gradient.{module}"), class_name
        )
        return method

    def __contains__(self, name: object) -> bool:
        return name in _HOMES

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)


GRADIENT_METHODS: Mapping[str, type[GradientExplainer]] = _ByName()
"""The methods' classes by name."""

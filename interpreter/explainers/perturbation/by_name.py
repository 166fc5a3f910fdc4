"""The methods that perturb, by name: `module:Class` in this package."""

PERTURBATION_HOMES = {
    "occlusion": "occlusion:OcclusionExplainer",
    "lime": "lime:LimeExplainer",
    "slime": "slime:SlimeExplainer",
    "audiolime": "audiolime:AudioLimeExplainer",
    "kernel-shap": "kernel_shap:KernelShapExplainer",
    "freqrise": "freqrise:FreqRiseExplainer",
    "flextime": "flextime:FlexTimeExplainer",
    "optimised-mask": "optimised_mask:OptimisedMaskExplainer",
}

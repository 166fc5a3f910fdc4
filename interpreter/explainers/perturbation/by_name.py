"""The methods that perturb, by name: `module:Class` in this package."""

PERTURBATION_HOMES = {
    "lime": "lime:LimeExplainer",
    "slime": "slime:SlimeExplainer",
    "audiolime": "audiolime:AudioLimeExplainer",
}

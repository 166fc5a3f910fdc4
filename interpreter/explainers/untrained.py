"""Every method that needs no training, by name: the gradient baselines and those that perturb."""

from __future__ import annotations

from collections.abc import Mapping

from interpreter.explainers.base import Explainer
from interpreter.explainers.by_name import MethodsByName
from interpreter.explainers.gradient.by_name import GRADIENT_HOMES
from interpreter.explainers.perturbation.by_name import PERTURBATION_HOMES

UNTRAINED_METHODS: Mapping[str, type[Explainer]] = MethodsByName(
    "interpreter.explainers",
    {
        **{name: f"gradient.{home}" for name, home in GRADIENT_HOMES.items()},
        **{name: f"perturbation.{home}" for name, home in PERTURBATION_HOMES.items()},
    },
)
"""The methods' classes by name, each imported when it is asked for."""

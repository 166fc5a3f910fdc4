"""Every explaining method by name: the learned ones and the gradient baselines."""

from __future__ import annotations

from interpreter.explainers.base import Explainer
from interpreter.explainers.gradient.registry import GRADIENT_METHODS
from interpreter.explainers.registry import learned_methods

METHODS: dict[str, type[Explainer]] = {
    **GRADIENT_METHODS,
    **{kind: method.explainer for kind, method in learned_methods().items()},
}
"""The methods' classes; `load_explainer` brings one to life from a run."""

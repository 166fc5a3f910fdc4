"""Every explaining method by name: the learned ones and those that need no training."""

from __future__ import annotations

from interpreter.explainers.base import Explainer
from interpreter.explainers.registry import learned_methods
from interpreter.explainers.untrained import UNTRAINED_METHODS

METHODS: dict[str, type[Explainer]] = {
    **UNTRAINED_METHODS,
    **{kind: method.explainer for kind, method in learned_methods().items()},
}
"""The methods' classes; `load_explainer` brings one to life from a run."""

"""Explain audio classifiers in sound: LMAC-TD, its baselines, and the metrics of their faithfulness.

Names are imported when they are asked for, so that `import interpreter` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interpreter.classifier import Cnn14, CnnClassifier
    from interpreter.errors import CheckpointError, ConfigError, InterpreterError, RunError
    from interpreter.evaluate import evaluate
    from interpreter.explainer import Explainer
    from interpreter.features import FrontEnd
    from interpreter.loading import load_classifier, load_explainer
    from interpreter.methods import METHODS
    from interpreter.types import Classifier, Explanation
    from interpreter.wrap import WrappedClassifier, wrap_module

_HOMES = {
    "METHODS": "methods",
    "CheckpointError": "errors",
    "Classifier": "types",
    "Cnn14": "classifier",
    "CnnClassifier": "classifier",
    "ConfigError": "errors",
    "Explainer": "explainer",
    "Explanation": "types",
    "FrontEnd": "features",
    "InterpreterError": "errors",
    "RunError": "errors",
    "WrappedClassifier": "wrap",
    "evaluate": "evaluate",
    "load_classifier": "loading",
    "load_explainer": "loading",
    "wrap_module": "wrap",
}

__all__ = [
    "METHODS",
    "CheckpointError",
    "Classifier",
    "Cnn14",
    "CnnClassifier",
    "ConfigError",
    "Explainer",
    "Explanation",
    "FrontEnd",
    "InterpreterError",
    "RunError",
    "WrappedClassifier",
    "evaluate",
    "load_classifier",
    "load_explainer",
    "wrap_module",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

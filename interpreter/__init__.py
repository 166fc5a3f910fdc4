"""Explain audio classifiers in sound: LMAC-TD, its baselines, and the metrics of their faithfulness.

Names are imported when they are asked for, so that `import interpreter` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interpreter.classifier import Cnn14, CnnClassifier
    from interpreter.classifier.front_end import FrontEnd
    from interpreter.classifier.wrapped import WrappedClassifier, wrap_module
    from interpreter.errors import CheckpointError, ConfigError, InterpreterError, RunError
    from interpreter.evaluation.scoring import evaluate
    from interpreter.explainers.base import Explainer
    from interpreter.explainers.methods import METHODS
    from interpreter.loading import load_classifier, load_explainer
    from interpreter.recordings.explain_sound import explain
    from interpreter.types import Classifier, Explanation

_HOMES = {
    "METHODS": "explainers.methods",
    "CheckpointError": "errors",
    "Classifier": "types",
    "Cnn14": "classifier",
    "CnnClassifier": "classifier",
    "ConfigError": "errors",
    "Explainer": "explainers.base",
    "Explanation": "types",
    "FrontEnd": "classifier.front_end",
    "InterpreterError": "errors",
    "RunError": "errors",
    "WrappedClassifier": "classifier.wrapped",
    "evaluate": "evaluation.scoring",
    "explain": "recordings.explain_sound",
    "load_classifier": "loading",
    "load_explainer": "loading",
    "wrap_module": "classifier.wrapped",
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
    "explain",
    "load_classifier",
    "load_explainer",
    "wrap_module",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__

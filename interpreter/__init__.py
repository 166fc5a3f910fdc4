"""Explain audio classifiers in sound: LMAC-TD, its baselines, and the metrics of their faithfulness.

Names are imported when they are asked for, so that `import interpreter` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interpreter.threads import make_threads_yield
from stimuli.lazy import import_lazily

if TYPE_CHECKING:
    from interpreter.classifier import Cnn14, CnnClassifier
    from interpreter.classifier.black_box import BlackBoxClassifier, wrap_callable
    from interpreter.classifier.front_end import FrontEnd
    from interpreter.classifier.wrapped import WrappedClassifier, wrap_module
    from interpreter.errors import CheckpointError, ConfigError, InterpreterError, RunError
    from interpreter.evaluation.scoring import evaluate
    from interpreter.explainers.base import Explainer
    from interpreter.explainers.methods import METHODS
    from interpreter.loading import load_classifier, load_explainer, load_target
    from interpreter.recordings.explain_sound import explain
    from interpreter.types import Classifier, Explanation

__all__ = [
    "METHODS",
    "BlackBoxClassifier",
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
    "load_target",
    "wrap_callable",
    "wrap_module",
]

_HOMES = {
    "METHODS": "interpreter.explainers.methods",
    "BlackBoxClassifier": "interpreter.classifier.black_box",
    "CheckpointError": "interpreter.errors",
    "Classifier": "interpreter.types",
    "Cnn14": "interpreter.classifier",
    "CnnClassifier": "interpreter.classifier",
    "ConfigError": "interpreter.errors",
    "Explainer": "interpreter.explainers.base",
    "Explanation": "interpreter.types",
    "FrontEnd": "interpreter.classifier.front_end",
    "InterpreterError": "interpreter.errors",
    "RunError": "interpreter.errors",
    "WrappedClassifier": "interpreter.classifier.wrapped",
    "evaluate": "interpreter.evaluation.scoring",
    "explain": "interpreter.recordings.explain_sound",
    "load_classifier": "interpreter.loading",
    "load_explainer": "interpreter.loading",
    "load_target": "interpreter.loading",
    "wrap_callable": "interpreter.classifier.black_box",
    "wrap_module": "interpreter.classifier.wrapped",
}

make_threads_yield()  # before anything imports torch

__getattr__, __dir__ = import_lazily(__name__, _HOMES)

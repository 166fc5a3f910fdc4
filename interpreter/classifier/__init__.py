"""Classifiers: CNN14 with its front end, and any other network behind the same contract."""

from __future__ import annotations

from interpreter.classifier.cnn14 import Cnn14, CnnClassifier

__all__ = ["Cnn14", "CnnClassifier"]

"""The record of a learned method: a kind of training whose network explains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from interpreter.explainers.base import Explainer
from interpreter.kinds.kind import C, N, TrainedKind
from interpreter.types import Classifier


@dataclass(frozen=True)
class LearnedMethod(TrainedKind[C, N]):
    """A learned method: its settings, network, objective and explainer, together in one file.

    Attributes:
        explainer: its class, named as the kind.
        explain: makes the explainer of a classifier and a trained network.
    """

    explainer: type[Explainer] = field(kw_only=True)
    explain: Callable[[Classifier, N, C], Explainer] = field(kw_only=True)

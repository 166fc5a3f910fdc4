"""A classifier asked for one class rather than another: what is explained is the difference of two logits."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

from interpreter.classifier.labels import name_known
from interpreter.errors import ConfigError
from interpreter.types import Classifier

C = TypeVar("C", bound=Classifier)

_ANSWERING = ("forward", "from_log_spectrogram", "inspect_log_spectrogram", "inspect")


def contrast(classifier: C, first: str, second: str) -> C:
    """Return the classifier with two classes, `first rather than second` and the reverse.

    With the difference d of the two classes' logits, the new logits are d/2 and -d/2: their difference is d,
    and the softmax is the probability of `first` if only the two could be. Layers, front end and weights
    are the classifier's own, so that every method that needs no training explains the difference.

    Args:
        classifier: any classifier; it stays as it is.
        first: the class that is argued for.
        second: the class that is argued against.

    Raises:
        ConfigError: a class that the classifier does not know, or the same one twice.
    """
    labels = list(classifier.labels)
    for label in (first, second):
        if label not in labels:
            raise ConfigError(
                f"the classifier does not know the class {label!r}; {name_known(labels, label)}"
            )
    if first == second:
        raise ConfigError(f"the class {first!r} is compared with itself; expected two classes (--against)")
    numbers = labels.index(first), labels.index(second)
    kind: Any = type(classifier)
    names = [name for name in _ANSWERING if hasattr(kind, name)] or ["__call__"]
    other: Any = copy.copy(classifier)
    other.__class__ = type(
        f"Contrasted{kind.__name__}", (kind,), {name: _subtract(kind, name, numbers) for name in names}
    )
    other.labels = (f"{first} rather than {second}", f"{second} rather than {first}")
    other.multi_label = False
    other.answers_within = 0  # its ways to answer may call one another; the outermost subtracts
    result: C = other
    return result


def _subtract(kind: Any, name: str, numbers: tuple[int, int]) -> Callable[..., Any]:
    asked = getattr(kind, name)

    def answer(self: Any, *arguments: Any) -> Any:
        self.answers_within += 1
        try:
            found = asked(self, *arguments)
        finally:
            self.answers_within -= 1
        if self.answers_within:
            return found
        if isinstance(found, Tensor):
            return _halve_difference(found, numbers)
        logits, *rest = found
        return (_halve_difference(logits, numbers), *rest)

    return answer


def _halve_difference(logits: Tensor, numbers: tuple[int, int]) -> Tensor:
    half = (logits[:, numbers[0]] - logits[:, numbers[1]]) / 2
    return torch.stack([half, -half], dim=1)

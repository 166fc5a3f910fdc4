"""A classifier of which only the answers are known: an ONNX file, an HTTP endpoint, another framework."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from interpreter.classifier.wrapped import to_logits
from interpreter.errors import ConfigError, InterpreterError
from stimuli import Audio

Answering = Callable[[Audio], Any]
"""From waveforms `[B, samples]` to probabilities `[B, classes]`, both arrays."""

_TOLERANCE = 1e-3  # of the sum of probabilities, which may have been rounded on their way


class BlackBoxClassifier:
    """A classifier that answers and shows nothing else: it has neither layers nor gradients.

    Args:
        answer: gives probabilities, see `Answering`.
        sample_rate: of the waveforms, in Hz.
        labels: names of the classes.
        multi_label: whether several classes may be true at once, so that probabilities do not sum to one.

    Raises:
        ConfigError: `answer` cannot be called, a rate below 1 Hz, or fewer than two labels.
    """

    black_box = True

    def __init__(
        self, answer: Answering, sample_rate: int, labels: Sequence[str], *, multi_label: bool = False
    ) -> None:
        if not callable(answer):
            raise ConfigError(
                f"the classifier is {type(answer).__name__}; expected a function of waveforms [B, samples] "
                "that returns probabilities [B, classes]"
            )
        if sample_rate < 1 or len(labels) < 2:
            raise ConfigError(
                f"sample_rate is {sample_rate} and there are {len(labels)} labels; expected 1 Hz or more and "
                "two labels or more"
            )
        self.answer, self.multi_label = answer, multi_label
        self._classes, self._several = len(labels), multi_label  # of the answers, whatever is made of them
        self.sample_rate = sample_rate
        self.labels: Sequence[str] = tuple(labels)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return the logarithms of the probabilities, or their logits if several classes may be true.

        Raises:
            InterpreterError: an answer of another shape, or that is not probabilities.

        Shape:
            - waveforms: `[B, samples]`
            - result: `[B, classes]`
        """
        heard = waveforms.detach().cpu().numpy().astype(np.float32, copy=True)
        answers = np.asarray(self.answer(heard), dtype=np.float64)
        expected = (len(heard), self._classes)
        if answers.shape != expected:
            raise InterpreterError(
                f"the classifier answers with the shape {list(answers.shape)}; expected {list(expected)}, a "
                "probability for each clip and label"
            )
        if not ((answers >= -_TOLERANCE) & (answers <= 1 + _TOLERANCE)).all():
            raise InterpreterError(
                f"the classifier answers {answers.min():.3g} to {answers.max():.3g}; expected probabilities "
                "from 0 to 1"
            )
        if not self._several and np.abs(answers.sum(axis=1) - 1).max() > _TOLERANCE:
            raise InterpreterError(
                f"the classifier's probabilities sum to {answers[0].sum():.3g}; expected 1, or "
                "multi_label=True if several classes may be true at once"
            )
        return to_logits(torch.from_numpy(answers).float(), self._several).to(waveforms.device)

    def representations(self, waveforms: Tensor) -> list[Tensor]:
        """Refuse: a black box has none.

        Raises:
            ConfigError: always.
        """
        raise ConfigError("the classifier is a black box and has no layers to read; expected a torch module")


def wrap_callable(
    answer: Answering, sample_rate: int, labels: Sequence[str], *, multi_label: bool = False
) -> BlackBoxClassifier:
    """Make a function of waveforms explainable by methods that only ask; see `BlackBoxClassifier`."""
    return BlackBoxClassifier(answer, sample_rate, labels, multi_label=multi_label)

"""What is explained: a class by its label, the classifier's second answer, or one class against another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from interpreter.classifier.capabilities import takes_texts, to_classifier_level
from interpreter.classifier.clip_checks import check_clips
from interpreter.classifier.contrast import contrast
from interpreter.classifier.labels import name_known
from interpreter.classifier.likeness import liken
from interpreter.errors import ConfigError, InterpreterError
from interpreter.explainers.base import Explainer
from interpreter.explainers.untrained import UNTRAINED_METHODS
from stimuli import read_audio, sha256_of, to_mono


@dataclass(frozen=True)
class Question:
    """What to explain.

    Attributes:
        target: the label to explain, or any text if the classifier's classes are texts; None asks for an
            answer of the classifier.
        against: the label that `target` is compared with: the difference of their logits is explained.
        rank: which answer of the classifier is explained if no label is: 1 is the predicted class.
        like: a sound file: what makes sounds like it is explained.
    """

    target: str | None = None
    against: str | None = None
    rank: int = 1
    like: Path | None = None

    def put_to(self, explainer: Explainer) -> tuple[Explainer, int | None]:
        """Return the explainer to ask, and the number of the class to ask for, or None for an answer.

        Raises:
            InterpreterError: an unknown label, or a method that only explains the prediction.
            ConfigError: parts that do not go together, or a rank that the classifier does not have.
        """
        explainer.refuse_rank(self.rank)
        if self.rank > 1 and self.target is not None:
            raise ConfigError(
                f"rank is {self.rank} and the target {self.target!r}; expected one of --rank and --target"
            )
        if self.like is not None:
            return self._compare(explainer, self.like), 0
        explainer = self._add_texts(explainer)
        if self.against is None:
            return explainer, None if self.target is None else label_number(explainer, self.target)
        if self.target is None:
            raise ConfigError(
                f"against is {self.against!r} without a target; expected --target with --against"
            )
        _refuse_trained(explainer, "--against")
        return explainer.replace_classifier(contrast(explainer.classifier, self.target, self.against)), 0

    def _compare(self, explainer: Explainer, like: Path) -> Explainer:
        if (self.target, self.against, self.rank) != (None, None, 1):
            raise ConfigError(
                f"like is {str(like)!r}; expected --like without --target, --against and --rank"
            )
        _refuse_trained(explainer, "--like")
        classifier = explainer.classifier
        sound = torch.from_numpy(to_mono(read_audio(like, classifier.sample_rate)[0]))
        try:
            reference = check_clips(classifier, to_classifier_level(sound[None], classifier))[0]
            return explainer.replace_classifier(liken(classifier, reference, like.name))
        except InterpreterError as error:
            raise type(error)(f"{like}: {error}") from error

    def _add_texts(self, explainer: Explainer) -> Explainer:
        """Return the explainer with the asked texts among its classifier's classes, if these are texts."""
        classifier = explainer.classifier
        asked = [text for text in (self.target, self.against) if text is not None]
        new = [text for text in dict.fromkeys(asked) if text not in classifier.labels]
        if not new or not takes_texts(classifier):
            return explainer
        return explainer.replace_classifier(classifier.replace_labels((*classifier.labels, *new)))

    @property
    def record(self) -> dict[str, object]:
        """What an explanation's record says of it."""
        asked: dict[str, object] = {
            "asked_target": self.target,
            "asked_against": self.against,
            "asked_rank": self.rank,
        }
        # left out if it was not asked, as it is from the records of earlier releases
        return asked if self.like is None else {**asked, "asked_like_sha256": sha256_of(self.like)}


def _refuse_trained(explainer: Explainer, option: str) -> None:
    """Make sure that a method needs no training.

    Raises:
        ConfigError: it was trained for single classes.
    """
    if explainer.name not in UNTRAINED_METHODS:
        raise ConfigError(
            f"{explainer.label} was trained for single classes; expected a method that needs no training "
            f"(--method) with {option}"
        )


def label_number(explainer: Explainer, label: str) -> int:
    """Return the number of a label among the classifier's.

    Raises:
        InterpreterError: the classifier does not know it, or the method only explains the prediction.
    """
    if not explainer.takes_target:
        raise InterpreterError(
            f"{explainer.label} explains the class that the classifier predicts, whatever class is asked "
            f"for; leave out the target {label!r}, or ask L2I or a gradient baseline for it"
        )
    labels = list(explainer.classifier.labels)
    if label not in labels:
        raise InterpreterError(
            f"the classifier does not know the class {label!r}; {name_known(labels, label)}"
        )
    return labels.index(label)

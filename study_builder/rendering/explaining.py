"""One clip of a stimuli set: what the classifier answers, and how every method explains it.

The one file of the package that computes with torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from interpreter import Explainer
from interpreter.classifier.capabilities import to_classifier_level, to_probabilities
from interpreter.evaluation.comparison import explainers_of
from interpreter.explainers.base import rank_classes
from interpreter.explainers.targets import Question
from stimuli import Audio, Clip, Dataset, Item
from study_builder.config.roles import REFERENCE
from study_builder.errors import RenderError
from study_builder.rendering.item_selection import Answer, item_name
from study_builder.rendering.stimuli_set import ItemSounds


@dataclass(frozen=True)
class Rendering:
    """What to render.

    Attributes:
        explainers: by condition name, in order; all explain the same classifier's answers.
        dataset: the clips to choose from.
        items: how many.
        seed: of the choice and of the dither.
        correct_only: choose clips that the classifier gets right.
        picks: the clips themselves, in place of a choice.
        residuals: whether to keep what the masks removed.
        duration_s: trims or pads every clip; None keeps their own lengths.
        question: what is explained in every clip; the predicted class by default.
    """

    explainers: dict[str, Explainer]
    dataset: Dataset
    items: int = 9
    seed: int = 0
    correct_only: bool = True
    picks: tuple[Clip, ...] | None = None
    residuals: bool = False
    duration_s: float | None = None
    question: Question = field(default_factory=Question)

    @cached_property
    def aimed(self) -> dict[str, tuple[Explainer, int | None]]:
        """Explainers to ask by condition name, and the class to ask for, None for an answer.

        Raises:
            InterpreterError: one of them cannot be asked for that.
        """
        return {name: self.question.put_to(explainer) for name, explainer in self.explainers.items()}

    @property
    def first(self) -> Explainer:
        """The explainer whose classifier decides."""
        return next(iter(self.explainers.values()))


def conditions_of(
    runs: Sequence[Path], methods: Sequence[str], device: str | torch.device, classifier: str | None = None
) -> dict[str, Explainer]:
    """Load the explainers of `runs`, and `methods` on their classifier, by names that are safe in paths.

    Raises:
        InterpreterError: there is nothing to render, or the runs are of different classifiers.
        RenderError: two conditions would have one name.
    """
    conditions: dict[str, Explainer] = {}
    for name, explainer in explainers_of(runs, methods, device, target=classifier).items():
        safe = re.sub(r"[^A-Za-z0-9._+-]+", "-", name).lstrip("._+-") or "method"
        if safe in conditions or safe == REFERENCE:
            raise RenderError(f"two conditions would be named {safe!r}; rename one of the runs")
        conditions[safe] = explainer
    return conditions


def answer_of(rendering: Rendering, clip: Clip) -> Answer:
    """Return what the classifier makes of a clip."""
    explainer, audio = rendering.first, _audio(rendering, clip)
    (asked, number), *_ = rendering.aimed.values()
    with torch.inference_mode():
        logits = explainer.classifier(audio.to(explainer.device))
        own = logits if asked is explainer else asked.classifier(audio.to(explainer.device))
    target = int(rank_classes(own, rendering.question.rank)[0]) if number is None else number
    return Answer(
        clip,
        target,
        asked.classifier.labels[target],
        float(to_probabilities(own, asked.classifier)[0, target]),
        silent=not bool(audio.any()),
        correct=explainer.classifier.labels[int(logits[0].argmax())] == clip.category,
    )


def _audio(rendering: Rendering, clip: Clip) -> torch.Tensor:
    """Read a clip at the level that the classifier was trained on, `[1, samples]`."""
    classifier = rendering.first.classifier
    audio = rendering.dataset.read(clip, classifier.sample_rate, rendering.duration_s)
    return to_classifier_level(torch.from_numpy(audio)[None], classifier)


def explain_item(rendering: Rendering, answer: Answer, number: int) -> ItemSounds:
    """Return the sounds of item `number`: the clip as the classifier hears it, and each interpretation.

    Raises:
        RenderError: an interpretation contains NaN or infinite samples.
    """
    clip = answer.clip
    waveform = _audio(rendering, clip)
    target = torch.tensor([answer.target])
    stimuli, residuals = {REFERENCE: waveform[0].numpy()}, {}
    for name, (explainer, _) in rendering.aimed.items():
        explanation = explainer.explain(waveform, target.to(explainer.device))
        stimuli[name] = _numpy(explanation.interpretation, name, clip)
        if rendering.residuals:
            residuals[name] = _numpy(explanation.residual, name, clip)
    item = Item(
        name=item_name(clip, number),
        label=clip.category,
        prediction=answer.label,
        probability=round(min(answer.probability, 1.0), 6),
    )
    return ItemSounds(item, rendering.first.classifier.sample_rate, stimuli, residuals)


def _numpy(sound: torch.Tensor, name: str, clip: Clip) -> Audio:
    audio = np.asarray(sound[0].float().cpu().numpy(), dtype=np.float32)
    if not np.isfinite(audio).all():
        raise RenderError(f"{clip.path}: the interpretation of {name!r} contains NaN or infinite samples")
    return audio

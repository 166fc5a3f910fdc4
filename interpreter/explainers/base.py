"""The contract of every explaining method: the fixed order of work around one small override."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from interpreter.classifier.capabilities import is_black_box
from interpreter.classifier.clip_checks import check_clips, check_target
from interpreter.classifier.hearing import Hearing
from interpreter.classifier.modes import hold_in_eval
from interpreter.devices import device_of, explain_out_of_memory
from interpreter.errors import ConfigError, InterpreterError
from interpreter.types import Classifier, Explanation

ANSWERS_SUFFICE = (
    "audiolime",
    "freqrise",
    "kernel-shap",
    "lime",
    "occlusion",
    "shap:variant=kernel",
    "slime",
)
"""The methods that explain a classifier of which only the answers are known, as `--method` takes them."""


_WITHOUT_GRADIENT = (
    "does not require grad",
    "doesn't require gradient",
    "that requires grad. Use tensor.detach()",
    "not have been used in the graph",
)
"""Parts of what torch says, and Captum's hooks, if gradients do not lead from the answer to the sound."""


@dataclass(frozen=True)
class Separation:
    """A method's output for a batch of clips.

    Attributes:
        interpretation: what the mask keeps.
        residual: what it removes.
        mask: the mask in the method's own domain, or None.

    Shape:
        - interpretation, residual: `[B, samples]`
        - mask: `[B, rows, columns]`
    """

    interpretation: Tensor
    residual: Tensor
    mask: Tensor | None = None


class Explainer(ABC):
    """Explains a classifier's decisions, clip by clip.

    A method implements `separate` and names itself; `explain` keeps the order of work, so that every method
    is treated alike: a detached copy of the clips, the classifier in evaluation mode (and back, even after an
    exception), the class to explain, the separation, and one pass over interpretation and residual.

    Args:
        classifier: the classifier to explain. Its device is the device that everything runs on.
        batch_size: how many clips are worked on at a time; None works on all at once.
    """

    name: ClassVar[str]
    title: ClassVar[str] = ""
    """The name as people read it; `name` if empty."""
    mask_time_dim: ClassVar[int] = 1
    """Which dimension of the mask is time: 1 on the cells of the STFT, 2 on a filter bank's frames."""
    takes_target: ClassVar[bool] = True
    """Whether the method can be asked for any class; else it always explains the predicted one."""
    only_asks: ClassVar[bool] = False
    """Whether the classifier's answers are all that is needed: neither its layers nor its gradients."""

    def __init__(self, classifier: Classifier, batch_size: int | None = None) -> None:
        if batch_size is not None and batch_size < 1:
            raise InterpreterError(f"batch_size is {batch_size}; expected 1 or more")
        self.classifier = classifier
        self.batch_size = batch_size

    @property
    def label(self) -> str:
        """The method's name as people read it, with the options that distinguish it if it has any."""
        return self.title or self.name

    @property
    def settings(self) -> Mapping[str, object]:
        """What the method was set to, for the record."""
        return {}

    @property
    def networks(self) -> Sequence[nn.Module]:
        """The method's own networks, which are kept in evaluation mode like the classifier."""
        return ()

    @property
    def device(self) -> torch.device:
        """The classifier's device."""
        return device_of(self.classifier)

    def replace_classifier(self, classifier: Classifier) -> Self:
        """Return the same method for another classifier; this one stays as it is."""
        other = copy.copy(self)
        other.classifier = classifier
        return other

    @abstractmethod
    def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
        """Split checked clips into what speaks for `target` and the rest.

        Called without gradients and with every network in evaluation mode; a method that needs gradients
        switches them on for itself.

        Shape:
            - waveforms: `[B, samples]`
            - target: `[B]`, integer
        """

    def separate_heard(self, clips: Hearing, target: Tensor) -> Separation:
        """Split clips as `separate` does; their spectra and representations are computed when asked for.

        Shape:
            - target: `[B]`, integer
        """
        return self.separate(clips.waveforms.clone(), target)

    def mask_from(self, sound: Tensor, heard: Tensor) -> Tensor | None:
        """Return the mask of the clips `sound` if the classifier had heard the clips `heard` in them.

        Called as `separate` is. None, the default, for a method that does not read the sound and the
        classifier's representations apart.

        Shape:
            - sound, heard: `[B, samples]`
            - result: `[B, rows, columns]`
        """
        return None

    def explain(self, waveforms: Tensor, target: Tensor | Sequence[int] | None = None) -> Explanation:
        """Explain a batch of clips.

        Args:
            waveforms: the clips, mono, at the classifier's rate. Never changed.
            target: the class to explain in each clip; the predicted one by default.

        Shape:
            - waveforms: `[B, samples]`
            - target: `[B]`

        Raises:
            InterpreterError: clips of another shape, not finite or silent; a class that the classifier does
                not know; not enough memory.
        """
        with self._hold_still():
            clips = Hearing(self.classifier, check_clips(self.classifier, waveforms))
            if target is not None:
                target = check_target(self.classifier, target, len(waveforms))
            return self._explain_clips(clips, target)[0]

    def hear(self, waveforms: Tensor) -> Hearing:
        """Return checked clips `[B, samples]` for `explain_heard`; raises what `explain` does."""
        return Hearing(self.classifier, check_clips(self.classifier, waveforms))

    def explain_heard(
        self, clips: Hearing, rank: int = 1, target: int | None = None
    ) -> tuple[Explanation, Hearing]:
        """Explain the answers in clips that several methods explain, and that are heard only once.

        Args:
            clips: from `hear` of any method with the same classifier.
            rank: which answer of the classifier: 1 is the predicted class.
            target: the class to explain in all of them instead.

        Returns:
            The explanation as `explain` gives it, and what the classifier makes of its parts: all
            interpretations, then all residuals.
        """
        with self._hold_still():
            if target is not None:
                count = len(clips.waveforms)
                return self._explain_clips(clips, torch.full((count,), target, device=self.device))
            return self._explain_clips(clips, None if rank == 1 else rank_classes(clips.logits, rank))

    def refuse_rank(self, rank: int) -> None:
        """Make sure that the classifier has an answer of a rank, and that the method can explain it.

        Raises:
            ConfigError: there are fewer answers.
            InterpreterError: the method only explains the prediction.
        """
        classes = len(self.classifier.labels)
        if not 1 <= rank <= classes:
            raise ConfigError(f"rank is {rank}; expected 1 to {classes}, the classifier's answers (--rank)")
        if rank > 1 and not self.takes_target:
            raise InterpreterError(
                f"{self.label} explains the class that the classifier predicts; leave out --rank, or "
                "ask a method that needs no training"
            )

    def refuse_black_box(self) -> None:
        """Make sure that the classifier shows as much as the method needs.

        Raises:
            ConfigError: the method needs layers or gradients, and the classifier is a black box.
        """
        if is_black_box(self.classifier) and not self.only_asks:
            raise ConfigError(
                f"{self.label} needs the gradients or layers of the classifier, which is a black box; "
                f"expected --method {name_asking_methods()}, which only ask for answers"
            )

    @contextmanager
    def _hold_still(self) -> Iterator[None]:
        self.refuse_black_box()
        with torch.inference_mode(False), torch.no_grad(), hold_in_eval(self.classifier, *self.networks):
            yield

    def _explain_clips(self, clips: Hearing, target: Tensor | None) -> tuple[Explanation, Hearing]:
        count, samples = clips.waveforms.shape
        step = self.batch_size or count
        with explain_out_of_memory(step, samples):
            if step >= count:
                return self._explain_batch(clips, target)
            parts = []
            for at in range(0, count, step):
                some = Hearing(self.classifier, clips.waveforms[at : at + step])
                parts.append(self._explain_batch(some, None if target is None else target[at : at + step])[0])
            explanation = _join(parts)
            both = torch.cat([explanation.interpretation, explanation.residual])
            return explanation, Hearing(self.classifier, both)

    def _explain_batch(self, clips: Hearing, target: Tensor | None) -> tuple[Explanation, Hearing]:
        if target is None:
            target = clips.probabilities.argmax(dim=-1)
        with explain_missing_gradients(self.label):
            separation = self.separate_heard(clips, target)
        parts = Hearing(self.classifier, torch.cat([separation.interpretation, separation.residual]).detach())
        inside, outside = parts.probabilities.chunk(2)
        explanation = Explanation(
            interpretation=separation.interpretation.detach(),
            residual=separation.residual.detach(),
            target=target,
            probability_before=clips.probabilities,
            probability_in=inside,
            probability_out=outside,
            method=self.name,
            mask=None if separation.mask is None else separation.mask.detach(),
            settings=dict(self.settings),
        )
        return explanation, parts


def name_asking_methods() -> str:
    """Return the methods that only ask for answers, as a sentence lists them."""
    *others, last = ANSWERS_SUFFICE
    return f"{', '.join(others)} or {last}"


@contextmanager
def explain_missing_gradients(label: str) -> Iterator[None]:
    """Turn what torch says if no gradient comes back to the sound into a sentence that says what to use.

    Raises:
        InterpreterError: the classifier leaves torch on its way, such as for its features, or detaches.
    """
    try:
        yield
    except RuntimeError as error:
        if not any(sign in str(error) for sign in _WITHOUT_GRADIENT):
            raise
        raise InterpreterError(
            f"{label} follows gradients and the classifier has none; expected a torch module all of whose "
            f"steps are torch's, or use {name_asking_methods()}"
        ) from error


def rank_classes(logits: Tensor, rank: int) -> Tensor:
    """Return the classifier's answer of a rank, 1 the likeliest class, given logits `[B, classes]`: `[B]`."""
    return logits.argsort(dim=1, descending=True, stable=True)[:, rank - 1]


def _join(parts: Sequence[Explanation]) -> Explanation:
    masks = [part.mask for part in parts if part.mask is not None]
    return Explanation(
        interpretation=torch.cat([part.interpretation for part in parts]),
        residual=torch.cat([part.residual for part in parts]),
        target=torch.cat([part.target for part in parts]),
        probability_before=torch.cat([part.probability_before for part in parts]),
        probability_in=torch.cat([part.probability_in for part in parts]),
        probability_out=torch.cat([part.probability_out for part in parts]),
        method=parts[0].method,
        mask=torch.cat(masks) if masks else None,
        settings=parts[0].settings,
    )

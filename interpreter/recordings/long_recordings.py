"""Sounds of any length: explained in overlapping windows that are faded into each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import torch
from torch import Tensor

from interpreter.classifier.capabilities import to_classifier_level
from interpreter.classifier.modes import hold_in_eval
from interpreter.errors import InterpreterError, SoundError
from interpreter.explainers.base import Explainer, rank_classes
from interpreter.types import Explanation

MINIMUM_S = 0.1
"""Shorter sounds have less than two frames of the classifiers' front end."""


@dataclass(frozen=True)
class Window:
    """What was found in one window.

    Attributes:
        start: its first sample.
        stop: the sample after its last.
        target: the explained class; None if the window is silent, so that there is nothing to explain.
        before: class probabilities of the window, `[classes]`.
        inside: of the interpretation.
        outside: of the residual.
    """

    start: int
    stop: int
    target: int | None
    before: Tensor | None = None
    inside: Tensor | None = None
    outside: Tensor | None = None


@dataclass(frozen=True)
class LongExplanation:
    """The explanation of a sound of any length, at the sound's own level.

    Attributes:
        windows: what was found in each window.

    Shape:
        - interpretation, residual: `[samples]`
    """

    interpretation: Tensor
    residual: Tensor
    windows: tuple[Window, ...]


def explain_long(
    explainer: Explainer,
    waveform: Tensor,
    *,
    window_s: float = 5.0,
    overlap: float = 0.25,
    target: int | None = None,
    rank: int = 1,
    batch_size: int = 4,
    progress: Callable[[int, int], None] | None = None,
) -> LongExplanation:
    """Explain a sound of any length.

    A sound no longer than a window is explained as it is. A longer one is cut into windows of equal length
    that overlap; each is brought to the level that the classifier expects, explained for the class predicted
    in it, brought back to its own level, and faded into its neighbours with weights that sum to one: what
    adds up to the input in every window adds up to it overall.

    Args:
        explainer: the method.
        waveform: the sound, mono, at the classifier's rate.
        window_s: length of a window in seconds; best what the classifier was trained on.
        overlap: share of a window that overlaps with the next, 0 to 0.9.
        target: explain this class in every window instead.
        rank: explain this answer of the classifier if no class is asked for: 1 is the predicted class,
            2 the next.
        batch_size: windows at a time; bounds memory.
        progress: called with the number of windows that are done, and the total.

    Raises:
        SoundError: a sound that is too short or silent.
        InterpreterError: windows that cannot be.

    Shape:
        - waveform: `[samples]`
    """
    rate, samples = explainer.classifier.sample_rate, len(waveform)
    if samples < MINIMUM_S * rate:
        raise SoundError(
            f"the sound lasts {samples / rate:.3f} s; expected at least {MINIMUM_S} s (pad it with zeros)"
        )
    if not bool(waveform.any()):
        raise SoundError("the sound is silent; there is nothing to explain")
    if not 0 <= overlap <= 0.9 or not MINIMUM_S <= window_s < inf:
        raise InterpreterError(
            f"windows of {window_s:g} s that overlap by {overlap:g}; "
            f"expected at least {MINIMUM_S} s and a share of 0 to 0.9"
        )
    length = min(round(window_s * rate), samples)
    starts = window_starts(samples, length, overlap)
    fade = _fade(length, overlap)
    sums, weights = torch.zeros(2, samples), torch.zeros(samples)
    windows: list[Window] = []
    for at in range(0, len(starts), batch_size):
        for window, parts in _explain_windows(
            explainer, waveform, starts[at : at + batch_size], length, target, rank
        ):
            sums[:, window.start : window.stop] += fade * parts
            weights[window.start : window.stop] += fade
            windows.append(window)
        if progress:
            progress(len(windows), len(starts))
    sums /= weights  # in place: of an hour it is half a gigabyte
    interpretation, residual = sums
    return LongExplanation(interpretation, residual, tuple(windows))


def window_starts(samples: int, length: int, overlap: float) -> list[int]:
    """Return where windows begin: evenly spread, the first with the sound, the last ending with it."""
    step = max(round(length * (1 - overlap)), 1)
    count = 1 + -(-(samples - length) // step)
    return [round(n * (samples - length) / max(count - 1, 1)) for n in range(count)]


def _fade(length: int, overlap: float) -> Tensor:
    """Return the weights of a window: flat, with ramps over the overlap at both ends, never zero."""
    ramp = max(round(length * overlap), 1)
    rising = (torch.arange(length, dtype=torch.float32) + 0.5) / ramp
    return torch.minimum(rising, rising.flip(0)).clamp(max=1.0)


def _explain_windows(
    explainer: Explainer, waveform: Tensor, starts: list[int], length: int, target: int | None, rank: int
) -> list[tuple[Window, Tensor]]:
    """Explain the windows at `starts`; return each with interpretation and residual, `[2, length]`."""
    pieces = torch.stack([waveform[start : start + length] for start in starts])
    audible = pieces.any(dim=1)
    results = [(Window(start, start + length, None), torch.zeros(2, length)) for start in starts]
    if not bool(audible.any()):
        return results
    explanation, parts = _explain_at_level(explainer, pieces[audible], target, rank)
    for found, at in enumerate(audible.nonzero()[:, 0].tolist()):
        window = Window(
            starts[at],
            starts[at] + length,
            int(explanation.target[found]),
            explanation.probability_before[found].cpu(),
            explanation.probability_in[found].cpu(),
            explanation.probability_out[found].cpu(),
        )
        results[at] = (window, parts[found])
    return results


def _explain_at_level(
    explainer: Explainer, pieces: Tensor, target: int | None, rank: int
) -> tuple[Explanation, Tensor]:
    """Explain pieces at the classifier's level; return both parts at the pieces' own, `[B, 2, samples]`."""
    levelled = to_classifier_level(pieces, explainer.classifier)
    gain = levelled.norm(dim=1) / pieces.norm(dim=1)
    asked = None if target is None else [target] * len(pieces)
    if asked is None and rank > 1:
        with torch.no_grad(), hold_in_eval(explainer.classifier):
            asked = rank_classes(explainer.hear(levelled).logits, rank).tolist()
    explanation = explainer.explain(levelled, asked)
    parts = torch.stack([explanation.interpretation, explanation.residual], dim=1).cpu()
    return explanation, parts / gain[:, None, None]

"""Sounds of any length: explained in overlapping windows that are faded into each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from typing import TypedDict, Unpack

import torch
from torch import Tensor
from torch.nn.functional import pad

from interpreter.classifier.capabilities import to_classifier_level
from interpreter.classifier.modes import hold_in_eval
from interpreter.errors import InterpreterError, SoundError
from interpreter.explainers.base import Explainer, rank_classes
from interpreter.sound_files import Sound
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


@dataclass(frozen=True)
class Piece:
    """Samples whose explanation is finished; the next piece begins where it ends.

    Attributes:
        sound: the input.
        parts: its interpretation and its residual.
        windows: what was found in the windows that begin in it.

    Shape:
        - sound: `[n]`
        - parts: `[2, n]`
    """

    sound: Tensor
    parts: Tensor
    windows: tuple[Window, ...]


class WindowOptions(TypedDict, total=False):
    """How a long sound is explained.

    Attributes:
        window_s: length of a window in seconds; best what the classifier was trained on. 5 by default.
        overlap: share of a window that overlaps with the next, 0 to 0.9. 0.25 by default.
        target: explain this class in every window instead of the predicted one.
        rank: explain this answer of the classifier if no class is asked for: 1 is the predicted class,
            2 the next.
        batch_size: windows at a time, 4 by default; bounds memory.
        progress: called with the number of windows that are done, and the total.
    """

    window_s: float
    overlap: float
    target: int | None
    rank: int
    batch_size: int
    progress: Callable[[int, int], None] | None


def explain_long(explainer: Explainer, waveform: Tensor, **options: Unpack[WindowOptions]) -> LongExplanation:
    """Explain a sound of any length; see `explain_in_pieces`.

    Args:
        explainer: the method.
        waveform: the sound, mono, at the classifier's rate.
        **options: see `WindowOptions`.

    Raises:
        SoundError: a sound that is too short or silent.
        InterpreterError: windows that cannot be.

    Shape:
        - waveform: `[samples]`
    """
    parts, done = torch.empty(2, len(waveform)), 0
    windows: list[Window] = []
    for piece in explain_in_pieces(explainer, waveform, **options):
        parts[:, done : done + len(piece.sound)] = piece.parts
        windows += piece.windows
        done += len(piece.sound)
    return LongExplanation(parts[0], parts[1], tuple(windows))


def explain_in_pieces(
    explainer: Explainer,
    sound: Sound,
    *,
    window_s: float = 5.0,
    overlap: float = 0.25,
    target: int | None = None,
    rank: int = 1,
    batch_size: int = 4,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Piece]:
    """Explain a sound of any length, of which only `batch_size` windows are in memory at a time.

    A sound no longer than a window is explained as it is. A longer one is cut into windows of equal length
    that overlap; each is brought to the level that the classifier expects, explained for the class predicted
    in it, brought back to its own level, and faded into its neighbours with weights that sum to one: what
    adds up to the input in every window adds up to it overall.

    Args:
        explainer: the method.
        sound: mono, at the classifier's rate.
        window_s: see `WindowOptions`, as the rest.
        overlap: share of a window that overlaps with the next.
        target: class to explain in every window.
        rank: answer to explain if no class is asked for.
        batch_size: windows at a time.
        progress: called after each batch.

    Raises:
        SoundError: a sound that is too short or silent.
        InterpreterError: windows that cannot be.
    """
    rate, samples = explainer.classifier.sample_rate, len(sound)
    if samples < MINIMUM_S * rate:
        raise SoundError(
            f"the sound lasts {samples / rate:.3f} s; expected at least {MINIMUM_S} s (pad it with zeros)"
        )
    if not bool(sound.any()):
        raise SoundError("the sound is silent; there is nothing to explain")
    if not 0 <= overlap <= 0.9 or not MINIMUM_S <= window_s < inf:
        raise InterpreterError(
            f"windows of {window_s:g} s that overlap by {overlap:g}; "
            f"expected at least {MINIMUM_S} s and a share of 0 to 0.9"
        )
    length = min(round(window_s * rate), samples)
    starts = window_starts(samples, length, overlap)
    fade = _fade(length, overlap)
    sums, weights = torch.zeros(2, 0), torch.zeros(0)  # from the first sample that is not finished
    for at in range(0, len(starts), batch_size):
        batch = starts[at : at + batch_size]
        begin, stop = batch[0], batch[-1] + length
        heard = sound[begin:stop]
        grown = (0, len(heard) - len(weights))
        sums, weights = pad(sums, grown), pad(weights, grown)
        results = _explain_windows(explainer, heard, batch, length, target, rank)
        for window, parts in results:
            span = slice(window.start - begin, window.stop - begin)
            sums[:, span] += fade * parts
            weights[span] += fade
        after = at + len(batch)
        done = (starts[after] if after < len(starts) else samples) - begin
        yield Piece(heard[:done], sums[:, :done] / weights[:done], tuple(window for window, _ in results))
        sums, weights = sums[:, done:].clone(), weights[done:].clone()
        if progress:
            progress(after, len(starts))


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
    explainer: Explainer, heard: Tensor, starts: list[int], length: int, target: int | None, rank: int
) -> list[tuple[Window, Tensor]]:
    """Explain the windows at `starts`, the first of which `heard` begins with.

    Returns:
        Each window with its interpretation and residual, `[2, length]`.
    """
    pieces = torch.stack([heard[start - starts[0] :][:length] for start in starts])
    audible = pieces.norm(dim=1) > 0  # samples below 1e-23 have squares of zero, and no level to bring back
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

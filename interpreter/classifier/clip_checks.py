"""Whether a classifier can hear clips, and knows the classes that are asked for; if not, a sentence."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from interpreter.classifier.capabilities import minimum_samples
from interpreter.devices import device_of
from interpreter.errors import InterpreterError, SoundError
from interpreter.types import Classifier

_LARGEST = 1e10
"""Samples whose squares, summed, are still far from the largest number in single precision."""


def check_clips(classifier: Classifier, waveforms: Tensor) -> Tensor:
    """Return a copy of clips in single precision on the classifier's device.

    Raises:
        InterpreterError: clips of another shape, not finite, beyond 1e10 or silent.
        SoundError: clips shorter than the classifier can hear.

    Shape:
        - waveforms, result: `[B, samples]`
    """
    if waveforms.ndim != 2 or 0 in waveforms.shape:
        raise InterpreterError(
            f"clips have the shape {list(waveforms.shape)}; expected [clips, samples], none of them 0"
        )
    clips = waveforms.detach().to(device_of(classifier), torch.float32, copy=True)
    for fault, clear in (
        ("NaN or infinite samples", clips.isfinite().all(dim=1)),
        (f"samples beyond {_LARGEST:g}", clips.abs().amax(dim=1) <= _LARGEST),
        ("only zeros", clips.any(dim=1)),
    ):
        if not clear.all():
            index = int((~clear).nonzero()[0])
            raise InterpreterError(f"clip {index + 1} of {len(clips)} has {fault}; leave it out or repair it")
    minimum = minimum_samples(classifier)
    if clips.shape[1] < minimum:
        rate = classifier.sample_rate
        raise SoundError(
            f"clips of {clips.shape[1] / rate:.3f} s are too short for the classifier; "
            f"expected at least {minimum / rate:.3f} s (pad them with zeros)"
        )
    return clips


def check_target(classifier: Classifier, target: Tensor | Sequence[int], count: int) -> Tensor:
    """Return the classes to explain in `count` clips, `[count]`, on the classifier's device.

    Raises:
        InterpreterError: not one whole number per clip, or a class that the classifier does not know.
    """
    classes = torch.as_tensor(target, device=device_of(classifier))
    if classes.shape != (count,) or classes.is_floating_point():
        raise InterpreterError(
            f"target has the shape {list(classes.shape)} for {count} clips; "
            "expected one class number for each"
        )
    known = len(classifier.labels)
    if int(classes.min()) < 0 or int(classes.max()) >= known:
        raise InterpreterError(
            f"target contains the classes {classes.tolist()}; the classifier knows 0 to {known - 1}"
        )
    return classes.long()

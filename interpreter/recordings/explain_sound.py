"""Explain one sound from a script or a notebook: a file or an array in, both parts of it out."""

from __future__ import annotations

from pathlib import Path

import torch

from interpreter.errors import ConfigError
from interpreter.explainers.base import Explainer
from interpreter.loading import load_explainer
from interpreter.recordings.explain_files import label_number
from interpreter.recordings.long_recordings import LongExplanation, explain_long
from stimuli import Audio, read_audio, resample, to_mono


def explain(
    sound: str | Path | Audio,
    explainer: Explainer | str | Path,
    *,
    method: str | None = None,
    sample_rate: int | None = None,
    target: str | None = None,
    window_s: float = 5.0,
    overlap: float = 0.25,
) -> LongExplanation:
    """Explain what a classifier listened to in one sound of any rate, length and number of channels.

    Args:
        sound: a sound file, or samples (several channels are averaged).
        explainer: an explainer, or the folder of a run (see `load_explainer`).
        method: for the run of a classifier: a method that needs no training.
        sample_rate: rate of `sound` in Hz if it is an array; a file states its own.
        target: the label to explain; each window's predicted class if None.
        window_s: see `explain_long`.
        overlap: see `explain_long`.

    Raises:
        ConfigError: an array without its rate, or `method` for an explainer that is loaded already.
        InterpreterError: an unknown label, or a sound that cannot be explained.

    Shape:
        - sound: `[samples]` or `[samples, channels]`
        - interpretation, residual of the result: `[samples]`, at the classifier's rate
    """
    if not isinstance(explainer, Explainer):
        explainer = load_explainer(explainer, method)
    elif method is not None:
        raise ConfigError(
            f"method is {method!r}, but the explainer is {explainer.name!r} already; "
            "expected the run of a classifier with it, or no method"
        )
    rate = explainer.classifier.sample_rate
    if isinstance(sound, str | Path):
        audio, _ = read_audio(sound, rate)
    elif sample_rate is None:
        raise ConfigError("the sound is an array without a rate; expected sample_rate=... in Hz")
    else:
        audio = resample(sound, sample_rate, rate)
    number = None if target is None else label_number(explainer, target)
    waveform = torch.from_numpy(to_mono(audio))
    return explain_long(explainer, waveform, window_s=window_s, overlap=overlap, target=number)

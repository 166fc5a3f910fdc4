"""Explain one sound from a script or a notebook: a file or an array in, both parts of it out."""

from __future__ import annotations

from pathlib import Path

import torch

from interpreter.errors import ConfigError
from interpreter.evaluation.comparison import make_baseline, parse_method
from interpreter.explainers.base import Explainer
from interpreter.explainers.registry import CLASSIFIERS
from interpreter.explainers.targets import Question
from interpreter.loading import is_run, load_explainer, load_target
from interpreter.recordings.heard_sound import HeardSound
from interpreter.recordings.long_recordings import explain_long
from interpreter.runs.folder import read_run
from interpreter.types import Classifier
from stimuli import Audio, read_audio, resample, to_mono


def explain(
    sound: str | Path | Audio,
    explainer: Explainer | Classifier | str | Path,
    method: str | None = None,
    *,
    sample_rate: int | None = None,
    target: str | None = None,
    against: str | None = None,
    rank: int = 1,
    like: str | Path | None = None,
    window_s: float = 5.0,
    overlap: float = 0.25,
) -> HeardSound:
    """Explain what a classifier listened to in one sound of any rate, length and number of channels.

    Args:
        sound: a sound file, or samples (several channels are averaged).
        explainer: an explainer, or the folder of a run (see `load_explainer`); or, with a `method`, a
            classifier or a target that leads to one (see `load_target`).
        method: for a classifier: a method that needs no training, with options if wanted, such as
            `lime:samples=200`.
        sample_rate: rate of `sound` in Hz if it is an array; a file states its own.
        target: the label to explain; each window's predicted class if None.
        against: see `Question`.
        rank: see `Question`.
        like: see `Question`.
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
        explainer = _make_explainer(explainer, method)
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
    question = Question(target, against, rank, None if like is None else Path(like))
    explainer, number = question.put_to(explainer)
    waveform = torch.from_numpy(to_mono(audio))
    found = explain_long(explainer, waveform, window_s=window_s, overlap=overlap, target=number, rank=rank)
    return HeardSound(
        found.interpretation,
        found.residual,
        found.windows,
        waveform,
        rate,
        explainer.label,
        tuple(explainer.classifier.labels),
    )


def _make_explainer(given: Classifier | str | Path, method: str | None) -> Explainer:
    classifier: Classifier
    if isinstance(given, str | Path):
        if is_run(str(given)) and (method is None or read_run(given).kind not in CLASSIFIERS):
            return load_explainer(given, method)
        classifier = load_target(given)
    else:
        classifier = given
    if method is None:
        raise ConfigError(
            "a classifier explains nothing by itself; expected method=... (see METHODS), or an explainer"
        )
    name, options = parse_method(method)
    return make_baseline(name, classifier, options)

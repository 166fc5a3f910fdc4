"""A few clips of an evaluation explained once more: to listen to, and to know what an explanation costs."""

from __future__ import annotations

import io
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median

import numpy as np
import pandas as pd
import soundfile
import torch
from torch import Tensor, nn

from interpreter.classifier.black_box import BlackBoxClassifier
from interpreter.classifier.capabilities import to_classifier_level
from interpreter.evaluation.leaderboard import HeardClip, Sample
from interpreter.evaluation.settings import Items
from interpreter.explainers.base import Explainer
from interpreter.types import Classifier


def sample_methods(
    explainers: Mapping[str, Explainer], items: Items, figures: pd.DataFrame
) -> dict[str, Sample]:
    """Return, by method, the sounds of the clips that gain most and least, and the cost of explaining.

    Args:
        explainers: by method.
        items: what was evaluated.
        figures: the items' rows, from `evaluate_items`.
    """
    numbers = {items.name_of(number): number for number in range(len(items))}
    return {
        name: _sample(explainer, items, figures[figures["method"] == name], numbers)
        for name, explainer in explainers.items()
    }


def _sample(explainer: Explainer, items: Items, rows: pd.DataFrame, numbers: Mapping[str, int]) -> Sample:
    gains = rows["ag"] - rows["ad"]
    rows = rows.assign(gain=gains).sort_values("gain", kind="stable")
    chosen = [("Gains most", rows.iloc[-1]), ("Gains least", rows.iloc[0])]
    clips, costs, passes = [], [], []
    for name, row in chosen[: len(rows)]:
        raw = torch.from_numpy(items[numbers[str(row["item"])]].waveform)[None]
        waveform = to_classifier_level(raw, explainer.classifier)
        with _count_passes(explainer.classifier) as heard:
            start = time.process_time()
            explanation = explainer.explain(waveform, [int(row["target"])])
            costs.append(1000 * (time.process_time() - start))
        passes.append(sum(heard))
        rate = explainer.classifier.sample_rate
        sounds = (
            ("Input", _encode(waveform[0], rate)),
            ("Interpretation", _encode(explanation.interpretation[0], rate)),
        )
        label = explainer.classifier.labels[int(explanation.target[0])]
        clips.append(HeardClip(f"{name} ({row['gain']:+.1f}): {row['item']}, explained as {label}", sounds))
    counted = median(passes)
    return Sample(median(costs), counted if counted > 0 else None, tuple(clips))


@contextmanager
def _count_passes(classifier: Classifier) -> Iterator[list[int]]:
    """Note how many clips the classifier hears: those that its last layer with weights gives answers for."""
    heard: list[int] = []
    if isinstance(classifier, BlackBoxClassifier):
        answer = classifier.answer

        def note(waveforms: np.ndarray) -> object:
            heard.append(len(waveforms))
            return answer(waveforms)

        classifier.answer = note
        try:
            yield heard
        finally:
            classifier.answer = answer
        return
    leaves = [
        module
        for module in (classifier.modules() if isinstance(classifier, nn.Module) else ())
        if any(True for _ in module.parameters(recurse=False))
    ]
    handles = [
        leaf.register_forward_hook(lambda _module, _inputs, output: heard.append(_rows(output)))
        for leaf in leaves[-1:]
    ]
    try:
        yield heard
    finally:
        for handle in handles:
            handle.remove()


def _rows(output: object) -> int:
    return len(output) if isinstance(output, Tensor) else 0


def _encode(sound: Tensor, rate: int) -> str:
    file = io.BytesIO()
    samples = sound.detach().float().cpu().numpy()
    samples = samples / max(float(np.abs(samples).max()), 1.0)
    soundfile.write(file, samples, rate, format="FLAC", subtype="PCM_16")
    return b64encode(file.getvalue()).decode()

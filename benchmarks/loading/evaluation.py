"""Seven metrics of synthetic clips: each clip explained once, or once per metric as published code does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

CLIPS = 16
METRICS = ("ai", "ad", "ag", "ff", "fid_in", "sps", "comp")


def make_evaluation(who: str) -> Callable[[], tuple[Tensor, list[Tensor]]]:
    """Return a function that scores synthetic clips, explained by a slim LMAC-TD, with seven metrics."""
    from interpreter.classifier.cnn14 import CnnClassifier
    from interpreter.evaluation.scoring import evaluate_items
    from interpreter.evaluation.settings import Items
    from interpreter.explainers.lmac_td import LmacTd
    from interpreter.explainers.lmac_td_settings import build_lmac_td
    from interpreter.settings.presets import load_config
    from stimuli import Dataset
    from stimuli.soundscapes import make_soundscapes, write_soundscapes

    folder = Path(tempfile.mkdtemp())
    write_soundscapes(folder, make_soundscapes(classes=8, clips=5, duration_s=5.0, seed=0))
    dataset = Dataset.load(folder)
    dataset = dataset.select(dataset.clips[:CLIPS])
    torch.manual_seed(0)
    classifier = CnnClassifier(dataset.labels, embedding_dim=128).eval()
    explainer = LmacTd(classifier, build_lmac_td(load_config("lmac-td", "tiny"), classifier))  # type: ignore[arg-type]

    def score_in_one_pass() -> tuple[Tensor, list[Tensor]]:
        table = evaluate_items([explainer], Items(dataset, 16000), floors=False)
        return torch.tensor(table[list(METRICS)].mean().to_numpy()), []

    def score_per_metric() -> tuple[Tensor, list[Tensor]]:
        means = []
        for name in METRICS:
            values = []
            for at in range(0, CLIPS, 2):
                rows = [torch.from_numpy(dataset.read(clip, 16000)) for clip in dataset.clips[at : at + 2]]
                explanation = explainer.explain(classifier.prepare(torch.stack(rows)))
                values.append(_metric(name, explanation, classifier.front_end))
            means.append(torch.cat(values).double().mean())
        return torch.stack(means), []

    return score_in_one_pass if who == "ours" else score_per_metric


def _metric(name: str, explanation: Any, front_end: Any) -> Tensor:
    """Return one metric of each item."""
    from interpreter.faithfulness import functional

    formula = getattr(functional, name)
    if name in ("sps", "comp"):
        return formula(front_end.log_magnitude(explanation.interpretation))  # type: ignore[no-any-return]
    part = explanation.probability_out if name == "ff" else explanation.probability_in
    before = () if name == "fid_in" else (explanation.probability_before,)
    return formula(*before, part, explanation.target)  # type: ignore[no-any-return]

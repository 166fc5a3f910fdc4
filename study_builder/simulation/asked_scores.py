"""Attention checks as a simulated listener meets them: a page that says which score to give."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from study_builder.config import StudyConfig


def find_asked_score(
    config: StudyConfig, item: str, condition: str, scale: Mapping[str, Any], content: str
) -> float | None:
    """Return the score, from 0 to 1, that an attention check asks for; its question or text says so, too."""
    low, high = scale["min"], scale["max"]
    for trial in config.options.trials.values():
        said = trial.question is not None and trial.question in (scale["question"], *_paragraphs(content))
        asks = trial.kind == "attention" and trial.item == item and said
        if asks and trial.expected and condition in trial.expected and high > low:
            middle = sum(trial.expected[condition]) / 2
            return float(min(max((middle - low) / (high - low), 0), 1))
    return None


def _paragraphs(content: str) -> list[str]:
    return [unescape(text) for text in re.findall("<p>(.*?)</p>", content)]

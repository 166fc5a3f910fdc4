from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from stimuli import write_audio
from study_builder.config import Block, GenericPage, MushraPage, StudyConfig
from study_builder.config.options import StudyOptions, TrialInfo

METHODS = ("reference", "lmac", "gradcam", "saliency")


def noise(seconds: float, rate: int, seed: int) -> np.ndarray:
    """Noise that falls off with frequency as most sounds do, at about -30 dB."""
    white = np.random.default_rng(seed).standard_normal(round(seconds * rate))
    return (0.03 * (white + np.concatenate([[0.0], white[:-1]]))).astype(np.float32)


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write `item/condition.wav` (or the other layout), each method noisier than the one before."""

    def make(
        name: str = "sounds",
        items: int = 5,
        conditions: Sequence[str] = METHODS,
        *,
        rate: int = 16000,
        seconds: float = 0.6,
        layout: str = "item/condition",
    ) -> Path:
        root = tmp_path / name
        for i in range(1, items + 1):
            base = noise(seconds, rate, i)
            for j, condition in enumerate(conditions):
                parts = (f"sound-{i}", condition) if layout == "item/condition" else (condition, f"sound-{i}")
                path = root / parts[0] / f"{parts[1]}.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_audio(path, base + 0.3 * j * noise(seconds, rate, 100 * i + j), rate)
        return root

    return make


@pytest.fixture
def make_config() -> Callable[..., StudyConfig]:
    """Make a config of `items` trials in one random block, without any file."""

    def make(
        items: int = 6, conditions: int = 4, trials: dict[str, TrialInfo] | None = None, **options: object
    ) -> StudyConfig:
        names = [f"c{number}" for number in range(1, conditions + 1)]
        extra = tuple(_page(name, names) for name in (trials or {}))
        pages = tuple(_page(f"t{number}", names) for number in range(1, items + 1))
        return StudyConfig(
            title="A study",
            pages=(GenericPage(id="hello", content="Hello"), Block(random=True, pages=pages + extra)),
            options=StudyOptions.model_validate({**options, "trials": trials or {}}),
        )

    return make


def _page(name: str, conditions: Sequence[str]) -> MushraPage:
    paths = {condition: f"audio/{name}/{condition}.wav" for condition in conditions}
    return MushraPage(id=name, reference=f"audio/{name}/reference.wav", conditions=paths)

"""Sounds are streamed: many trials need the memory of one."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stimuli import Audio, read_audio, write_audio
from stimuli.loudness import Level, measure_level
from study_builder.building import kept_trials, trial_audio
from study_builder.building.build import build_study
from study_builder.building.choices import Choices
from study_builder.checks.study import check_study

RATE = 16000
SECONDS = 4
FEW, MANY = 2, 10
SOUND_BYTES = 4 * SECONDS * RATE
"""One sound in memory: float32."""


def peak_bytes(work: Callable[[], object]) -> int:
    """Return the most memory that Python and NumPy held at once while `work` ran."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Folders of few and of many items, with a reference and two versions each."""
    rng = np.random.default_rng(0)
    folders = {}
    for items in (FEW, MANY):
        folders[items] = tmp_path_factory.mktemp("memory") / "sounds"
        for item in range(items):
            for name in ("reference", "one", "two"):
                path = folders[items] / f"item-{item:02d}" / f"{name}.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_audio(path, 0.05 * rng.standard_normal(SECONDS * RATE, dtype=np.float32), RATE)
    return folders


def peaks(source: Path, out: Path) -> tuple[int, int]:
    """Return the peaks of building and of checking, one trial at a time."""
    choices = Choices(loudness="set", training_items=0)
    build = peak_bytes(lambda: build_study(source, out, choices, jobs=1))
    return build, peak_bytes(lambda: check_study(out, jobs=1))


def test_many_items_need_the_memory_of_few(
    sources: dict[int, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_trials, "ROOM_BYTES", 0)
    peaks(sources[FEW], tmp_path / "first")  # fills caches, of filters for example
    few, many = (peaks(sources[items], tmp_path / f"study-{items}") for items in (FEW, MANY))
    for least, most in zip(few, many, strict=True):
        # A trial has three sounds and two anchors, so the measurement is known to see them.
        assert least > 5 * SOUND_BYTES
        assert most < least + SOUND_BYTES


@pytest.mark.parametrize(
    ("room", "reads"), [(2**28, FEW * 3), (5 * SOUND_BYTES, 3 * FEW + 3), (0, 2 * FEW * 3)]
)
def test_sounds_are_read_once_as_long_as_they_fit_into_memory(
    sources: dict[int, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, reads: int
) -> None:
    read: list[Path] = []

    def counting(path: Path) -> tuple[Audio, int]:
        read.append(path)
        return read_audio(path)

    monkeypatch.setattr(trial_audio, "read_audio", counting)
    monkeypatch.setattr(kept_trials, "ROOM_BYTES", room)
    choices = Choices(loudness="set", training_items=0)
    built = build_study(sources[FEW], tmp_path / "study", choices, jobs=1)
    assert len(read) == reads
    monkeypatch.setattr(kept_trials, "ROOM_BYTES", 0)
    again = build_study(sources[FEW], tmp_path / "again", choices, jobs=1)
    assert built.config.options.files == again.config.options.files


def test_each_sound_is_measured_once(
    sources: dict[int, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[int] = []

    def counting(audio: Audio, sample_rate: int) -> Level:
        measured.append(len(audio))
        return measure_level(audio, sample_rate)

    monkeypatch.setattr(trial_audio, "measure_level", counting)
    for loudness in ("trial", "set"):
        measured.clear()
        choices = Choices.model_validate({"loudness": loudness, "training_items": 0})
        build_study(sources[FEW], tmp_path / loudness, choices, jobs=1)
        assert len(measured) == FEW * 5  # three sounds and two anchors

"""Sounds of any length make a study that can be checked: a sound of one sample too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from stimuli import write_audio
from study_builder.building.build import build_study
from study_builder.building.choices import Choices
from study_builder.checks.study import check_study
from study_builder.config.roles import LOW_ANCHOR

RATES = (8000, 11025, 16000, 22050, 44100, 48000)
MILLISECONDS = (1, 2, 7, 29, 57, 113, 229, 280, 333, 399, 400, 401, 457, 999)
"""Of these, 7 to 333 came back from seconds as one sample more at one of the rates."""


def test_studies_of_short_sounds_are_built_and_checked(tmp_path: Path) -> None:
    rng, lengths = np.random.default_rng(0), {}
    for rate in RATES:
        for number, length in enumerate((*(ms * rate // 1000 for ms in MILLISECONDS), 1)):
            item = f"{rate}-{number}"
            lengths[item] = length
            shape = (length, 2) if number % 2 else (length,)
            for name in ("reference", "method"):
                path = tmp_path / "sounds" / item / f"{name}.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_audio(path, 0.05 * rng.standard_normal(shape), rate)
    choices = Choices(anchors=("low",), training_items=0)
    built = build_study(tmp_path / "sounds", tmp_path / "study", choices)
    short = [text for text in built.warnings if "is shorter than the 400 ms block" in text]
    assert len(short) == len(RATES) * (1 + sum(ms < 400 for ms in MILLISECONDS))
    for item, length in lengths.items():
        for name in ("reference", "method", LOW_ANCHOR):
            info = soundfile.info(tmp_path / "study" / "audio" / item / f"{name}.wav")
            assert info.frames == length, (item, name)
    assert not [one for one in check_study(tmp_path / "study").findings if one.code == "unequal-length"]

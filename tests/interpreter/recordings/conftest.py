"""A method in closed form, and sound files of several rates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from stimuli import write_audio
from tests.interpreter.recordings.stand_ins import RATE, Share, Tones, tone


@pytest.fixture
def explainer() -> Share:
    return Share(Tones())


@pytest.fixture
def recordings(tmp_path) -> Sequence[Path]:
    """Stereo at 44.1 kHz, mono at 8 kHz, and another of the same name in another folder."""
    stereo = np.stack([tone(300, 1.3, rate=44100), 0.5 * tone(300, 1.3, rate=44100)], axis=1)
    (tmp_path / "more").mkdir()
    paths = [tmp_path / "a.wav", tmp_path / "b.flac", tmp_path / "more" / "a.wav"]
    write_audio(paths[0], stereo, 44100)
    write_audio(paths[1], tone(3000, 4.0), RATE)
    write_audio(paths[2], tone(3000, 1.0), RATE)
    return paths

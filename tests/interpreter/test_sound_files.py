"""A sound file's length comes from its header, and is the one that reading it gives."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from interpreter.errors import ConfigError
from interpreter.sound_files import file_duration_s, file_samples
from stimuli import read_audio, write_audio

RATES = (8000, 11025, 16000, 22050, 44100, 48000)


@pytest.mark.parametrize(("own", "wanted"), list(permutations(RATES, 2)))
def test_the_header_gives_the_length_that_reading_gives(tmp_path: Path, own: int, wanted: int) -> None:
    path = tmp_path / "a.wav"
    for samples in (1, 2, 3, 37, 100, 101, own // 3, own // 2 + 1, own):
        write_audio(path, np.full(samples, 0.1, np.float32), own)
        assert file_samples(path, own) == samples
        assert file_samples(path, wanted) == len(read_audio(path, wanted)[0]), samples
        assert file_duration_s(path) == samples / own


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(ConfigError, match="not a readable sound file"):
        file_samples(tmp_path / "a.wav", 8000)
    with pytest.raises(FileNotFoundError, match="No such sound file"):
        file_samples(tmp_path / "b.wav", 8000)

"""WAV files of float samples: SciPy's bytes, at once or piece by piece, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from stimuli import AudioFileError, read_audio, write_audio
from stimuli.float_wav import float_header, grow_float_wav

RATE = 16_000


@pytest.mark.parametrize("channels", [1, 2])
def test_the_bytes_are_those_that_scipy_writes(tmp_path: Path, channels: int) -> None:
    samples = np.random.default_rng(0).standard_normal((1001, channels)).astype(np.float32).squeeze()
    write_audio(tmp_path / "ours.wav", samples, RATE, "FLOAT")
    wavfile.write(tmp_path / "scipy.wav", RATE, samples)
    assert (tmp_path / "ours.wav").read_bytes() == (tmp_path / "scipy.wav").read_bytes()


def test_a_file_that_grows_is_the_one_written_at_once(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).standard_normal(1001).astype(np.float32)
    write_audio(tmp_path / "once.wav", samples, RATE, "FLOAT")
    with grow_float_wav(tmp_path / "grown.wav", 1001, RATE) as append:
        for piece in (samples[:1], samples[1:1], samples[1:900], samples[900:]):
            append(piece)
        assert not (tmp_path / "grown.wav").exists()
    assert (tmp_path / "grown.wav").read_bytes() == (tmp_path / "once.wav").read_bytes()
    assert np.array_equal(read_audio(tmp_path / "grown.wav")[0], samples)


def test_what_goes_wrong_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with (
        pytest.raises(AudioFileError, match=r"a\.wav: 3 samples were written; expected 4"),
        grow_float_wav(path, 4, RATE) as append,
    ):
        append(np.zeros(3, np.float32))
    with (
        pytest.raises(AudioFileError, match=r"a\.wav: the samples contain NaN or infinite values"),
        grow_float_wav(path, 1, RATE) as append,
    ):
        append(np.full(1, np.nan, np.float32))
    with pytest.raises(AudioFileError, match=r"more than the 4 GiB of a WAV file; expected a shorter sound"):
        float_header(path, 2**30, 1, RATE)
    assert not list(tmp_path.iterdir())

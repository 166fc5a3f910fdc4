"""A sound file's length comes from its header, and is the one that reading it gives."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import soundfile

from interpreter.errors import ConfigError
from interpreter.noise import choose_noise
from interpreter.sound_files import SoundOnDisk, file_duration_s, file_samples, read_piece, sound_files
from stimuli import read_audio, to_mono, write_audio

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


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("rate", [16000, 44100, 48000, 8000])
def test_a_piece_is_what_the_whole_file_has_there(tmp_path: Path, rate: int, suffix: str) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / f"a.{suffix}"
    noise = 0.1 * rng.standard_normal((3 * rate, 2)).clip(-3, 3).astype(np.float32)
    soundfile.write(path, noise, rate, format=suffix.upper())
    whole = to_mono(read_audio(path, 16000)[0])
    sound = SoundOnDisk.survey(path, 16000)
    assert len(sound) == len(whole) and sound.any()
    assert np.array_equal(sound[:], whole) and len(sound[5 : len(whole) + 9]) == len(whole) - 5
    for start in (0, 1, 15999, 16000, 24001, len(whole) - 10, len(whole)):
        for samples in (1, 4000):
            piece = read_piece(path, 16000, start, samples)
            expected = whole[start : start + samples]
            assert piece.shape == expected.shape
            if rate == 16000 and suffix != "mp3":  # whose decoder rounds as it has come there
                assert np.array_equal(piece, expected)
            else:
                np.testing.assert_allclose(piece, expected, atol=3e-7)


def test_a_silent_file_is_nowhere_audible(tmp_path: Path) -> None:
    sides = np.stack([np.full(9, 0.5), np.full(9, -0.5)], axis=1)
    write_audio(tmp_path / "a.wav", sides, 16000)
    sound = SoundOnDisk.survey(tmp_path / "a.wav", 16000)
    assert len(sound) == 9 and not sound.any() and not sound[:].any()


def test_a_piece_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(ConfigError, match=r"a.wav: not a readable sound file"):
        read_piece(tmp_path / "a.wav", 16000, 0, 10)
    soundfile.write(tmp_path / "b.wav", np.array([0, np.nan, 0.5]), 16000, subtype="FLOAT")
    with pytest.raises(ConfigError, match=r"b.wav: contains NaN or infinite samples; remove it"):
        read_piece(tmp_path / "b.wav", 16000, 0, 3)


def test_each_purpose_has_its_part_of_wham(tmp_path: Path) -> None:
    for part in ("tr", "cv", "tt"):
        folder = tmp_path / "wham_noise" / part
        folder.mkdir(parents=True)
        write_audio(folder / f"01aa010b_0.97482_209a010p_-0.97482{part}.wav", np.full(10, 0.1), 16000)
        (folder / "._01aa010b.wav").write_bytes(b"what macOS leaves in archives")
    for given in (tmp_path, tmp_path / "wham_noise"):
        for purpose, part in (("training", "tr"), ("validation", "cv"), ("evaluation", "tt")):
            assert choose_noise(given, purpose) == tmp_path / "wham_noise" / part
            assert len(sound_files(choose_noise(given, purpose))) == 1
    one = tmp_path / "wham_noise" / "cv"
    assert choose_noise(one, "training") == one

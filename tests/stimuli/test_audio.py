"""Sound files: what is written is what is read, and nothing clips or stays half-written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from listenable.cli import explain_failure
from stimuli import AudioFileError, read_audio, to_mono, write_audio
from stimuli.audio import quantise_16_bit, resample, survey_audio

RATE = 16_000
READERS = pytest.mark.parametrize("read", [read_audio, survey_audio])


def tone(frequency_hz: float = 440.0, duration_s: float = 0.5, rate: int = RATE) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(int(duration_s * rate)) / rate)).astype(
        np.float32
    )


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
@pytest.mark.parametrize(("subtype", "step"), [("PCM_16", 2.0**-15), ("PCM_24", 2.0**-23)])
@pytest.mark.parametrize("channels", [1, 3])
def test_round_trip_within_the_step(
    tmp_path: Path, name: str, subtype: str, step: float, channels: int
) -> None:
    audio = tone() if channels == 1 else np.stack([tone(300 * (k + 1)) for k in range(channels)], axis=1)
    write_audio(tmp_path / name, audio, RATE, subtype)
    back, rate = read_audio(tmp_path / name)
    assert rate == RATE
    assert back.shape == audio.shape
    assert np.abs(back - audio).max() <= 2 * step


def test_float_is_exact_and_the_same_bytes_twice(tmp_path: Path) -> None:
    audio = 3 * tone()
    write_audio(tmp_path / "a.wav", audio, RATE, "FLOAT")
    write_audio(tmp_path / "b.wav", audio, RATE, "FLOAT")
    assert np.array_equal(read_audio(tmp_path / "a.wav")[0], audio)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_a_copy_of_a_16_bit_file_is_exact(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", tone(), RATE)
    once = read_audio(tmp_path / "a.wav")[0]
    write_audio(tmp_path / "b.wav", once, RATE, seed=5)
    assert np.array_equal(read_audio(tmp_path / "b.wav")[0], once)


def test_dither_is_triangular_and_frees_the_error_of_the_signal() -> None:
    quiet = (0.4 * 2.0**-15 * np.sin(2 * np.pi * 100 * np.arange(200_000) / RATE)).astype(np.float32)
    assert not quantise_16_bit(quiet, dither=False).any()
    error = quantise_16_bit(quiet) - 32768.0 * quiet
    assert abs(error.mean()) < 0.01
    # Total error of TPDF dither: a quarter of a squared step (Lipshitz et al. 1992, eq. 12).
    assert error.var() == pytest.approx(0.25, rel=0.02)
    assert np.corrcoef(error, quiet)[0, 1] == pytest.approx(0, abs=0.01)


def test_resampling_agrees_with_another_resampler(tmp_path: Path) -> None:
    audio = tone(1000, 1.0, 44_100)
    write_audio(tmp_path / "a.wav", audio, 44_100, "FLOAT")
    ours, rate = read_audio(tmp_path / "a.wav", RATE)
    assert rate == RATE
    theirs = resample_poly(audio.astype(np.float64), 160, 441)
    assert len(ours) == pytest.approx(len(theirs), abs=1)
    middle = slice(2000, 14_000)
    assert np.abs(ours[middle] - theirs[middle]).max() < 2e-3


def test_ogg_and_mp3_are_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.ogg", tone(), RATE)
    soundfile.write(tmp_path / "a.mp3", tone(), RATE)
    for name in ("a.ogg", "a.mp3"):
        audio, rate = read_audio(tmp_path / name)
        assert rate == RATE
        spectrum = np.abs(np.fft.rfft(audio[:8000]))
        assert np.argmax(spectrum) * RATE / 8000 == pytest.approx(440, abs=2)


def test_mono_is_the_mean() -> None:
    left = tone()
    assert np.allclose(to_mono(np.stack([left, np.zeros_like(left)], axis=1)), left / 2)


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (
            np.full(10, 1.5),
            "the samples would clip: their peak is 1.500; expected at most 1; lower the level first",
        ),
        (np.array([0.0, np.nan]), "the samples contain NaN or infinite values"),
        (np.zeros(0), "nothing to write: audio of shape (0,); expected [samples] or [samples, channels]"),
    ],
)
def test_unwritable_audio_is_refused(tmp_path: Path, audio: np.ndarray, message: str) -> None:
    with pytest.raises(AudioFileError) as error:
        write_audio(tmp_path / "a.wav", audio, RATE)
    assert message in str(error.value)
    assert not list(tmp_path.iterdir())


def test_unknown_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"unknown suffix '.xyz'; expected one of .wav, .flac, .ogg"):
        write_audio(tmp_path / "a.xyz", tone(), RATE)
    with pytest.raises(AudioFileError, match=r"float samples need a \.wav file"):
        write_audio(tmp_path / "a.flac", tone(), RATE, "FLOAT")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.wav: the file is empty; expected WAV, FLAC, Ogg or MP3"),
        (b"RIFF\x00\x00", "not a readable sound file"),
        (b"just text", "expected WAV, FLAC, Ogg or MP3"),
    ],
)
@READERS
def test_unreadable_files_are_refused(tmp_path: Path, content: bytes, message: str, read) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(AudioFileError) as error:
        read(tmp_path / "a.wav")
    assert message in str(error.value)
    assert str(tmp_path / "a.wav") in str(error.value)


@READERS
def test_files_without_samples_or_with_nan_are_refused(tmp_path: Path, read) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE)
    with pytest.raises(AudioFileError, match="the file has no samples; expected at least one"):
        read(tmp_path / "empty.wav")
    soundfile.write(tmp_path / "nan.wav", np.array([0.0, np.nan]), RATE, subtype="FLOAT")
    with pytest.raises(AudioFileError, match="contains NaN or infinite samples"):
        read(tmp_path / "nan.wav")
    with pytest.raises(FileNotFoundError, match="No such sound file"):
        read(tmp_path / "none.wav")


def test_a_survey_finds_length_rate_and_silence(tmp_path: Path) -> None:
    for name, last in (("still.wav", 0.0), ("click.flac", 0.5)):
        samples = np.zeros((200_000, 2), np.float32)  # several blocks
        samples[-1, 1] = last
        write_audio(tmp_path / name, samples, 44_100)
        found = survey_audio(tmp_path / name)
        assert (found.samples, found.sample_rate, found.audible) == (200_000, 44_100, bool(last))


def test_a_failed_write_leaves_nothing_and_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.wav"
    write_audio(path, tone(), RATE)
    before = path.read_bytes()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as error:
        write_audio(path, tone(880), RATE)
    assert error.value.filename == str(path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_audio(tmp_path / "a.wav", tone(), RATE)
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may read everything
    with pytest.raises(PermissionError) as error:
        read_audio(tmp_path / "a.wav")
    assert explain_failure(error.value) == f"{tmp_path / 'a.wav'}: Permission denied"


def test_a_failed_write_keeps_errors_that_are_no_system_errors_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(error: BaseException) -> None:
        def fail(handle: int) -> None:
            raise error

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(type(error)) as caught:
            write_audio(tmp_path / "a.wav", tone(), RATE)
        assert caught.value is error
        assert not list(tmp_path.iterdir())

    wrong(ValueError("not a system error"))
    wrong(OSError("a system error without a number"))
    wrong(KeyboardInterrupt())


def test_system_errors_are_those_of_their_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError) as error:
        read_audio(tmp_path / "none.wav")
    assert error.value.errno == errno.ENOENT and error.value.filename == str(tmp_path / "none.wav")
    write_audio(tmp_path / "a.wav", tone(), RATE)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(PermissionError) as refused:
        read_audio(tmp_path / "a.wav")
    assert refused.value.errno == errno.EACCES and refused.value.filename == str(tmp_path / "a.wav")


def test_full_scale_is_kept_and_one_step_more_is_cut() -> None:
    codes = quantise_16_bit(np.array([-1.0, 1.0, 32767 / 32768, 0.5], np.float32))
    assert codes.dtype == np.int16 and codes.tolist() == [-32768, 32767, 32767, 16384]
    loud = np.full(1000, -0.99999, np.float32)
    assert quantise_16_bit(loud).min() == -32768, "dither does not wrap around"


def test_dither_follows_from_its_seed(tmp_path: Path) -> None:
    first, again, other = (quantise_16_bit(tone(), seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert np.array_equal(quantise_16_bit(tone()), quantise_16_bit(tone(), seed=0))
    rng = np.random.default_rng(1)
    scaled = tone() * np.float32(32768)
    drawn = rng.random(len(scaled), dtype=np.float32), rng.random(len(scaled), dtype=np.float32)
    assert np.array_equal(first, np.rint(scaled + drawn[0] - drawn[1]).astype(np.int16))
    write_audio(tmp_path / "plain.wav", tone(), RATE, dither=False)
    assert np.array_equal(soundfile.read(tmp_path / "plain.wav", dtype="int16")[0], np.rint(scaled))


def test_resampling_to_the_same_rate_returns_the_sound_itself() -> None:
    audio = tone()
    assert resample(audio, RATE, RATE) is audio
    assert resample(audio, RATE, 8000).dtype == np.float32
    assert to_mono(audio) is audio


def test_a_peak_of_exactly_one_is_written_and_float_may_pass_it(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", np.array([1.0, -1.0], np.float32), RATE)
    write_audio(tmp_path / "b.WAV", np.array([1.0, -1.0], np.float32), RATE)
    write_audio(tmp_path / "c.wav", np.array([1.5]), RATE, "FLOAT")
    assert read_audio(tmp_path / "c.wav")[0].tolist() == [1.5]
    with pytest.raises(AudioFileError, match="nothing to write: audio of shape"):
        write_audio(tmp_path / "d.wav", np.zeros((2, 2, 2)), RATE)
    write_audio(tmp_path / "e.ogg", tone(), RATE)
    assert soundfile.info(tmp_path / "e.ogg").subtype == "VORBIS"

"""Sound files in and out: any rate, any number of channels, nothing clipped and nothing half-written."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from stimuli.errors import AudioFileError
from stimuli.files import write_bytes
from stimuli.float_wav import float_header

Audio = npt.NDArray[np.float32]
Subtype = Literal["PCM_16", "PCM_24", "FLOAT"]

_LARGEST = 1e10
"""Larger than any sound, also on the scale of 32-bit integers."""

_BLOCK = 2**16
"""Samples of each channel that are decoded at a time."""

FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG"}
READABLE = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff")


def read_audio(path: str | Path, sample_rate: int | None = None) -> tuple[Audio, int]:
    """Read a sound file (WAV, FLAC, Ogg, MP3), resampled with soxr if `sample_rate` asks for it.

    Args:
        path: the file.
        sample_rate: rate of the returned samples in Hz; None keeps the file's own.

    Returns:
        The samples in [-1, 1] and their rate in Hz.

    Raises:
        AudioFileError: the file cannot be decoded, has no samples, or contains values that are not finite.
        FileNotFoundError: the file does not exist.
        PermissionError: the file may not be read.

    Shape:
        - audio: `[samples]` for one channel, `[samples, channels]` for more
    """
    path = Path(path)
    _refuse_unreadable(path)
    with _explain_undecodable(path):
        audio, rate = soundfile.read(path, dtype="float32")
    _refuse_empty(path, len(audio))
    _refuse_samples(path, audio)
    if sample_rate is not None and sample_rate != rate:
        audio, rate = resample(audio, rate, sample_rate), sample_rate
    return audio, int(rate)


@dataclass(frozen=True)
class Survey:
    """What a pass over a whole sound file found.

    Attributes:
        samples: how many each channel has.
        sample_rate: in Hz.
        audible: whether the mean over the channels is anywhere not zero.
    """

    samples: int
    sample_rate: int
    audible: bool


def survey_audio(path: str | Path) -> Survey:
    """Decode a sound file from end to end, a block at a time, and refuse what `read_audio` refuses.

    Raises:
        AudioFileError: see `read_audio`, as the other errors.
    """
    path = Path(path)
    _refuse_unreadable(path)
    samples, audible = 0, False
    with _explain_undecodable(path), soundfile.SoundFile(path) as file:
        for block in file.blocks(_BLOCK, dtype="float32", always_2d=True):
            _refuse_samples(path, block)
            samples += len(block)
            audible = audible or bool(to_mono(block).any())
        rate = int(file.samplerate)
    _refuse_empty(path, samples)
    return Survey(samples, rate, audible)


def resample(audio: Audio, from_hz: int, to_hz: int) -> Audio:
    """Resample `[samples]` or `[samples, channels]` from one rate to another (soxr, quality HQ)."""
    if from_hz == to_hz:
        return audio
    return np.asarray(soxr.resample(audio, from_hz, to_hz, quality="HQ"), dtype=np.float32)


def to_mono(audio: Audio) -> Audio:
    """Return the mean over the channels, of shape `[samples]`."""
    return audio if audio.ndim == 1 else audio.mean(axis=1, dtype=np.float32)


def write_audio(
    path: str | Path,
    audio: npt.ArrayLike,
    sample_rate: int,
    subtype: Subtype = "PCM_16",
    *,
    dither: bool = True,
    seed: int = 0,
) -> None:
    """Write a sound file, refusing to clip; the same call gives the same bytes.

    Reduction to 16 bits adds triangular dither of one step unless the samples are on the 16-bit grid
    already, so that a copy of a 16-bit file is exact.

    Args:
        path: where to write; the suffix `.wav`, `.flac` or `.ogg` names the format.
        audio: samples in [-1, 1], of shape `[samples]` or `[samples, channels]`.
        sample_rate: in Hz.
        subtype: `PCM_16`, `PCM_24` or `FLOAT` (WAV only).
        dither: whether to dither when reducing to 16 bits.
        seed: of the dither.

    Raises:
        AudioFileError: the samples would clip, are not finite, are none, or the format is unknown.
    """
    path = Path(path)
    samples = np.asarray(audio, dtype=np.float32)
    _refuse_unwritable(path, samples, subtype)
    if subtype == "PCM_16" and path.suffix.lower() != ".ogg":
        data: npt.NDArray[np.generic] = quantise_16_bit(samples, dither=dither, seed=seed)
    else:
        data = samples
    # Encoded in memory: libsndfile does not say that a disk is full, Python does.
    encoded = io.BytesIO()
    if subtype == "FLOAT":
        channels = 1 if samples.ndim == 1 else samples.shape[1]
        encoded.write(float_header(path, len(samples), channels, sample_rate))
        encoded.write(np.ascontiguousarray(samples, dtype="<f4").data)
    else:
        file_format = FORMATS[path.suffix.lower()]
        chosen = "VORBIS" if file_format == "OGG" else subtype
        soundfile.write(encoded, data, sample_rate, format=file_format, subtype=chosen)
    write_bytes(path, encoded.getbuffer())


def quantise_16_bit(audio: Audio, *, dither: bool = True, seed: int = 0) -> npt.NDArray[np.int16]:
    """Return 16-bit codes of samples in [-1, 1], with triangular dither of plus and minus one step.

    Source: Lipshitz, Wannamaker, Vanderkooy, "Quantization and dither", J. Audio Eng. Soc. 40(5), 1992.
    """
    scaled = audio * np.float32(32768.0)
    if dither and not np.array_equal(scaled, np.rint(scaled)):
        rng = np.random.default_rng(seed)
        scaled = (
            scaled + rng.random(audio.shape, dtype=np.float32) - rng.random(audio.shape, dtype=np.float32)
        )
    codes: npt.NDArray[np.int16] = np.clip(np.rint(scaled), -32768, 32767).astype(np.int16)
    return codes


def _refuse_unreadable(path: Path) -> None:
    if not path.is_file():
        raise FileNotFoundError(2, "No such sound file", str(path))
    if not os.access(path, os.R_OK):  # which libsndfile calls a system error
        raise PermissionError(errno.EACCES, "The sound file may not be read", str(path))
    if path.stat().st_size == 0:
        raise AudioFileError(f"{path}: the file is empty; expected WAV, FLAC, Ogg or MP3")


@contextmanager
def _explain_undecodable(path: Path) -> Iterator[None]:
    try:
        yield
    except (soundfile.LibsndfileError, TypeError, MemoryError) as error:
        unsaid = "too long for the memory" if isinstance(error, MemoryError) else "it has no header"
        reason = str(getattr(error, "error_string", unsaid)).rstrip(". ")
        raise AudioFileError(
            f"{path}: not a readable sound file ({reason}); expected WAV, FLAC, Ogg or MP3"
        ) from error


def _refuse_empty(path: Path, samples: int) -> None:
    if samples == 0:
        raise AudioFileError(f"{path}: the file has no samples; expected at least one")


def _refuse_samples(path: Path, audio: Audio) -> None:
    if not np.isfinite(audio).all():
        raise AudioFileError(
            f"{path}: the file contains NaN or infinite samples; expected samples in [-1, 1]"
        )
    if len(audio) and (loudest := float(np.abs(audio).max())) > _LARGEST:
        raise AudioFileError(
            f"{path}: the file contains samples of up to {loudest:.3g}; expected samples in [-1, 1]"
        )


def _refuse_unwritable(path: Path, samples: Audio, subtype: Subtype) -> None:
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise AudioFileError(f"{path}: unknown suffix {path.suffix!r}; expected one of {', '.join(FORMATS)}")
    if subtype == "FLOAT" and suffix != ".wav":
        raise AudioFileError(f"{path}: float samples need a .wav file; found {path.suffix!r}")
    if samples.ndim not in (1, 2) or samples.size == 0:
        raise AudioFileError(
            f"{path}: nothing to write: audio of shape {samples.shape}; "
            "expected [samples] or [samples, channels]"
        )
    if not np.isfinite(samples).all():
        raise AudioFileError(
            f"{path}: the samples contain NaN or infinite values; expected values in [-1, 1]"
        )
    peak = float(np.abs(samples).max())
    if subtype != "FLOAT" and peak > 1.0:
        raise AudioFileError(
            f"{path}: the samples would clip: their peak is {peak:.3f}; expected at most 1; "
            "lower the level first"
        )

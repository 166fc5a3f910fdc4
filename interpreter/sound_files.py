"""Sound files: those of a folder in any layout, how long one is, a part of one, and one read in pieces."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile
import torch
from torch import Tensor

from interpreter.errors import ConfigError
from stimuli import Audio, to_mono
from stimuli.audio import READABLE, resample, survey_audio

MAXIMUM_DURATION_S = 5.0

_RESAMPLER_REACH = 2048
"""Samples on either side that the resampler's filter looks at, with room to spare."""

_DECODER_REACH = 16384
"""Samples that a decoder of Vorbis, Opus or MP3 needs to get going after a jump."""


def sound_files(folder: Path) -> tuple[Path, ...]:
    """Return the sound files under `folder` (LJSpeech, WHAM! or any other layout), in order.

    Raises:
        FileNotFoundError: the folder does not exist.
        ConfigError: it contains no sound file.
    """
    if not folder.is_dir():
        raise FileNotFoundError(2, "No such folder of sounds", str(folder))
    sounds = (path for path in folder.rglob("*") if path.suffix.lower() in READABLE)
    found = tuple(sorted(path for path in sounds if not path.name.startswith(".")))  # macOS's "._" twins
    if not found:
        raise ConfigError(f"{folder}: no sound files in this folder; expected some of {', '.join(READABLE)}")
    return found


def file_duration_s(path: Path) -> float:
    """Return the length of a sound file in seconds, only from its header.

    Raises:
        FileNotFoundError: the file does not exist.
        ConfigError: it is not a sound file.
    """
    return float(_header(path).duration)


def file_samples(path: Path, sample_rate: int) -> int:
    """Return how many samples a sound file has when it is read at another rate, only from its header.

    Raises:
        FileNotFoundError: the file does not exist.
        ConfigError: it is not a sound file.
    """
    header = _header(path)
    return _count_resampled(int(header.frames), int(header.samplerate), sample_rate)


def read_piece(path: Path, sample_rate: int, start: int, samples: int) -> Audio:
    """Read a part of a sound file as one channel, decoding no more of it than that takes.

    It is what the whole file has there: exactly, or to rounding if the file has another rate.

    Args:
        path: the file.
        sample_rate: of the result, in Hz.
        start: first sample, at that rate.
        samples: how many; fewer are returned at the end of the file.

    Raises:
        ConfigError: it is not a sound file, or the part contains NaN or infinite samples.

    Shape:
        - result: `[samples]`
    """
    try:
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            # whole periods of the two rates, so that the resampler's phase is that of the whole file
            period_in, period_out = (one // math.gcd(rate, sample_rate) for one in (rate, sample_rate))
            margin = 0 if rate == sample_rate else _RESAMPLER_REACH
            first = max(start - margin, 0) // period_out
            last = -(-(start + samples + margin) // period_out)
            begin = min(first * period_in, file.frames)
            lead = min(begin, _DECODER_REACH)
            file.seek(begin - lead)
            sound = file.read(lead + (last - first) * period_in, dtype="float32", always_2d=True)[lead:]
    except soundfile.LibsndfileError as error:
        raise ConfigError(f"{path}: not a readable sound file; expected WAV, FLAC, Ogg or MP3") from error
    if not np.isfinite(sound).all():
        raise ConfigError(f"{path}: contains NaN or infinite samples; remove it")
    sound = resample(sound, rate, sample_rate)
    offset = start - first * period_out
    piece: Audio = to_mono(sound)[offset : offset + samples]
    return piece


class Sound(Protocol):
    """Samples of one channel that can be cut into pieces: a tensor `[samples]`, or a file."""

    def __len__(self) -> int:
        """The number of samples."""
        ...

    def __getitem__(self, span: slice, /) -> Tensor:
        """Return the samples from `span.start` to `span.stop`."""
        ...

    def any(self) -> object:
        """Say whether it is anywhere not zero."""
        ...


@dataclass(frozen=True)
class SoundOnDisk:
    """A sound file as one channel at a rate, of which only the pieces that are asked for are in memory.

    Attributes:
        path: the file.
        sample_rate: of the pieces, in Hz.
        samples: how many there are at that rate.
        audible: whether one of them is not zero.
    """

    path: Path
    sample_rate: int
    samples: int
    audible: bool = True

    @classmethod
    def survey(cls, path: Path, sample_rate: int) -> SoundOnDisk:
        """Return a file that was decoded once from end to end.

        Raises:
            AudioFileError: it is damaged, empty, or contains values that are not finite.
            FileNotFoundError: it does not exist.
        """
        found = survey_audio(path)
        length = _count_resampled(found.samples, found.sample_rate, sample_rate)
        return cls(path, sample_rate, length, found.audible)

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, span: slice, /) -> Tensor:
        start, stop, _ = span.indices(self.samples)
        return torch.from_numpy(read_piece(self.path, self.sample_rate, start, stop - start))

    def any(self) -> bool:
        """Say whether it is anywhere not zero."""
        return self.audible


def _count_resampled(samples: int, from_hz: int, to_hz: int) -> int:
    return (2 * samples * to_hz + from_hz) // (2 * from_hz)  # soxr rounds half a sample up


def _header(path: Path) -> Any:
    if not path.is_file():
        raise FileNotFoundError(2, "No such sound file", str(path))
    try:
        return soundfile.info(path)
    except soundfile.LibsndfileError as error:
        raise ConfigError(f"{path}: not a readable sound file; expected WAV, FLAC, Ogg or MP3") from error

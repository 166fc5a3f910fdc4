"""Sound files: those of a folder in any layout, and how long one is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from interpreter.errors import ConfigError
from stimuli import Audio
from stimuli.audio import READABLE
from stimuli.synthesis import coloured_noise as sloped_noise
from stimuli.synthesis import slow_envelope

MAXIMUM_DURATION_S = 5.0


def sound_files(folder: Path) -> tuple[Path, ...]:
    """Return the sound files under `folder` (LJSpeech, WHAM! or any other layout), in order.

    Raises:
        FileNotFoundError: there is no such folder.
        ConfigError: it contains no sound file.
    """
    if not folder.is_dir():
        raise FileNotFoundError(2, "No such folder of sounds", str(folder))
    found = tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in READABLE))
    if not found:
        raise ConfigError(f"{folder}: no sound files in this folder; expected some of {', '.join(READABLE)}")
    return found


def file_duration_s(path: Path) -> float:
    """Return the length of a sound file in seconds, only from its header.

    Raises:
        FileNotFoundError: there is no such file.
        ConfigError: it is not a sound file.
    """
    return float(_header(path).duration)


def file_samples(path: Path, sample_rate: int) -> int:
    """Return how many samples a sound file has when it is read at another rate, only from its header.

    Raises:
        FileNotFoundError: there is no such file.
        ConfigError: it is not a sound file.
    """
    header = _header(path)
    # soxr rounds half a sample up.
    return int((2 * header.frames * sample_rate + header.samplerate) // (2 * header.samplerate))


def _header(path: Path) -> Any:
    if not path.is_file():
        raise FileNotFoundError(2, "No such sound file", str(path))
    try:
        return soundfile.info(path)
    except soundfile.LibsndfileError as error:
        raise ConfigError(f"{path}: not a readable sound file; expected WAV, FLAC, Ogg or MP3") from error


def coloured_noise(samples: int, generator: np.random.Generator) -> Audio:
    """Return noise of unit power with a drawn slope (-9 to 0 dB per octave) under a slow drawn envelope.

    It stands in for recorded backgrounds such as WHAM!.

    Shape:
        - result: `[samples]`
    """
    noise = sloped_noise(generator, samples, generator.uniform(-9.0, 0.0))
    envelope = slow_envelope(generator, samples, int(generator.integers(3, 9)), generator.uniform(0.0, 0.8))
    shaped = noise * envelope
    unit: Audio = (shaped / np.sqrt(np.mean(np.square(shaped)) + 1e-12)).astype(np.float32)
    return unit

"""A sound's spectrogram as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy import signal

from analysis.errors import RatingsError
from analysis.statistics.variance import Floats
from stimuli.files import atomic_path

_METADATA: Any = {"Software": None}  # a picture says nothing of the program that drew it
_RANGE_DB, _BINS, _FRAMES = 80.0, 192, 420


def draw_spectrogram(source: Path, picture: Path, level: float) -> None:
    """Write a sound's magnitude spectrogram as a PNG, low frequencies at the bottom.

    Args:
        source: Sound file; several channels are averaged.
        picture: PNG to write.
        level: Level in dB of the brightest colour; the darkest is 80 dB lower. One level for all sounds of an
            item makes their pictures comparable.
    """
    from matplotlib.image import imsave

    power = _spectrogram_db(source)
    with atomic_path(picture) as temporary:
        imsave(
            temporary,
            power[::-1],
            cmap="magma",
            vmin=level - _RANGE_DB,
            vmax=level,
            format="png",
            metadata=_METADATA,
        )


def peak_db(source: Path) -> float:
    """Return the level in dB of a sound's loudest bin."""
    return float(_spectrogram_db(source).max())


def measure_duration_s(source: Path) -> float:
    """Return how long a sound lasts, in seconds."""
    import soundfile

    return float(soundfile.info(source).duration)


def _spectrogram_db(source: Path) -> Floats:
    """Magnitudes in dB [frequencies, frames], reduced to the size of the picture."""
    import soundfile

    try:
        audio, rate = soundfile.read(source, dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise RatingsError(f"{source} cannot be read as sound: {error}") from None
    mono = audio.mean(axis=1)
    window = 2 * _BINS
    if len(mono) < window:
        mono = np.pad(mono, (0, window - len(mono)))
    hop = max(window // 4, len(mono) // _FRAMES)
    _, _, spectrum = signal.spectrogram(
        mono, rate, window="hann", nperseg=window, noverlap=max(window - hop, 0)
    )
    return np.asarray(10 * np.log10(spectrum + 1e-14))

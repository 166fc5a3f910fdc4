"""WAV files of 32-bit float samples, written at once or piece by piece; the same samples give the same bytes.

libsndfile stamps the time of day into such a file (its PEAK chunk), and SciPy needs all samples at once.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from stimuli.errors import AudioFileError
from stimuli.files import atomic_path, create

_IEEE_FLOAT, _BYTES = 3, 4
_LARGEST = 2**32 - 1
"""Bytes that the sizes in a WAV file can state."""


def float_header(path: Path, samples: int, channels: int, sample_rate: int) -> bytes:
    """Return what a WAV file of float samples begins with, up to the samples.

    Args:
        path: of the file, for messages.
        samples: how many samples each channel will have.
        channels: how many channels.
        sample_rate: in Hz.

    Raises:
        AudioFileError: more samples than a WAV file can have.
    """
    frame = channels * _BYTES
    form = struct.pack(
        "<HHIIHHH", _IEEE_FLOAT, channels, sample_rate, sample_rate * frame, frame, 8 * _BYTES, 0
    )
    chunks = _chunk(b"fmt ", form) + _chunk(b"fact", struct.pack("<I", samples))
    size = len(b"WAVE") + len(chunks) + len(b"data") + 4 + samples * frame
    if size > _LARGEST:
        raise AudioFileError(
            f"{path}: {samples} samples in {channels} channel(s) are more than the 4 GiB of a WAV file; "
            "expected a shorter sound"
        )
    return b"RIFF" + struct.pack("<I", size) + b"WAVE" + chunks + b"data" + struct.pack("<I", samples * frame)


@contextmanager
def grow_float_wav(
    path: Path, samples: int, sample_rate: int
) -> Iterator[Callable[[npt.NDArray[np.float32]], None]]:
    """Give a function that appends samples `[n]` to a file of one channel, which appears at the end.

    Args:
        path: of the file; it appears whole, or not at all after an error.
        samples: how many there will be.
        sample_rate: in Hz.

    Raises:
        AudioFileError: samples that are not finite, or another number of them than announced.
    """
    written = 0
    header = float_header(path, samples, 1, sample_rate)
    with atomic_path(path) as temporary, os.fdopen(create(temporary), "wb") as file:
        file.write(header)

        def append(piece: npt.NDArray[np.float32]) -> None:
            nonlocal written
            if not np.isfinite(piece).all():
                raise AudioFileError(
                    f"{path}: the samples contain NaN or infinite values; expected values in [-1, 1]"
                )
            file.write(np.ascontiguousarray(piece, dtype="<f4").data)
            written += len(piece)

        yield append
        if written != samples:
            raise AudioFileError(f"{path}: {written} samples were written; expected {samples}")


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content

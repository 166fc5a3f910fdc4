"""Sounds as somebody would upload them: files, archives, and what a browser sends of both."""

from __future__ import annotations

import functools
import io
import zipfile

import numpy as np
import soundfile as sf
from werkzeug.datastructures import FileStorage

CONDITIONS = ("reference", "codec-a", "codec-b")


@functools.cache
def tone(seconds: float = 0.6, hz: float = 440.0, rate: int = 16000) -> bytes:
    written = io.BytesIO()
    time = np.arange(round(rate * seconds)) / rate
    sf.write(written, (0.2 * np.sin(2 * np.pi * hz * time)).astype("float32"), rate, format="WAV")
    return written.getvalue()


def archive(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return written.getvalue()


def sounds(items: int = 2, top: str = "my sounds/", seconds: float = 0.6) -> dict[str, bytes]:
    return {
        f"{top}item{number}/{name}.wav": tone(seconds, 200.0 + 90 * number + 7 * place)
        for number in range(items)
        for place, name in enumerate(CONDITIONS)
    }


def send(name: str, content: bytes) -> FileStorage:
    return FileStorage(io.BytesIO(content), filename=name)

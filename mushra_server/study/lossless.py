"""WAV files as FLAC on their way to a browser: the same samples in about half the bytes."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import IO
from weakref import WeakSet

import soundfile

from study_builder.config.sound_tags import find_untagged_parts

__all__ = ["SHARED", "FlacCache", "Packed"]

MEDIA_TYPE = "audio/flac"
# Samples of a file as integers of libsndfile, which lose nothing; FLAC has no floating point.
_INTEGERS = {"PCM_16": "int16", "PCM_24": "int32"}
_MOST_CHANNELS = 8  # of FLAC
_MOST_FILE_BYTES = 64 * 2**20  # a longer file is sent as it is
_MOST_BYTES = 256 * 2**20
_MOST_WAITING = 4
"""Requests that wait until a sound is made, of the web server's 16 threads: sounds that together are longer
than what is kept could be asked for again and again, and all else would wait behind them."""


@dataclass(frozen=True, eq=False)
class Packed:
    """A sound as FLAC; whoever sends it holds on to it."""

    content: bytes


class FlacCache:
    """FLAC versions of sounds, by the hash of the sound; the oldest ones make room.

    Those that are kept do not wait while another is made. Those that are no longer kept, but still sent, take
    memory too: slow readers of many sounds would fill it, so no other is made while there is twice as much as
    is kept.

    Args:
        most_bytes: That are kept.
    """

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[str, Packed | None] = OrderedDict()
        self._alive: WeakSet[Packed] = WeakSet()
        self._lock = threading.Lock()
        self._encoding = threading.Lock()  # one sound at a time: a long one takes much memory
        self._places = threading.BoundedSemaphore(_MOST_WAITING)

    def encode(self, digest: str, file: IO[bytes]) -> Packed | None:
        """Return a sound as FLAC; None if it is to be sent as it is.

        That is so if it is not a WAV file of 16 or 24 bits, FLAC is not smaller, too many wait for theirs, or
        too much is being sent that is no longer kept.

        Args:
            digest: SHA-256 of the file's content.
            file: The file; its position changes.
        """
        known, found = self._look_up(digest)
        if known:
            return found
        if not self._places.acquire(blocking=False):
            return None
        try:
            with self._encoding:
                known, found = self._look_up(digest)  # whoever was first has made it
                if known or sum(len(packed.content) for packed in list(self._alive)) > 2 * self._most:
                    return found
                made = _encode(file)
                return self._keep(digest, None if made is None else Packed(made))
        finally:
            self._places.release()

    def _look_up(self, digest: str) -> tuple[bool, Packed | None]:
        with self._lock:
            if digest not in self._kept:
                return False, None
            self._kept.move_to_end(digest)
            return True, self._kept[digest]

    def _keep(self, digest: str, found: Packed | None) -> Packed | None:
        with self._lock:
            self._kept[digest] = found
            if found is not None:
                self._alive.add(found)
            while sum(len(kept.content) for kept in self._kept.values() if kept is not None) > self._most:
                self._kept.popitem(last=False)
        return found


SHARED = FlacCache()
"""Of all studies that this process serves: however many they are, together they keep no more."""


def _encode(file: IO[bytes]) -> bytes | None:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > _MOST_FILE_BYTES:
        return None
    try:
        with soundfile.SoundFile(io.BytesIO(file.read())) as sound:
            kind = _INTEGERS.get(sound.subtype) if sound.format in {"WAV", "WAVEX"} else None
            if kind is None or sound.channels > _MOST_CHANNELS:
                return None
            samples, rate, subtype = sound.read(dtype=kind), sound.samplerate, sound.subtype
        packed = io.BytesIO()
        soundfile.write(packed, samples, rate, subtype=subtype, format="FLAC")
    except soundfile.SoundFileError:
        return None  # a browser may still be able to play it
    whole = packed.getvalue()
    parts = find_untagged_parts(packed)
    flac = b"".join(part if isinstance(part, bytes) else whole[part[0] : sum(part)] for part in parts)
    return flac if len(flac) < size else None

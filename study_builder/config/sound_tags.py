"""Sound files without their tags: titles, comments, dates and cover art may say which condition a file is.

WAV keeps its format and samples, FLAC its stream information and seek table, MP3 its frames. Other formats
(Ogg, M4A) stay as they are. Nothing is decoded, and a file without tags keeps every byte.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import IO

__all__ = ["Part", "find_untagged_parts", "read_untagged"]

Part = bytes | tuple[int, int]
"""Some bytes, or the offset and the size of a piece of the file."""

_KEPT_CHUNKS = {b"fmt ", b"fact", b"data"}
_KEPT_BLOCKS = {0, 3}  # STREAMINFO, SEEKTABLE
_MAX_PARTS = 10_000
"""More chunks, blocks or tags than any program writes are not followed: the file stays as it is."""
_MOST = 2**32 - 1
_ID3V1, _APE = 128, 32  # bytes of a tag at the end, and of the footer of one


def find_untagged_parts(file: IO[bytes]) -> list[Part]:
    """Return the parts of a sound file that are not tags, in order.

    Args:
        file: The file, opened for reading; its position changes.
    """
    size = file.seek(0, 2)
    whole: list[Part] = [(0, size)]
    magic = _read(file, 0, 12)
    if magic[:4] == b"RIFF" and magic[8:] == b"WAVE":
        return _of_wave(file, size) or whole
    start = min(_after_id3(file), size)
    if _read(file, start, 4) == b"fLaC":
        return _of_flac(file, start, size) or whole
    if start or _is_mpeg_frame(_read(file, 0, 2)):
        return [(start, max(0, _before_tags_at_end(file, start, size) - start))]
    return whole


def read_untagged(path: Path) -> bytes:
    """Return a sound file without its tags."""
    with path.open("rb") as file:
        return b"".join(
            part if isinstance(part, bytes) else _read(file, *part) for part in find_untagged_parts(file)
        )


def _of_wave(file: IO[bytes], size: int) -> list[Part] | None:
    """Return a WAV file's header and samples; None if it is not one that can be followed."""
    kept: dict[bytes, tuple[int, int]] = {}
    at, others = 12, False
    for _ in range(_MAX_PARTS):
        if at + 8 > size or b"data" in kept:
            break
        name, length = struct.unpack("<4sI", _read(file, at, 8))
        length = min(length, size - at - 8)  # a stream's header says 0xFFFFFFFF
        if name in _KEPT_CHUNKS and name not in kept:
            kept[name] = at + 8, length
        else:
            others = True
        at += 8 + length + length % 2
    if b"fmt " not in kept or b"data" not in kept:
        return None
    if not others and at >= size:
        return [(0, size)]
    parts: list[Part] = []
    total = 4
    for name, (start, length) in kept.items():
        parts += [struct.pack("<4sI", name, length), (start, length)]
        total += 8 + length + length % 2
        if length % 2:
            parts.append(b"\0")
    return None if total > _MOST else [struct.pack("<4sI4s", b"RIFF", total, b"WAVE"), *parts]


def _of_flac(file: IO[bytes], start: int, size: int) -> list[Part] | None:
    """Return a FLAC file with the blocks that a decoder needs; None if it is not one that can be followed."""
    blocks: list[tuple[int, int, int]] = []  # kind, offset, size
    at, last = start + 4, False
    while not last and len(blocks) < _MAX_PARTS:
        head = _read(file, at, 4)
        if len(head) < 4:
            return None
        last, kind, length = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:], "big")
        blocks.append((kind, at + 4, length))
        at += 4 + length
    kept = [block for block in blocks if block[0] in _KEPT_BLOCKS]
    if not last or not kept or at > size:
        return None
    if len(kept) == len(blocks) and not start:
        return [(0, size)]
    parts: list[Part] = [b"fLaC"]
    for number, (kind, offset, length) in enumerate(kept, start=1):
        flag = 0x80 if number == len(kept) else 0
        parts += [bytes([flag | kind]) + length.to_bytes(3, "big"), (offset, length)]
    return [*parts, (at, size - at)]


def _after_id3(file: IO[bytes]) -> int:
    """Return where a file continues after the ID3v2 tags at its start."""
    at = 0
    for _ in range(_MAX_PARTS):
        head = _read(file, at, 10)
        if head[:3] != b"ID3" or len(head) < 10:
            break
        seven_bits = head[6:]
        at += 10 + sum((byte & 0x7F) << 7 * place for place, byte in enumerate(reversed(seven_bits)))
        at += 10 if head[5] & 0x10 else 0  # a footer
    return at


def _before_tags_at_end(file: IO[bytes], start: int, size: int) -> int:
    """Return where the ID3v1 and APE tags at the end of an MP3 file begin."""
    end = size
    for _ in range(_MAX_PARTS):
        if end <= start:
            break
        if end - start >= _ID3V1 and _read(file, end - _ID3V1, 3) == b"TAG":
            end -= _ID3V1
            continue
        foot = _read(file, end - _APE, _APE) if end - start >= _APE else b""
        if foot[:8] != b"APETAGEX":
            break
        length, _, flags = struct.unpack("<3I", foot[12:24])
        end -= max(_APE, length) + (_APE if flags & 0x8000_0000 else 0)
    return max(start, end)


def _is_mpeg_frame(head: bytes) -> bool:
    return len(head) == 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0


def _read(file: IO[bytes], start: int, size: int) -> bytes:
    file.seek(max(0, start))
    return file.read(size)

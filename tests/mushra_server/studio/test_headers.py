"""Uploads that would take the memory of the server, or its life, are left out or refused."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mushra_server.errors import Refusal
from mushra_server.studio import headers
from mushra_server.studio.drafts import HEADERS_NAME, SOUNDS_NAME
from mushra_server.studio.headers import read_headers
from mushra_server.studio.reading import read_folder
from mushra_server.studio.uploads import store_sounds
from tests.mushra_server.studio.sounds import archive, send, sounds, tone

MIB = 1024**2
MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
LACES = 255  # segments of a page, of as many bytes each


def pages(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield the head, the sizes of the segments and the body of each page of an Ogg file."""
    at = 0
    while at < len(content):
        laces = content[at + 27 : at + 27 + content[at + 26]]
        body = at + 27 + len(laces)
        yield content[at : at + 27], laces, content[body : body + sum(laces)]
        at = body + sum(laces)


def page(head: bytes, number: int, laces: bytes, body: bytes, continued: bool = False) -> bytes:
    """Return a page with its number and its checksum: a CRC-32 of mirrored bits that begins with 0."""
    kind = head[5] & ~1 | continued
    whole = bytearray(
        head[:5] + struct.pack("<B12sIIB", kind, head[6:18], number, 0, len(laces)) + laces + body
    )
    found = zlib.crc32(bytes(whole).translate(MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    whole[22:26] = struct.pack("<I", int(f"{found:032b}"[::-1], 2))
    return bytes(whole)


def packet(head: bytes, number: int, content: bytes) -> list[bytes]:
    """Return the pages of a packet of its own."""
    sizes = bytes([LACES]) * (len(content) // LACES) + bytes([len(content) % LACES])
    return [
        page(
            head,
            number + place // LACES,
            sizes[place : place + LACES],
            content[place * LACES : (place + LACES) * LACES],
            continued=place > 0,
        )
        for place in range(0, len(sizes), LACES)
    ]


def ogg(comment_bytes: int) -> bytes:
    """Return a second of Ogg Vorbis with a comment of some length."""
    written = io.BytesIO()
    sf.write(written, np.zeros(8000), 8000, format="OGG", subtype="VORBIS")
    first, second, *rest = pages(written.getvalue())
    _, laces, body = second
    size = sum(laces[: next(place for place, lace in enumerate(laces) if lace < LACES) + 1])
    setup = body[size:]  # the packet after the comment
    assert setup[1:7] == b"vorbis" and laces[-1] < LACES
    head = second[0]
    comment = (
        b"\3vorbis" + struct.pack("<III", 0, 1, comment_bytes) + b"A=".ljust(comment_bytes, b"a") + b"\1"
    )
    made = [page(first[0], 0, *first[1:]), *packet(head, 1, comment)]
    made += packet(head, len(made), setup)
    made += [page(one, len(made) + place, *more) for place, (one, *more) in enumerate(rest)]
    return b"".join(made)


def codebooks(count: int, entries: int = 1 << 22) -> bytes:
    """Return half a kilobyte of Ogg Vorbis with codebooks of gigabytes: each of its entries is as long."""
    bits = 0, 0

    def put(value: int, width: int) -> None:
        nonlocal bits
        bits = bits[0] | value << bits[1], bits[1] + width

    put(count - 1, 8)
    for _ in range(count):
        for value, width in ((0x564342, 24), (1, 16), (entries, 24), (1, 1), (entries.bit_length() - 2, 5)):
            put(value, width)
        put(entries, entries.bit_length())
        put(0, 4)
    for value, width in (
        (0, 22), (0, 6), (1, 16), (0, 7), (4, 4),  # times; a floor
        (0, 6), (0, 16), (0, 72), (0, 18), (0, 22), (0, 20), (0, 8), (0, 47), (1, 1),  # the rest of the setup
    ):  # fmt: skip
        put(value, width)
    setup = b"\5vorbis" + bits[0].to_bytes((bits[1] + 7) // 8, "little")
    ident = b"\1vorbis" + struct.pack("<IBIiiiBB", 0, 1, 8000, 0, 0, 0, 0x88, 1)
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, 0, 0, 1, 0, 0, 0)
    first, last = (head[:5] + bytes([kind]) + head[6:] for kind in (2, 4))
    made = packet(first, 0, ident)
    for content in (b"\3vorbis" + bytes(8) + b"\1", setup, bytes(20)):
        made += packet(head if content != bytes(20) else last, len(made), content)
    return b"".join(made)


def test_codebooks_that_end_whoever_reads_them_are_left_out(tmp_path: Path) -> None:
    """A server that read them by itself was gone, with all listeners."""
    bomb = codebooks(20)
    assert len(bomb) < 700
    files = {**sounds(1, ""), "item0/bomb.ogg": bomb}
    found = store_sounds([send("a.zip", archive(files))], tmp_path / "sounds")
    assert (found.sounds, found.left_out) == (3, ("item0/bomb.ogg",))


def test_a_comment_that_takes_much_memory_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(headers, "MOST_BYTES", 16 * MIB)
    files = {**sounds(1, ""), "item0/short.ogg": ogg(1000), "item0/long.ogg": ogg(40 * MIB)}
    found = store_sounds([send(*one) for one in files.items()], tmp_path / "sounds")
    assert (found.sounds, found.left_out) == (4, ("item0/long.ogg",))


def test_a_file_at_which_the_process_ends_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(headers, "FILE_S", 0.2)
    monkeypatch.setattr(headers, "MOST_ENDS", 1)
    paths = [tmp_path / name for name in ("a.wav", "pipe", "b.wav", "another", "c.wav")]
    for path in paths:
        if path.suffix:
            path.write_bytes(tone())
        else:
            os.mkfifo(path)  # whoever opens it waits for ever
    assert [one and one[:] for one in read_headers(paths[:3])] == [(9600, 16000, 1), None, (9600, 16000, 1)]
    with pytest.raises(Refusal, match=r"^the sounds cannot be read; expected WAV"):
        read_headers(paths)


def test_the_server_reads_no_sound_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = tmp_path / "draft"
    store_sounds([send(*one) for one in sounds(2, "").items()], draft / SOUNDS_NAME)
    known = read_folder(draft)
    assert known is not None
    assert (known.files, known.rates, known.channels) == (6, {16000: 6}, {1: 6})
    assert known.seconds == (0.6, 0.6) and known.sound_seconds == pytest.approx(3.6)
    with monkeypatch.context() as patch:
        patch.setattr(sf, "info", None)
        patch.setattr(headers.subprocess, "run", None)
        assert read_folder(draft) == known, "nobody reads them again for each look"
    kept = draft / SOUNDS_NAME / HEADERS_NAME
    before = kept.read_text()
    kept.unlink()
    assert read_folder(draft) == known, "they came in an earlier release"
    assert kept.read_text() == before, "read once only"
    assert [path.name for path in draft.iterdir()] == [SOUNDS_NAME]


def test_an_archive_that_says_how_much_memory_it_takes_is_refused(tmp_path: Path) -> None:
    """With LZMA that is up to four gigabytes, whatever is in it."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_LZMA) as made:
        for name, content in sounds(1).items():
            made.writestr(name, content)
    with pytest.raises(Refusal, match=r"^'a.zip' is packed by a method other than Deflate; pack it again$"):
        store_sounds([send("a.zip", written.getvalue())], tmp_path / "sounds")

"""Sound files without tags: nothing but the sound is left, and the sound is the same."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from study_builder.config.sound_tags import find_untagged_parts, read_untagged

SECRET = b"gradcam\0"


def _write(path: Path, **settings: str) -> Path:
    noise = np.random.default_rng(3).uniform(-0.5, 0.5, (4801, 2))
    sf.write(path, noise, 48000, **settings)
    return path


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _sound(content: bytes) -> np.ndarray:
    return sf.read(io.BytesIO(content))[0]


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_U8", "FLOAT", "DOUBLE", "ALAW"])
@pytest.mark.parametrize("place", ["before the format", "before the samples", "at the end", "beyond the end"])
def test_a_wave_file_keeps_its_format_and_samples(tmp_path: Path, subtype: str, place: str) -> None:
    path = _write(tmp_path / "a.wav", subtype=subtype)
    content, tag = path.read_bytes(), _chunk(b"bext", SECRET * 3 + b"x")
    at = {"before the format": 12, "before the samples": content.index(b"data")}.get(place, len(content))
    tagged = content[:at] + tag + content[at:]
    if place != "beyond the end":
        tagged = tagged[:4] + struct.pack("<I", len(tagged) - 8) + tagged[8:]
    path.write_bytes(tagged)
    left = read_untagged(path)
    assert SECRET not in left and b"PEAK" not in left
    assert struct.unpack("<I", left[4:8])[0] == len(left) - 8
    np.testing.assert_array_equal(_sound(left), _sound(content))
    assert sf.info(io.BytesIO(left)).subtype == subtype


def test_a_file_without_tags_keeps_every_byte(tmp_path: Path) -> None:
    for name in ("a.wav", "a.ogg"):
        path = _write(tmp_path / name)
        assert read_untagged(path) == path.read_bytes()
        with path.open("rb") as file:
            assert find_untagged_parts(file) == [(0, path.stat().st_size)], "nothing is copied"


def test_a_flac_file_loses_its_comments(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    with sf.SoundFile(path, "w", 48000, 1) as file:
        file.title, file.comment = "gradcam", "of the method gradcam"
        file.write(np.random.default_rng(3).uniform(-0.5, 0.5, 4801))
    content = path.read_bytes()
    assert b"gradcam" in content
    path.write_bytes(b"ID3\x04\0\0\0\0\0\x08" + SECRET + content)
    left = read_untagged(path)
    assert left.startswith(b"fLaC") and b"gradcam" not in left
    np.testing.assert_array_equal(_sound(left), _sound(content))


@pytest.mark.parametrize("footer", [False, True])
def test_an_mp3_file_loses_the_tags_at_both_ends(tmp_path: Path, footer: bool) -> None:
    path = _write(tmp_path / "a.mp3")
    content = path.read_bytes()
    bare = read_untagged(path)
    ape = b"APETAGEX" + struct.pack("<4I8x", 2000, len(SECRET) + 32, 1, 0)
    front = b"ID3\x04\0" + (b"\x10" if footer else b"\0") + b"\0\0\x01\x08" + SECRET * 17
    front += b"3DI" + b"\0" * 7 if footer else b""
    path.write_bytes(front + content + SECRET + ape + b"TAG" + SECRET.ljust(125, b"\0"))
    left = read_untagged(path)
    assert left == bare and SECRET not in left
    np.testing.assert_array_equal(_sound(left), _sound(bare))


@pytest.mark.parametrize(
    "content",
    [
        b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 50_000 + b"data\0\0\0\0",
        b"ID3\x04\0\0\0\0\0\0" * 50_000 + b"fLaC",
        b"\xff\xfb" + (b"TAG" + bytes(125)) * 50_000,
    ],
    ids=["chunks", "tags before", "tags behind"],
)
def test_a_file_of_nothing_but_tags_is_not_followed_to_its_end(content: bytes) -> None:
    """Each step takes microseconds, whenever the sound is sent; a file of gigabytes has a hundred million."""

    class Counted(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.reads += 1
            return super().read(size)

    file = Counted(content)
    assert find_untagged_parts(file)
    assert file.reads < 25_000


@given(
    st.binary(max_size=400), st.sampled_from([b"", b"RIFF\0\0\0\0WAVE", b"fLaC", b"ID3\x04\0\0", b"\xff\xfb"])
)
def test_whatever_a_file_contains_its_parts_are_within_it(content: bytes, start: bytes) -> None:
    file = io.BytesIO(start + content)
    for part in find_untagged_parts(file):
        assert isinstance(part, bytes) or 0 <= part[0] <= part[0] + part[1] <= len(start + content)

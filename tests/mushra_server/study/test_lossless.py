"""Sounds as FLAC: the same samples in fewer bytes, and WAV where FLAC could not keep them."""

from __future__ import annotations

import io
import threading
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from mushra_server import create_app
from mushra_server.study import lossless
from mushra_server.study.lossless import FlacCache
from mushra_server.web.sent_files import Pieces
from tests.mushra_server.page import studies

RNG = np.random.default_rng(5)


def write(path: Path, bits: int, channels: int, frames: int = 30_000) -> np.ndarray[Any, Any]:
    """Write integers of `bits` with the standard library's own WAV writer; return them."""
    walk: np.ndarray[Any, Any] = np.cumsum(RNG.integers(-200, 201, size=(frames, channels)), axis=0) << (
        bits - 16
    )
    walk[:2] = [[2 ** (bits - 1) - 1], [-(2 ** (bits - 1))]]  # both ends of the scale
    walk = np.clip(walk, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(bits // 8)
        file.setframerate(44_100)
        raw = walk.astype("<i4").reshape(-1, 1).view(np.uint8)[:, : bits // 8]
        file.writeframes(raw.tobytes())
    return walk


@pytest.mark.parametrize(("bits", "channels"), [(16, 1), (16, 2), (24, 1), (24, 2), (24, 6)])
def test_flac_has_the_same_samples_in_fewer_bytes(tmp_path: Path, bits: int, channels: int) -> None:
    path = tmp_path / "sound.wav"
    written = write(path, bits, channels)
    with path.open("rb") as file:
        flac = FlacCache().encode("digest", file)
    assert flac is not None and len(flac.content) < 0.75 * path.stat().st_size
    read, rate = soundfile.read(io.BytesIO(flac.content), dtype="int32", always_2d=True)
    assert rate == 44_100
    np.testing.assert_array_equal(read >> (32 - bits), written)
    assert b"libFLAC" not in flac.content and b"reference" not in flac.content  # no comments


def test_what_flac_cannot_keep_stays_as_it_is(tmp_path: Path) -> None:
    samples = RNG.uniform(-1, 1, 8_000)
    for subtype in ("FLOAT", "ULAW", "PCM_32"):
        path = tmp_path / f"{subtype}.wav"
        soundfile.write(path, samples, 16_000, subtype=subtype)
        assert FlacCache().encode(subtype, io.BytesIO(path.read_bytes())) is None
    assert FlacCache().encode("broken", io.BytesIO(b"RIFF")) is None


def test_the_cache_makes_room(tmp_path: Path) -> None:
    write(tmp_path / "sound.wav", 16, 1)
    content = (tmp_path / "sound.wav").read_bytes()
    cache = FlacCache(most_bytes=50_000)
    for digest in "abc":
        assert cache.encode(digest, io.BytesIO(content))
    assert cache.encode("c", io.BytesIO(b"")) is not None  # still there
    assert cache.encode("a", io.BytesIO(b"")) is None  # was made room of: the file is read again


def test_sounds_that_are_read_slowly_do_not_fill_the_memory(tmp_path: Path) -> None:
    """They are no longer kept, but each reader holds on to one."""
    write(tmp_path / "sound.wav", 16, 1)
    content = (tmp_path / "sound.wav").read_bytes()
    cache, readers = FlacCache(most_bytes=50_000), []
    while (packed := cache.encode(f"{len(readers)}", io.BytesIO(content))) is not None:
        readers.append(Pieces(io.BytesIO(), [packed.content], packed).cut(1, 10_000))
    assert 100_000 < sum(len(packed.content) for packed in cache._alive) < 200_000
    readers.clear()
    assert cache.encode("another", io.BytesIO(content)) is not None, "once they have it"


def test_readers_of_a_range_share_the_bytes(tmp_path: Path) -> None:
    content = bytes(1000)
    tail = Pieces(io.BytesIO(), [content]).cut(1, 1000)
    (part,) = tail._parts
    assert isinstance(part, memoryview) and part.obj is content
    assert tail.read(10) == bytes(10) and tail.size == 999
    assert Pieces(io.BytesIO(b"0123456789"), [b"ab", (2, 6)]).cut(1, 6).read() == b"b2345"


def test_all_studies_of_a_process_share_what_is_kept(make_app: Any, make_study: Any) -> None:
    one, other = (make_app(make_study(name)).extensions["listenable"] for name in ("one", "two"))
    assert one.flac is other.flac


def test_a_sound_that_is_kept_does_not_wait_for_one_that_is_made(tmp_path: Path, monkeypatch: Any) -> None:
    write(tmp_path / "sound.wav", 16, 1)
    content = (tmp_path / "sound.wav").read_bytes()
    cache = FlacCache()
    kept = cache.encode("kept", io.BytesIO(content))
    begun, go_on, made = threading.Event(), threading.Event(), []

    def slowly(file: Any) -> bytes:
        begun.set()
        assert go_on.wait(30)
        made.append(file)
        return b"slow"

    monkeypatch.setattr(lossless, "_encode", slowly)
    found: list[lossless.Packed | None] = []
    asking = [
        threading.Thread(target=lambda: found.append(cache.encode("slow", io.BytesIO(content))))
        for _ in range(2)
    ]
    for thread in asking:
        thread.start()
    assert begun.wait(30)
    assert cache.encode("kept", io.BytesIO(b"")) == kept and found == []
    for _ in range(2):
        assert cache._places.acquire(timeout=30)  # as two more that wait
    assert cache.encode("another", io.BytesIO(content)) is None, "it is sent as it is: threads are left"
    cache._places.release(2)
    go_on.set()
    for thread in asking:
        thread.join(30)
    assert [packed.content for packed in found if packed] == [b"slow", b"slow"]
    assert len(made) == 1, "made once, for both"


def test_a_browser_that_names_flac_gets_it(tmp_path: Path) -> None:
    study = studies.write_study(tmp_path / "study", [studies.MUSHRA, studies.FINISH])
    app = create_app(study)
    client = app.test_client()
    url = client.post("/api/session", json={}).get_json()["pages"][0]["reference"]["url"]
    wav = client.get(f"/{url.lstrip('/')}", headers={"Accept": "*/*"})
    flac = client.get(f"/{url.lstrip('/')}", headers={"Accept": "audio/flac, */*;q=0.8"})
    assert wav.mimetype == "audio/wav" and flac.mimetype == "audio/flac"
    assert wav.data[:4] == b"RIFF" and flac.data[:4] == b"fLaC"
    assert wav.headers["Vary"] == flac.headers["Vary"] == "Accept"
    assert wav.headers["ETag"] != flac.headers["ETag"]
    one, _ = soundfile.read(io.BytesIO(wav.data), dtype="int32")
    other, _ = soundfile.read(io.BytesIO(flac.data), dtype="int32")
    np.testing.assert_array_equal(one, other)
    part = client.get(f"/{url.lstrip('/')}", headers={"Accept": "audio/flac", "Range": "bytes=4-9"})
    assert part.status_code == 206 and part.data == flac.data[4:10]
    again = client.get(
        f"/{url.lstrip('/')}", headers={"Accept": "audio/flac", "If-None-Match": flac.headers["ETag"]}
    )
    assert again.status_code == 304
    app.extensions["listenable"].database.close()

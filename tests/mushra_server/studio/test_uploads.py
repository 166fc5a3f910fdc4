"""Uploads: bounded, known by their content, and never outside their folder, whatever is sent."""

from __future__ import annotations

import io
import os
import random
import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mushra_server.errors import Refusal
from mushra_server.studio import uploads
from mushra_server.studio.drafts import HEADERS_NAME
from mushra_server.studio.uploads import store_sounds
from tests.mushra_server.studio.conftest import Browser
from tests.mushra_server.studio.sounds import CONDITIONS, archive, send, sounds, tone

EXAMPLES = int(os.environ.get("LISTENABLE_FUZZ_EXAMPLES", "25"))


def test_a_folder_comes_file_by_file_with_its_paths(tmp_path: Path) -> None:
    found = store_sounds([send(name, content) for name, content in sounds(1).items()], tmp_path / "sounds")
    assert found.sounds == 3
    assert sorted(path.relative_to(tmp_path / "sounds").as_posix() for path in tmp_path.rglob("*.wav")) == [
        f"item0/{name}.wav" for name in sorted(CONDITIONS)
    ]


@pytest.mark.parametrize(
    "name", ["../out.wav", "/etc/out.wav", "a/../../out.wav", "c:/out.wav", r"a\..\..\b.wav"]
)
def test_a_path_that_leaves_the_upload_is_refused(tmp_path: Path, name: str) -> None:
    for files in ([send("a.zip", archive({name: tone()}))], [send(name, tone())]):
        with pytest.raises(Refusal, match="expected one within its folder"):
            store_sounds(files, tmp_path / "drafts" / "sounds")
    assert not list(tmp_path.rglob("*.wav"))
    assert list((tmp_path / "drafts").iterdir()) == []


def test_a_link_in_an_archive_is_not_followed(tmp_path: Path) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        link = zipfile.ZipInfo("item0/link.wav")
        link.external_attr = 0o120777 << 16
        made.writestr(link, "/etc/passwd")
        made.writestr("item0/reference.wav", tone())
    assert store_sounds([send("a.zip", written.getvalue())], tmp_path / "sounds").sounds == 1
    assert not (tmp_path / "sounds" / "item0" / "link.wav").exists()


def test_what_is_no_sound_is_left_out_whatever_its_name_says(tmp_path: Path) -> None:
    files = {
        **sounds(1, ""),
        "item0/page.wav": b"<script>alert(1)</script>",
        "item0/take.raw": b"samples without a header",
        "notes.txt": b"x",
        ".DS_Store": b"x",
    }
    found = store_sounds([send("a.zip", archive(files))], tmp_path / "sounds")
    assert (found.sounds, sorted(found.left_out)) == (
        3,
        ["item0/page.wav", "item0/take.raw", "notes.txt"],
    )


def test_an_archive_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_UNPACKED_BYTES", 3 * 1024**2)
    bomb = archive({"item/reference.wav": bytes(4 * 1024**2)})
    assert len(bomb) < 10_000
    with pytest.raises(Refusal, match="the upload unpacks to more than"):
        store_sounds([send("bomb.zip", bomb)], tmp_path / "sounds")
    assert list(tmp_path.iterdir()) == []


def test_deep_paths_make_a_bounded_number_of_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_FOLDERS", 1000)
    paths = {"/".join(f"{number}{place % 10}" for place in range(250)) + ".wav": b"" for number in range(9)}
    bomb = archive(paths)
    assert len(bomb) < 50_000
    with pytest.raises(Refusal, match=r"^the upload has more than 1000 folders; expected at most so many$"):
        store_sounds([send("bomb.zip", bomb)], tmp_path / "sounds")
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_lies_about_its_sizes_is_refused(tmp_path: Path) -> None:
    packed = bytearray(archive({"item/reference.wav": tone()}))
    at = packed.index(b"PK\x01\x02")
    packed[at + 16 : at + 20] = struct.pack("<I", 1)  # the checksum
    with pytest.raises(Refusal, match="the archive cannot be read"):
        store_sounds([send("a.zip", bytes(packed))], tmp_path / "sounds")


def test_a_folder_called_raw_is_kept(tmp_path: Path) -> None:
    files = {name.replace("item0", "raw"): content for name, content in sounds(2, "").items()}
    assert store_sounds([send("a.zip", archive(files))], tmp_path / "sounds").sounds == 6
    assert len(list((tmp_path / "sounds" / "raw").iterdir())) == 3


def test_an_archive_in_an_archive_is_not_opened(tmp_path: Path) -> None:
    files = {**sounds(1, ""), "item0/more.zip": archive({"../../out.wav": tone()})}
    assert store_sounds([send("a.zip", archive(files))], tmp_path / "sounds").left_out == ("item0/more.zip",)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("item/" + "a" * 300 + ".wav", "expected at most 255 bytes"),
        ("a/" * 600 + "b.wav", "expected at most 255 bytes"),
        ("item/\udcff.wav", "expected letters that can be shown"),
        ("item/a\n.wav", "expected letters that can be shown"),
    ],
    ids=["long", "deep", "no text", "two lines"],
)
def test_a_name_that_cannot_be_stored_or_shown_is_refused(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        store_sounds([send(name, tone())], tmp_path / "sounds")
    assert list(tmp_path.iterdir()) == []


def test_a_name_in_an_older_code_page_is_read(tmp_path: Path) -> None:
    """Windows packs names in the code page 437 and does not say so; a witness packs the bytes by hand."""
    packed = archive({"it/gr__e.wav": tone()}).replace(b"gr__e", "größe".encode("cp437"))
    store_sounds([send("a.zip", packed)], tmp_path / "sounds")
    assert [path.name for path in tmp_path.rglob("*.wav")] == ["größe.wav"]


def test_a_list_of_files_that_would_fill_the_memory_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_DIRECTORY_BYTES", 1000)
    packed = archive({f"item/{number}.wav": b"" for number in range(40)})
    with pytest.raises(Refusal, match="the archive lists too many files"):
        store_sounds([send("a.zip", packed)], tmp_path / "sounds")


def test_a_sound_of_many_hours_is_refused(tmp_path: Path) -> None:
    """Four hours of silence are a few kilobytes of FLAC, and gigabytes once they are read."""
    written = io.BytesIO()
    sf.write(written, [0.0] * (4 * 3600 * 10), 10, format="FLAC")
    with pytest.raises(Refusal, match=r"'a.flac' is 4.0 hours long; expected at most 1"):
        store_sounds([send("item/a.flac", written.getvalue())], tmp_path / "sounds")


def test_silence_in_many_channels_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It packs to kilobytes, and becomes gigabytes when its loudness is measured."""
    monkeypatch.setattr(uploads, "MAX_SAMPLES", 7999)
    written = io.BytesIO()
    sf.write(written, np.zeros((1000, 8)), 48000, format="FLAC")
    with pytest.raises(Refusal, match=r"'a.flac' has 8,000 samples in 8 channels; expected at most 7,999"):
        store_sounds([send("item/a.flac", written.getvalue())], tmp_path / "sounds")
    monkeypatch.undo()
    assert uploads.MAX_SAMPLES == 3600 * 48_000 * 2


def test_many_archives_are_read_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they list is in memory only until the next one, and all lists together are bounded."""
    hidden = archive({f".{number}": b"" for number in range(20)})
    whole = archive(sounds(1, ""))
    opened: list[zipfile.ZipFile] = []
    made = zipfile.ZipFile.__init__

    def count(self: zipfile.ZipFile, *values: object, **more: object) -> None:
        made(self, *values, **more)
        assert all(before.fp is None for before in opened), "the one before was closed"
        opened.append(self)

    monkeypatch.setattr(zipfile.ZipFile, "__init__", count)
    files = [send(f"{number}.zip", hidden) for number in range(3)]
    assert store_sounds([*files, send("a.zip", whole)], tmp_path / "sounds").sounds == 3
    assert len(opened) == 4
    monkeypatch.setattr(uploads, "MAX_DIRECTORY_BYTES", 2 * (len(hidden) // 2))
    with pytest.raises(Refusal, match="lists too many files"):
        store_sounds([*files, send("a.zip", whole)], tmp_path / "sounds")


def test_a_manifest_is_kept_only_if_it_is_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And has few things in it: a million, which pack to 32 kB, took a gigabyte for each look."""
    monkeypatch.setattr(uploads, "MAX_MANIFEST_BYTES", 40)
    monkeypatch.setattr(uploads, "MAX_MANIFEST_COUNTS", {b"{": 3, b",": 4})
    for content, kept in (
        (b"{%s}" % b" ".ljust(38), True),
        (b"{%s}" % b" ".ljust(39), False),
        (b"[{},{},{},{}]", False),
        (b"[0,0,0,0,0,0]", False),
        (b"[{},{},{}]", True),
    ):
        files = {**sounds(1, ""), "manifest.json": content}
        left_out = store_sounds([send("a.zip", archive(files))], tmp_path / "sounds").left_out
        assert (left_out == ()) == kept, content


# Werkzeug leaves the part's temporary file to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_upload_that_breaks_off_changes_nothing(admin: Browser) -> None:
    admin.post("/studies", title="Codecs")
    whole = {"files": (io.BytesIO(archive(sounds())), "a.zip")}
    assert admin.post("/studies/codecs/sounds", **whole).status_code == 302
    before = admin.get("/studies/codecs/make").text
    boundary = "----part"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n{admin.form_token}\r\n'
    head += f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="b.zip"\r\n\r\n'
    body = head.encode() + archive(sounds(3))[:900]
    answer = admin.client.post(
        "/studies/codecs/sounds",
        input_stream=io.BytesIO(body),
        content_length=len(body) + 5000,
        content_type=f"multipart/form-data; boundary={boundary}",
    )
    assert answer.status_code in (400, 403, 413)
    assert "6 sounds" in before and "6 sounds" in admin.get("/studies/codecs/make").text


NAMES = st.one_of(
    st.sampled_from(
        [
            "item0/reference.wav", "item0/codec-a.wav", "item1/reference.wav", "../x.wav", "/x.wav",
            "a\\..\\x.wav", "item0", "item0/reference.wav/x.wav", "C:x.wav", ".hidden/x.wav",
            "__MACOSX/x.wav", "manifest.json", "raw/x.wav", ".raw/x.wav", "x" * 400, "CON", "item0/", "",
            "./a//b/./c.wav",
        ]
    ),
    st.text(min_size=1, max_size=30),
)  # fmt: skip
CONTENTS = {
    "a tone": tone(),
    "half a header": tone()[:30],
    "nothing": b"",
    "four letters": b"RIFF",
    "a page": b"<html>",
    "zeros": bytes(5000),
    "an archive": archive({"a/b.wav": tone()}),
    "JSON": b'{"items": 1}',
}


@given(
    files=st.lists(st.tuples(NAMES, st.sampled_from(list(CONTENTS)), st.booleans()), max_size=6),
    packing=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]),
    damage=st.integers(0, 2**32),
    damaged=st.integers(0, 12),
    loose=st.booleans(),
)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_is_stored_as_sounds_or_refused(
    tmp_path_factory: pytest.TempPathFactory,
    files: list[tuple[str, str, bool]],
    packing: int,
    damage: int,
    damaged: int,
    loose: bool,
) -> None:
    """Nothing is outside the folder, nothing is a link, nothing is half there, and what was there stays."""
    folder = tmp_path_factory.mktemp("upload")
    target = folder / "drafts" / "sounds"
    store_sounds([send("item/before.wav", tone())], target)
    if loose:
        sent = [send(name, CONTENTS[content]) for name, content, _ in files]
    else:
        written = io.BytesIO()
        with warnings.catch_warnings(), zipfile.ZipFile(written, "w", packing) as made:
            warnings.simplefilter("ignore")  # of names that come twice
            for name, content, is_link in files:
                entry = zipfile.ZipInfo(name.encode("utf-8", "replace").decode())
                entry.compress_type = packing
                entry.external_attr = (0o120777 if is_link else 0o100644) << 16
                made.writestr(entry, CONTENTS[content])
        packed, draw = bytearray(written.getvalue()), random.Random(damage)
        for _ in range(damaged):
            packed[draw.randrange(len(packed))] = draw.randrange(256)
        sent = [send("a.zip", bytes(packed))]
    try:
        found = store_sounds(sent, target)
    except Refusal as refusal:
        assert refusal.status in (400, 413)
        kept = sorted(path.name for path in folder.rglob("*") if path.is_file())
        assert kept == [HEADERS_NAME, "before.wav"]
    else:
        stored = [path for path in folder.rglob("*") if path.is_file()]
        assert all(path.is_relative_to(target) and not path.is_symlink() for path in stored)
        heard = [path for path in stored if path.suffix != ".json"]
        assert len(heard) == found.sounds
        assert all(sf.info(str(path)).frames > 0 for path in heard)
    assert [path.name for path in (folder / "drafts").iterdir()] == ["sounds"]

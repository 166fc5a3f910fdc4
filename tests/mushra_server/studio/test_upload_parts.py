"""An upload in many parts takes one temporary file and hardly any memory."""

from __future__ import annotations

import io
import os
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.test import EnvironBuilder

from mushra_server.studio import upload_parts
from mushra_server.studio.upload_parts import UploadRequest
from tests.mushra_server.studio.conftest import Browser
from tests.mushra_server.studio.sounds import archive, sounds

BOUNDARY = "----part"


def part(name: str, content: bytes, file: str | None = None, headers: str = "") -> bytes:
    named = f'; filename="{file}"' if file is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n{headers}\r\n'
    return head.encode() + content + b"\r\n"


def read(parts: Iterable[bytes], ending: str = f"--{BOUNDARY}--\r\n") -> UploadRequest:
    """Return a request with a form that is read within bounds."""
    body = b"".join(parts) + ending.encode()
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    builder = EnvironBuilder(method="POST", input_stream=io.BytesIO(body), content_type=content_type)
    request = UploadRequest({**builder.get_environ(), "CONTENT_LENGTH": str(len(body))})
    request.bounded, request.max_form_parts, request.max_content_length = True, 1000, 1 << 30
    return request


def count_open_files() -> int:
    """Return how many files this process has open; 0 where the system does not say."""
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def test_fields_and_files_are_as_they_were_sent() -> None:
    contents = [os.urandom(size) for size in (0, 1, 70_000, 600_000)]
    with read(
        [part("form_token", "größe".encode()), *(part("files", one, f"a/{len(one)}.wav") for one in contents)]
    ) as request:
        assert request.form["form_token"] == "größe"
        files = request.files.getlist("files")
        assert [file.filename for file in files] == [f"a/{len(one)}.wav" for one in contents]
        for file, content in zip(reversed(files), reversed(contents), strict=True):
            assert file.read() == content
            file.seek(-1 if content else 0, os.SEEK_END)
            assert (file.tell(), file.read()) == (max(len(content) - 1, 0), content[-1:])
            file.seek(0)
            assert file.read(10) == content[:10]
        with pytest.raises(ValueError, match="expected one from 0"):
            files[0].seek(-1)


def test_many_parts_are_neither_in_memory_nor_a_file_each() -> None:
    parts = [part("files", bytes(400_000), f"{number}.wav") for number in range(60)]
    request = read(parts)
    del parts
    open_before = count_open_files()
    tracemalloc.start()
    with request:
        files = request.files.getlist("files")
        assert len(files) == 60
        assert tracemalloc.get_traced_memory()[1] < 4 << 20, "24 MB were sent"
        assert count_open_files() <= open_before + 1
    tracemalloc.stop()


@pytest.mark.parametrize(
    "parts",
    [
        [part("x", bytes(5000))] * 20,
        [part("x" * 5000, b"")] * 20,
        [part("files", b"", "x" * 3000)],
        [part("files", b"", "x", headers=f"X-Long: {'x' * 400_000}\r\n")],
        [part("files", b"", "x")] * 1001,
    ],
    ids=["fields", "names of fields", "name of a file", "header", "parts"],
)
def test_what_would_be_kept_in_memory_is_bounded(parts: list[bytes]) -> None:
    with read(parts) as request, pytest.raises(RequestEntityTooLarge):
        request.files.getlist("files")


@pytest.mark.parametrize("ending", ["", f"--{BOUNDARY}", "--other--\r\n"])
def test_of_a_form_that_breaks_off_nothing_is_taken(ending: str) -> None:
    with read([part("files", b"x" * 100, "a.wav")], ending) as request:
        assert (len(request.files), len(request.form)) == (0, 0)


def test_an_upload_is_read_this_way(admin: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    admin.post("/studies", title="Codecs")
    monkeypatch.setattr(upload_parts, "MAX_FIELD_BYTES", 100)
    files = {"files": (io.BytesIO(archive(sounds())), "a.zip")}
    assert admin.post("/studies/codecs/sounds", **files, more="x" * 200).status_code == 413
    files = {"files": (io.BytesIO(archive(sounds())), "a.zip")}
    assert admin.post("/studies/codecs/sounds", **files).status_code == 302
    assert "6 sounds" in admin.get("/studies/codecs/make").text


@pytest.mark.parametrize("file", ['; filename="a.wav"', ""])
def test_of_a_form_with_a_part_without_a_name_nothing_is_taken(file: str) -> None:
    """It was answered 500."""
    nameless = f"--{BOUNDARY}\r\nContent-Disposition: form-data{file}\r\n\r\nx\r\n".encode()
    with read([part("form_token", b"x"), nameless]) as request:
        assert not request.form and not request.files


def test_a_form_without_files_leaves_none_open() -> None:
    before = count_open_files()
    with read([part("form_token", b"x")]) as request:
        assert request.form["form_token"] == "x" and count_open_files() == before

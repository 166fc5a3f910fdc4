"""Downloads from a server of our own that drops the connection half-way, lies and refuses."""

from __future__ import annotations

import errno
import hashlib
import io
import socket
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stimuli import DatasetError
from stimuli.cli import data
from stimuli.downloads.download import download, fetch
from stimuli.downloads.remote import REMOTES, Remote

BODY = bytes(range(256)) * 4000


@dataclass
class Host:
    """What the server serves and how it behaves."""

    body: bytes = BODY
    tag: str = '"one"'
    drops: int = 0
    status: int = 200
    chunked: bool = False
    shift: int = 0
    ranges: list[str | None] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def host() -> Iterator[Host]:
    state = Host()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            state.ranges.append(asked)
            if state.status != 200:
                self.send_error(state.status)
                return
            begin = 0
            if asked and self.headers.get("If-Range") == state.tag:
                begin = int(asked.removeprefix("bytes=").removesuffix("-"))
            if begin and begin >= len(state.body):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(state.body)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            begin = max(begin - state.shift, 0)
            self.send_response(206 if begin else 200)
            if begin:
                self.send_header("Content-Range", f"bytes {begin}-{len(state.body) - 1}/{len(state.body)}")
            if state.chunked:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Content-Length", str(len(state.body) - begin))
            self.send_header("ETag", state.tag)
            self.end_headers()
            rest = state.body[begin:]
            if state.chunked:
                self.wfile.write(f"{len(rest):x}\r\n".encode())
            if state.drops:
                state.drops -= 1
                self.wfile.write(rest[: len(rest) // 2])
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.wfile.write(rest + b"\r\n0\r\n\r\n" * state.chunked)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/archive.zip"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_dropped_connection_is_resumed(host: Host, tmp_path: Path) -> None:
    host.drops = 3
    seen: list[int] = []
    path = fetch(host.url, tmp_path / "a.zip", lambda done, total: seen.append(done), wait_s=0)
    assert path.read_bytes() == BODY
    assert host.ranges[0] is None
    assert host.ranges[1] == f"bytes={len(BODY) // 2}-"
    assert seen == sorted(seen)
    assert seen[-1] == len(BODY)
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]


def test_a_second_command_goes_on_where_the_first_stopped(host: Host, tmp_path: Path) -> None:
    host.drops = 1
    with pytest.raises(DatasetError, match="run the command again to resume"):
        fetch(host.url, tmp_path / "a.zip", attempts=0, wait_s=0)
    assert (tmp_path / "a.zip.part").stat().st_size == len(BODY) // 2
    fetch(host.url, tmp_path / "a.zip", wait_s=0)
    assert (tmp_path / "a.zip").read_bytes() == BODY
    assert host.ranges[-1] == f"bytes={len(BODY) // 2}-"


def test_a_file_that_changed_is_started_afresh(host: Host, tmp_path: Path) -> None:
    host.drops = 1
    with pytest.raises(DatasetError):
        fetch(host.url, tmp_path / "a.zip", attempts=0, wait_s=0)
    host.body, host.tag = BODY[::-1], '"two"'
    fetch(host.url, tmp_path / "a.zip", wait_s=0)
    assert (tmp_path / "a.zip").read_bytes() == BODY[::-1]


def test_an_answer_of_unknown_length_that_breaks_off_is_no_archive(host: Host, tmp_path: Path) -> None:
    """GitHub sends its archives in chunks, without a length."""
    host.chunked, host.drops = True, 2
    path = fetch(host.url, tmp_path / "a.zip", wait_s=0)
    assert path.read_bytes() == BODY
    assert len(host.ranges) == 3


def test_a_server_that_knows_no_ranges_is_asked_for_everything(host: Host, tmp_path: Path) -> None:
    host.drops, host.tag = 2, 'W/"weak"'
    fetch(host.url, tmp_path / "a.zip", wait_s=0)
    assert (tmp_path / "a.zip").read_bytes() == BODY
    assert host.ranges == [None, None, None]


def test_a_part_that_begins_elsewhere_is_not_appended(host: Host, tmp_path: Path) -> None:
    host.drops, host.shift = 1, 10
    fetch(host.url, tmp_path / "a.zip", wait_s=0)
    assert (tmp_path / "a.zip").read_bytes() == BODY


def test_what_had_arrived_whole_is_not_fetched_again(host: Host, tmp_path: Path) -> None:
    (tmp_path / "a.zip.part").write_bytes(BODY)
    (tmp_path / "a.zip.part.validator").write_text(host.tag)
    seen: list[int] = []
    fetch(host.url, tmp_path / "a.zip", lambda done, total: seen.append(done), wait_s=0)
    assert (tmp_path / "a.zip").read_bytes() == BODY
    assert host.ranges == [f"bytes={len(BODY)}-"]
    assert not seen


def test_a_full_disk_keeps_what_has_arrived(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`/dev/full` stands for a disk on which nothing more can be written."""
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    whole = Path.open

    def opened(path: Path, mode: str = "r", **options: Any) -> Any:
        return whole(
            Path("/dev/full") if path.name == "a.zip.part" and "b" in mode else path, mode, **options
        )

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(OSError, match="No space left on device") as error:
        fetch(host.url, tmp_path / "a.zip", wait_s=0)
    assert error.value.errno == errno.ENOSPC
    assert not (tmp_path / "a.zip").exists()
    assert host.ranges == [None]


@pytest.mark.parametrize(
    ("status", "message"),
    [(404, "the server answered 404 Not Found"), (503, "the server answered 503, 2 times")],
)
def test_a_refusal_is_one_sentence(host: Host, tmp_path: Path, status: int, message: str) -> None:
    host.status = status
    with pytest.raises(DatasetError) as error:
        fetch(host.url, tmp_path / "a.zip", attempts=2, wait_s=0)
    assert message in str(error.value)
    assert not list(tmp_path.iterdir())


def test_only_http_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="expected an address that begins with http"):
        fetch("file:///etc/passwd", tmp_path / "a.zip")


def small_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("SET-1/meta/esc50.csv", "filename,fold,target,category\na.wav,1,0,dog\n")
    return file.getvalue()


def small_tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:bz2") as packed:
        packed.addfile(tarfile.TarInfo("SET-1/meta/esc50.csv"), io.BytesIO())
    return file.getvalue()


def large_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("SET-1/meta/esc50.csv", "".join(f"{n}.wav,1,0,dog\n" for n in range(2000)))
    return file.getvalue()


def damaged(archive: bytes) -> bytes:
    """Return an archive with its middle overwritten."""
    middle = len(archive) // 2
    return archive[: middle - 20] + bytes(40) + archive[middle + 20 :]


REMOTE = Remote("A set", "", "SET-1", "meta/esc50.csv", "CC0", "1 kB")


@pytest.mark.parametrize("archive", [small_zip(), small_tar()], ids=["zip", "tar"])
def test_a_set_is_fetched_checked_and_unpacked(host: Host, tmp_path: Path, archive: bytes) -> None:
    host.body, host.drops = archive, 1
    remote = replace(REMOTE, url=host.url, sha256=hashlib.sha256(archive).hexdigest())
    assert download(remote, tmp_path / "set", wait_s=0) == remote.sha256
    assert (tmp_path / "set" / "meta" / "esc50.csv").is_file()
    assert [p.name for p in tmp_path.iterdir()] == ["set"]
    with pytest.raises(DatasetError, match="already there; expected a folder that does not exist yet"):
        download(remote, tmp_path / "set", wait_s=0)


@pytest.mark.parametrize(
    ("body", "sha256", "message"),
    [
        (small_zip(), "0" * 64, "expected 0000"),
        (small_zip()[:-30], None, "not a complete archive"),
        (damaged(large_zip()), None, "not a complete archive"),
        (damaged(small_tar()), None, "not a complete archive"),
        (b"", None, "not a complete archive"),
    ],
)
def test_what_is_not_the_archive_is_refused(
    host: Host, tmp_path: Path, body: bytes, sha256: str | None, message: str
) -> None:
    host.body = body
    with pytest.raises(DatasetError) as error:
        download(replace(REMOTE, url=host.url, sha256=sha256), tmp_path / "set", wait_s=0)
    assert message in str(error.value)
    assert not (tmp_path / "set").exists()


def test_an_archive_of_something_else_is_refused(host: Host, tmp_path: Path) -> None:
    host.body = small_zip()
    with pytest.raises(DatasetError, match=r"it contains no OTHER/meta/esc50\.csv; expected A set"):
        download(replace(REMOTE, url=host.url, folder="OTHER"), tmp_path / "set", wait_s=0)


def test_the_command_shows_the_licence_before_it_asks_the_server(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.body = small_zip()
    monkeypatch.setattr("stimuli.downloads.remote.REMOTES", {"esc50": replace(REMOTE, url=host.url)})
    out = tmp_path / "set"
    declined = CliRunner().invoke(data, ["download", "esc50", str(out)], input="n\n")
    assert declined.exit_code == 1
    assert "licence: CC0" in declined.output
    assert host.ranges == []
    assert not out.exists()
    accepted = CliRunner().invoke(data, ["download", "esc50", str(out)], input="y\n")
    assert accepted.exit_code == 0, accepted.output
    digest = hashlib.sha256(host.body).hexdigest()
    assert f"archive: {digest} (its publisher gives no hash to compare with)" in accepted.output
    assert (out / "meta" / "esc50.csv").is_file()


def test_an_unknown_set_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    result = CliRunner().invoke(data, ["download", "esc51", str(tmp_path / "set")])
    assert str(result.exception) == "'esc51' cannot be downloaded; expected one of esc50, wham, ljspeech"


def test_every_remote_says_its_licence() -> None:
    for remote in REMOTES.values():
        assert remote.licence
        assert remote.url.startswith("https://")
        assert remote.sha256 is None or len(remote.sha256) == 64

"""Fetch an archive so that a broken connection costs nothing, check it, and unpack it."""

from __future__ import annotations

import os
import shutil
import ssl
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO

from stimuli.downloads.remote import Remote
from stimuli.errors import DatasetError
from stimuli.files import move_into_place, temporary_name
from stimuli.manifest import sha256_of

BLOCK_BYTES = 1 << 20
ATTEMPTS = 5

Report = Callable[[int, int | None], None]
"""Called with the bytes that have arrived so far, and the total if it is known."""


def fetch(
    url: str, path: Path, report: Report | None = None, attempts: int = ATTEMPTS, wait_s: float = 1.0
) -> Path:
    """Download `url` to `path`, resuming an interrupted earlier try.

    What has arrived is kept in `PATH.part`, next to it the server's validator, so that a file that changed
    meanwhile is downloaded from the start (RFC 9110, 13.1.5, If-Range).

    Raises:
        DatasetError: the server refused, or the connection broke `attempts` times in a row without
            progress.
    """
    if not url.startswith(("http://", "https://")):
        raise DatasetError(f"{url}: expected an address that begins with http:// or https://")
    part = path.with_name(path.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    failures = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            if _fetch_once(url, part, report):
                move_into_place(part, path)
                _validator_file(part).unlink(missing_ok=True)
                return path
            reason = "the connection closed early"
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < 500:
                raise DatasetError(
                    f"{url}: the server answered {error.code} {error.reason}; expected the archive"
                ) from error
            reason = f"the server answered {error.code}"
        except HTTPException:
            reason = "the connection closed early"
        except (urllib.error.URLError, ConnectionError, TimeoutError, ssl.SSLError) as error:
            reason = str(getattr(error, "reason", error))
        failures = 0 if part.exists() and part.stat().st_size > before else failures + 1
        if failures >= attempts:
            raise DatasetError(f"{url}: {reason}, {attempts} times; run the command again to resume")
        time.sleep(wait_s * 2**failures)


def _fetch_once(url: str, part: Path, report: Report | None) -> bool:
    """Receive what is missing of `part`; return whether it is complete."""
    validator = _validator_file(part)
    have = part.stat().st_size if part.exists() and validator.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "listenable"})
    if have:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", validator.read_text(encoding="utf-8"))
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not have:
            raise
        error.close()
        if error.headers.get("Content-Range") == f"bytes */{have}":
            return True  # all had arrived when the last try was interrupted
        part.unlink()
        return _fetch_once(url, part, report)
    with answer:
        resumed = answer.status == 206
        if resumed and _begin(answer.headers) != have:
            part.unlink()
            return _fetch_once(url, part, report)
        have = have if resumed else 0
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else None
        tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
        if tag and not tag.startswith("W/"):
            validator.write_text(tag, encoding="utf-8")
        else:
            validator.unlink(missing_ok=True)
        with part.open("ab" if resumed else "wb") as file:
            received = have + _receive(answer, file, have, total, report)
    return total is None or received == total


def _receive(answer: IO[bytes], file: IO[bytes], have: int, total: int | None, report: Report | None) -> int:
    received = 0
    while block := answer.read(BLOCK_BYTES):
        file.write(block)
        received += len(block)
        if report:
            report(have + received, total)
    return received


def _begin(headers: HTTPMessage) -> int | None:
    """Return where a partial answer says that it begins (RFC 9110, 14.4), or None if it does not say."""
    unit, _, rest = headers.get("Content-Range", "").partition(" ")
    first = rest.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdecimal() else None


def _validator_file(part: Path) -> Path:
    return part.with_name(part.name + ".validator")


def unpack(archive: Path, out: Path, remote: Remote) -> None:
    """Unpack the archive's folder as `out`, all of it or nothing.

    Raises:
        DatasetError: the archive is broken or lacks what it should contain.
    """
    temporary = temporary_name(out)
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(temporary)
        else:
            with tarfile.open(archive) as packed_tar:
                _unpack_tar(packed_tar, temporary)
        if not (temporary / remote.folder / remote.expected).exists():
            raise DatasetError(
                f"{archive}: it contains no {remote.folder}/{remote.expected}; expected {remote.title}"
            )
        move_into_place(temporary / remote.folder, out)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's fault; a damaged archive's errors have no number
        raise DatasetError(
            f"{archive}: not a complete archive ({error}); remove it and start again"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _unpack_tar(packed: tarfile.TarFile, folder: Path) -> None:
    """Write the archive's folders and files, which is all that a set of sounds has.

    tarfile's own filter came with Python 3.11.4, and Debian 12 has 3.11.2.
    """
    for member in packed:
        path = folder / member.name
        outside = not Path(os.path.normpath(path)).is_relative_to(os.path.normpath(folder))
        if outside or not (member.isfile() or member.isdir()):
            raise tarfile.ExtractError(f"{member.name!r}; expected files and folders of the archive's own")
        (path if member.isdir() else path.parent).mkdir(parents=True, exist_ok=True)
        if (source := packed.extractfile(member)) is not None:
            with source, path.open("wb") as file:
                shutil.copyfileobj(source, file, BLOCK_BYTES)


def download(remote: Remote, out: Path, report: Report | None = None, wait_s: float = 1.0) -> str:
    """Download a data set into the folder `out`, which must not exist, and return the archive's SHA-256.

    Raises:
        DatasetError: `out` exists, the download failed, or what arrived is not what was published.
    """
    if out.exists():
        raise DatasetError(f"{out}: already there; expected a folder that does not exist yet")
    archive = out.with_name(f"{out.name}.{remote.url.rsplit('/', 1)[-1]}")
    if not archive.exists():
        fetch(remote.url, archive, report, wait_s=wait_s)
    found = sha256_of(archive)
    if remote.sha256 is not None and found != remote.sha256:
        archive.unlink()
        raise DatasetError(
            f"{archive}: SHA-256 {found}; expected {remote.sha256}; the file was removed, start again"
        )
    unpack(archive, out, remote)
    archive.unlink()
    return found

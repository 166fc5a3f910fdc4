"""Sounds that come by browser: bounded, streamed to disk, known by their content, at no address."""

from __future__ import annotations

import lzma
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from werkzeug.datastructures import FileStorage

from mushra_server.errors import Refusal
from mushra_server.studio.disk import require_reserve
from mushra_server.studio.drafts import HEADERS_NAME, save_fact
from mushra_server.studio.headers import Header, read_headers
from stimuli.files import atomic_folder

__all__ = ["MAX_FILES", "MAX_UPLOAD_BYTES", "Upload", "store_sounds"]

MAX_UPLOAD_BYTES = 2 * 1024**3
MAX_UNPACKED_BYTES = 4 * 1024**3
MAX_FILES = MAX_FOLDERS = 10_000
MAX_DIRECTORY_BYTES = 8 * 1024**2
"""Of the lists of files of all archives: 800 bytes for each file. They are read whole, and become several
times as much in memory."""
MAX_MANIFEST_BYTES = 8 * 1024**2
MAX_MANIFEST_COUNTS = {b"{": 3 * MAX_FILES, b",": 30 * MAX_FILES}
"""Of what a manifest has of each sound, item and condition: one of small things by the million, which packs
to some kilobytes, would take a gigabyte of memory whenever the study is looked at."""
MAX_HOURS = 1.0
MAX_SAMPLES = int(3600 * MAX_HOURS) * 48_000 * 2  # of all channels; silence takes no room until it is read
MAX_NAME_BYTES, MAX_PATH_BYTES = 255, 1000  # the systems' own limits, and room for our folders
CHUNK_BYTES = 1024 * 1024
LOOK_BYTES = 64 * 1024**2  # between looks how full the disk is
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2}
"""By which archives are packed; with LZMA an archive says itself how much memory its unpacking takes."""
DEPTH = 2  # item/condition.wav
KEPT_NAMES = ("manifest.json",)
RAW = ".raw"  # while it is read: no path of an upload begins with a dot
SET_ASIDE = ("__MACOSX",)
# What Python's reader of archives raises for one that was damaged or made to harm.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, OSError,
    RuntimeError, ValueError,
)  # fmt: skip


@dataclass(frozen=True)
class Upload:
    """What was stored: the number of sounds, and the names of files that are none."""

    sounds: int
    left_out: tuple[str, ...]


def store_sounds(
    files: Iterable[FileStorage], target: Path, before_replacing: Callable[[], None] = lambda: None
) -> Upload:
    """Store an upload in place of what is at `target`: files with their paths, or a ZIP archive of them.

    Folders that everything is in are taken off, until sounds are one folder deep. What no sound file has in
    it is left out, whatever its name says.

    Args:
        files: What was sent.
        target: The folder, which is replaced when all of them were read.
        before_replacing: Called then; what it raises leaves the folder as it is.

    Raises:
        Refusal: 400 for a path that leaves the folder, an archive that cannot be read, or no sound at all;
            413 for too many files, folders or bytes.
    """
    budget = _Budget()
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_folder(target) as folder:
        sent: list[PurePosixPath] = []
        for path, stream in _Unpacked(files):
            budget.write(stream, folder / RAW / path)
            sent.append(path)
        manifests = {path for path in sent if _is_manifest(folder / RAW / path)}
        others = [path for path in sent if path not in manifests]
        headers = dict(zip(others, read_headers([folder / RAW / path for path in others]), strict=True))
        sounds = {path: one for path, one in headers.items() if one is not None and _is_sound(path, one)}
        stored = [path for path in sent if path in manifests or path in sounds]
        left_out = [str(path) for path in others if path not in sounds]
        if not stored:
            raise Refusal("the upload has no sound files; expected WAV, FLAC, Ogg, MP3 or AIFF", 400)
        outer = _count_outer_folders(stored)
        for path in stored:
            inner = folder.joinpath(*path.parts[outer:])
            inner.parent.mkdir(parents=True, exist_ok=True)
            (folder / RAW / path).rename(inner)
        shutil.rmtree(folder / RAW)
        save_fact(folder, HEADERS_NAME, list(sounds.values()))
        before_replacing()
    return Upload(sum(path.name not in KEPT_NAMES for path in stored), tuple(left_out))


class _Budget:
    """How many files, folders and bytes an upload may still have, whatever an archive says of itself."""

    def __init__(self) -> None:
        self._files, self._bytes = 0, 0
        self._folders: set[Path] = set()

    def write(self, stream: IO[bytes], place: Path) -> None:
        self._files += 1
        if self._files > MAX_FILES:
            raise Refusal(f"the upload has more than {MAX_FILES} files; expected at most so many", 413)
        self._folders.update(place.parents)
        if len(self._folders) > MAX_FOLDERS:
            raise Refusal(f"the upload has more than {MAX_FOLDERS} folders; expected at most so many", 413)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            file = place.open("xb")
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            raise Refusal(f"the upload has {place.name!r} twice in one folder; expected one", 400) from None
        with file:
            while chunk := _read(stream):
                if self._bytes // LOOK_BYTES != (self._bytes + len(chunk)) // LOOK_BYTES:
                    require_reserve(place.parent)
                self._bytes += len(chunk)
                if self._bytes > MAX_UNPACKED_BYTES:
                    raise Refusal(f"the upload unpacks to more than {MAX_UNPACKED_BYTES >> 30} GiB", 413)
                file.write(chunk)


class _Unpacked:
    """The files of an upload with their paths, those of archives among them."""

    def __init__(self, files: Iterable[FileStorage]) -> None:
        self._files = files
        self._room = MAX_DIRECTORY_BYTES  # for the lists of archives that are still to come

    def __iter__(self) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
        for file in self._files:
            if not file.filename:
                continue
            if file.filename.lower().endswith(".zip"):
                yield from self._iter_archive(file)
            elif (path := _read_path(file.filename)) is not None:
                yield path, file.stream

    def _iter_archive(self, file: FileStorage) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
        bounded = _Bounded(file.stream, self._room)
        try:
            archive = zipfile.ZipFile(bounded)
        except Refusal:
            raise
        except DAMAGED:
            raise Refusal(f"{file.filename!r} is not a ZIP archive that can be read", 400) from None
        self._room -= bounded.taken
        bounded.most = CHUNK_BYTES  # from now on, of each read
        with archive:
            for entry in archive.infolist():
                path = _read_path(entry.filename) if entry.filename and not entry.is_dir() else None
                if path is None or stat.S_ISLNK(entry.external_attr >> 16):
                    continue
                if entry.compress_type not in METHODS:
                    raise Refusal(
                        f"{file.filename!r} is packed by a method other than Deflate; pack it again", 400
                    )
                try:
                    stream = archive.open(entry)
                except Refusal:
                    raise
                except DAMAGED as error:
                    raise _blame_archive(error) from None
                with stream:
                    yield path, stream


class _Bounded:
    """An archive's bytes, of which no read takes so many that they fill the memory."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream = stream
        self.most = most
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        found = self._stream.read(self.most + 1 if size < 0 else min(size, self.most + 1))
        if len(found) > self.most:
            raise Refusal("the archive lists too many files; expected fewer", 413)
        self.taken += len(found)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(CHUNK_BYTES)
    except Refusal:
        raise
    except DAMAGED as error:
        raise _blame_archive(error) from None


def _blame_archive(error: Exception) -> Refusal:
    return Refusal(f"the archive cannot be read ({error}); pack it again", 400)


def _read_path(name: str) -> PurePosixPath | None:
    """Return a file's path within the upload, None for what is hidden or a system's own.

    Raises:
        Refusal: 400 if it leads elsewhere.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name:
        raise Refusal(f"the upload has the path {name!r}; expected one within its folder", 400)
    if not name.isprintable():
        raise Refusal(f"the upload has the path {name!r}; expected letters that can be shown", 400)
    if len(name.encode()) > MAX_PATH_BYTES or any(len(part.encode()) > MAX_NAME_BYTES for part in path.parts):
        raise Refusal(
            f"the upload has the name {name[:40]!r}...; expected at most {MAX_NAME_BYTES} bytes", 400
        )
    if not path.parts or any(part.startswith(".") or part in SET_ASIDE for part in path.parts):
        return None
    return path


def _is_sound(path: PurePosixPath, header: Header) -> bool:
    """Tell whether there is something to be heard.

    Raises:
        Refusal: 413 if it is too large to be read into memory; its header may say what it likes.
    """
    hours, samples = header.seconds / 3600, header.frames * header.channels
    if hours > MAX_HOURS:
        raise Refusal(f"{path.name!r} is {hours:.1f} hours long; expected at most {MAX_HOURS:g}", 413)
    if samples > MAX_SAMPLES:
        raise Refusal(
            f"{path.name!r} has {samples:,} samples in {header.channels} channels; "
            f"expected at most {MAX_SAMPLES:,}, as many as an hour of stereo at 48 kHz",
            413,
        )
    return header.frames > 0


def _is_manifest(path: Path) -> bool:
    if path.name not in KEPT_NAMES or path.stat().st_size > MAX_MANIFEST_BYTES:
        return False
    content = path.read_bytes()
    return all(content.count(sign) <= most for sign, most in MAX_MANIFEST_COUNTS.items())


def _count_outer_folders(paths: list[PurePosixPath]) -> int:
    """Return how many folders everything is in beyond the two levels of a set of sounds."""
    count = 0
    while all(len(path.parts) > DEPTH + count for path in paths) and (
        len({path.parts[count] for path in paths}) == 1
    ):
        count += 1
    manifests = [len(path.parts) - 1 for path in paths if path.name in KEPT_NAMES]
    return min([*manifests, *([] if manifests else [count])])

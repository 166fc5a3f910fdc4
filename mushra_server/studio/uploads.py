"""Sounds that come by browser: bounded, streamed to disk, known by their content, at no address."""

from __future__ import annotations

import shutil
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import soundfile
from werkzeug.datastructures import FileStorage

from mushra_server.errors import Refusal
from stimuli.files import atomic_folder

__all__ = ["MAX_FILES", "MAX_UPLOAD_BYTES", "Upload", "store_sounds"]

MAX_UPLOAD_BYTES = 2 * 1024**3
MAX_UNPACKED_BYTES = 4 * 1024**3
MAX_FILES = 10_000
CHUNK_BYTES = 1024 * 1024
DEPTH = 2  # item/condition.wav
KEPT_NAMES = ("manifest.json",)
SET_ASIDE = ("__MACOSX",)


@dataclass(frozen=True)
class Upload:
    """What was stored: the number of sounds, and the names of files that are none."""

    sounds: int
    left_out: tuple[str, ...]


def store_sounds(files: Iterable[FileStorage], target: Path) -> Upload:
    """Store an upload in place of what is at `target`: files with their paths, or a ZIP archive of them.

    Folders that everything is in are taken off, until sounds are one folder deep. What no sound file has in
    it is left out, whatever its name says.

    Raises:
        Refusal: 400 for a path that leaves the folder, an archive that cannot be read, or no sound at all;
            413 for too many files or bytes.
    """
    budget = _Budget()
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_folder(target) as folder:
        left_out: list[str] = []
        stored: list[PurePosixPath] = []
        with _Unpacked(files) as entries:
            for path, stream in entries:
                place = folder / "raw" / path
                budget.write(stream, place)
                if _is_sound(place) or path.name in KEPT_NAMES:
                    stored.append(path)
                else:
                    place.unlink()
                    left_out.append(str(path))
        if not stored:
            raise Refusal("the upload has no sound files; expected WAV, FLAC, Ogg, MP3 or AIFF", 400)
        outer = _count_outer_folders(stored)
        for path in stored:
            inner = folder.joinpath(*path.parts[outer:])
            inner.parent.mkdir(parents=True, exist_ok=True)
            (folder / "raw" / path).rename(inner)
        shutil.rmtree(folder / "raw")
    return Upload(sum(path.name not in KEPT_NAMES for path in stored), tuple(left_out))


class _Budget:
    """How many files and bytes an upload may still have; an archive says what it likes about its own."""

    def __init__(self) -> None:
        self._files, self._bytes = 0, 0

    def write(self, stream: IO[bytes], place: Path) -> None:
        self._files += 1
        if self._files > MAX_FILES:
            raise Refusal(f"the upload has more than {MAX_FILES} files; expected at most so many", 413)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with place.open("xb") as file:
                while chunk := stream.read(CHUNK_BYTES):
                    self._bytes += len(chunk)
                    if self._bytes > MAX_UNPACKED_BYTES:
                        raise Refusal(f"the upload unpacks to more than {MAX_UNPACKED_BYTES >> 30} GiB", 413)
                    file.write(chunk)
        except FileExistsError:
            raise Refusal(f"the upload has {place.name!r} twice in one folder; expected one", 400) from None
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise Refusal(f"the archive cannot be read ({error}); pack it again", 400) from None


class _Unpacked:
    """The files of an upload with their paths, those of archives among them."""

    def __init__(self, files: Iterable[FileStorage]) -> None:
        self._files = files
        self._opened: list[zipfile.ZipFile] = []

    def __enter__(self) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
        return self._iterate()

    def __exit__(self, *_: Any) -> None:
        for archive in self._opened:
            archive.close()

    def _iterate(self) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
        for file in self._files:
            if not file.filename:
                continue
            if file.filename.lower().endswith(".zip"):
                yield from self._iter_archive(file)
            elif (path := _read_path(file.filename)) is not None:
                yield path, file.stream

    def _iter_archive(self, file: FileStorage) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
        try:
            archive = zipfile.ZipFile(file.stream)
        except zipfile.BadZipFile:
            raise Refusal(f"{file.filename!r} is not a ZIP archive that can be read", 400) from None
        self._opened.append(archive)
        for entry in archive.infolist():
            path = None if entry.is_dir() else _read_path(entry.filename)
            if path is None or stat.S_ISLNK(entry.external_attr >> 16):
                continue
            try:
                stream = archive.open(entry)
            except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
                raise Refusal(f"the archive cannot be read ({error}); pack it again", 400) from None
            with stream:
                yield path, stream


def _read_path(name: str) -> PurePosixPath | None:
    """Return a file's path within the upload, None for what is hidden or a system's own.

    Raises:
        Refusal: 400 if it leads elsewhere.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name or "\0" in name:
        raise Refusal(f"the upload has the path {name!r}; expected one within its folder", 400)
    if not path.parts or any(part.startswith(".") or part in SET_ASIDE for part in path.parts):
        return None
    return path


def _is_sound(path: Path) -> bool:
    try:
        return bool(soundfile.info(str(path)).frames > 0)
    except (soundfile.LibsndfileError, RuntimeError):
        return False


def _count_outer_folders(paths: list[PurePosixPath]) -> int:
    """Return how many folders everything is in beyond the two levels of a set of sounds."""
    count = 0
    while all(len(path.parts) > DEPTH + count for path in paths) and (
        len({path.parts[count] for path in paths}) == 1
    ):
        count += 1
    manifests = [len(path.parts) - 1 for path in paths if path.name in KEPT_NAMES]
    return min([*manifests, *([] if manifests else [count])])

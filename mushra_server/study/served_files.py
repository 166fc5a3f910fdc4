"""Files of a study while it is served: what was there at the start, and nothing else, is sent.

A sound that was replaced is another stimulus: whoever hears it rates what the study does not name. Each file
is therefore compared with how it looked at the start whenever it is sent, and read again if that differs.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import soundfile

from mushra_server.errors import Refusal, ServerError
from mushra_server.study.served_study import Study

__all__ = ["Opened", "ServedFiles"]

Look = tuple[int, int, int, int, int]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opened:
    """A file that is about to be sent.

    Attributes:
        file: The file; the caller closes it.
        path: Where it is.
        digest: SHA-256 of its content.
    """

    file: io.FileIO
    path: Path
    digest: str


class ServedFiles:
    """The files that a study's config names, as they were when the server started.

    Args:
        study: The study.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._lock = threading.Lock()
        self._looks = {name: _look(study.file(name)) for name in sorted(study.named_files)}
        self._digests = dict(study.config.options.files)  # compared with the files at the start
        self._seconds: dict[str, float | None] = {}
        self._problems: dict[str, tuple[Look | None, str]] = {}

    def open(self, name: str) -> Opened:
        """Open a file that the config names.

        Raises:
            Refusal: 409 if it is not as it was when the server started; 404 if it was not there then.
        """
        if self._looks.get(name) is None:
            raise Refusal("the file does not exist", 404)
        path = self._study.file(name)
        try:
            file = _File(path, "rb")
        except OSError:
            raise self._report_change(name, None, "is missing") from None
        try:
            file.watch(lambda: self._report_change(name, None, "was changed"))  # before it is compared
            return Opened(file, path, self._digest(name, file))
        except BaseException:
            file.close()
            raise

    def seconds(self, name: str) -> float | None:
        """Return how long a sound is; None if its format does not say."""
        if name not in self._seconds:
            try:
                self._seconds[name] = float(soundfile.info(self._study.file(name)).duration)
            except (OSError, ServerError, soundfile.SoundFileError):
                self._seconds[name] = None
        return self._seconds[name]

    def are_as_opened(self) -> bool:
        """Tell whether all files look as they did when they were right."""
        return all(_look(self._study.root / name) == look for name, look in self._looks.items())

    def problems(self, names: Iterable[str] | None = None) -> list[str]:
        """Return a sentence for each file that is not as it was at the start, for the experimenter."""
        found = []
        for name in self._looks if names is None else names:
            try:
                self.open(name).file.close()
            except Refusal:
                if name in self._problems:
                    found.append(f"{self._study.root / name} {self._problems[name][1]}")
        return found

    def _digest(self, name: str, file: io.FileIO) -> str:
        """Return the hash of an opened file; read it only if it looks other than when it was last right."""
        now = _look_of(os.fstat(file.fileno()))
        with self._lock:
            expected = self._digests.get(name)
            if expected is not None and now == self._looks[name]:
                return expected
            before = self._problems.get(name)
            if (before is not None and before[0] == now) or (expected is None and now != self._looks[name]):
                raise self._report_change(name, now, "was changed")
            found = hashlib.file_digest(file, "sha256").hexdigest()
            if expected is not None and found != expected:
                raise self._report_change(name, now, "was changed")
            self._digests[name], self._looks[name] = found, now
            return found

    def _report_change(self, name: str, look: Look | None, what: str) -> Refusal:
        if self._problems.get(name) != (look, what):
            logger.error(
                "%s %s while the study was served; restore it, or restart the server",
                self._study.root / name,
                what,
            )
        self._problems[name] = look, what
        return Refusal(
            f"this sound {what} on the server while the study was running, so it is not played; "
            "please tell the experimenter",
            409,
            reason="sound_changed",
        )


class _File(io.FileIO):
    """A file that is closed without a warning when nobody needs it any more: a browser may have gone away.

    It may be written to while it is packed, copied or sent, which a slow browser makes last for minutes: what
    is read then is of no sound of the study.
    """

    _before: os.stat_result | None = None

    def watch(self, refuse: Callable[[], Exception]) -> None:
        """Let every later `read` raise what a function returns if the file was written to since now."""
        self._before, self._refuse = os.fstat(self.fileno()), refuse

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes.

        Raises:
            Refusal: 409 if the file was written to.
        """
        found = super().read(-1 if size is None else size)
        if self._before is not None and _was_written(self._before, os.fstat(self.fileno())):
            raise self._refuse()
        return found

    def __del__(self) -> None:
        self.close()


def _was_written(before: os.stat_result, now: os.stat_result) -> bool:
    """Tell whether a file was written to, also by who sets its time back as `cp -p` does.

    That changes its ctime; so does another name for it, or one less, as backups and replacements make them.
    """
    if (before.st_size, before.st_mtime_ns) != (now.st_size, now.st_mtime_ns):
        return True
    return before.st_ctime_ns != now.st_ctime_ns and before.st_nlink == now.st_nlink


def _look(path: Path) -> Look | None:
    try:
        return _look_of(path.stat())
    except OSError:
        return None


def _look_of(found: os.stat_result) -> Look:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

"""The study as its config is now: texts that were changed are shown at once."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from flask import Flask

from mushra_server.app import open_study
from mushra_server.errors import ServerError
from mushra_server.study.opaque_files import AudioNames
from mushra_server.study.served_files import ServedFiles
from mushra_server.web.server import EXTENSION, Server
from study_builder.config import CONFIG_NAME, ConfigError

__all__ = ["LiveStudy"]


class LiveStudy:
    """Reads the config again when its file has changed.

    Args:
        path: The study's folder, or its config.
        app: The app that serves it.

    Attributes:
        version: Counts the changes that could be read.
        error: Why the last change could not be read, or None.
    """

    def __init__(self, path: Path, app: Flask) -> None:
        self.version = 0
        self.error: str | None = None
        self._path = path
        self._app = app
        self._file = path / CONFIG_NAME if path.is_dir() else path
        self._seen = self._stamp()
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Serve the config as it is on disk; one that cannot be read leaves the last one served."""
        with self._lock:
            stamp = self._stamp()
            if stamp == self._seen:
                return
            self._seen = stamp
            server: Server = self._app.extensions[EXTENSION]
            try:
                study = open_study(self._path, server.options)
            except (ConfigError, ServerError, OSError) as error:
                self.error = str(error)
                return
            self.error = None
            self.version += 1
            names = AudioNames(study, str(self._app.secret_key))
            self._app.extensions[EXTENSION] = replace(
                server, study=study, names=names, files=ServedFiles(study)
            )

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self._file.stat()
        except FileNotFoundError:  # an editor is replacing it
            return None
        return found.st_mtime_ns, found.st_size

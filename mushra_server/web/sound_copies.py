"""Sounds that nginx sends in the server's place: the server decides who may hear what, nginx reads the file.

An answer without a body names the file in `X-Accel-Redirect`, which nginx replaces by its content. The files
are copies in a folder that contains nothing else, under keyed hashes of what is sent: nginx needs no right to
read a study's folder, in which the ratings are, and a copy has no tags and is never another sound.
"""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

from flask import request

from mushra_server.errors import ServerError
from mushra_server.web.addresses import FROM_PROXY
from mushra_server.web.sent_files import Pieces
from stimuli.files import atomic_path, create

__all__ = ["ADDRESS", "SoundCopies"]

ADDRESS = "/listenable-sounds/"
"""Of nginx's internal location."""
MODE = 0o640  # the folder's group is nginx's
CHUNK_BYTES = 1024 * 1024

logger = logging.getLogger(__name__)


class SoundCopies:
    """The folder of copies; several workers and several studies may share it.

    Args:
        folder: An existing folder.
        behind_proxy: Whether there is a proxy.

    Raises:
        ServerError: The folder is missing or cannot be written to, or no proxy is declared.
    """

    def __init__(self, folder: Path | str, *, behind_proxy: bool) -> None:
        self._folder = Path(folder)
        self._lock = threading.Lock()
        self._failed = False
        if not behind_proxy:
            raise ServerError(
                "--sendfile needs nginx in front of the server: give --behind-proxy or --proxy-address"
            )
        if not self._folder.is_dir():
            raise ServerError(f"--sendfile {folder}: not a folder; expected one for copies of sounds")
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise ServerError(f"--sendfile {folder}: cannot be written to; make it this user's")

    def locate(self, name: str, pieces: Pieces) -> str | None:
        """Return where nginx finds what is sent; None if the server must send it itself.

        Args:
            name: Another one for every content.
            pieces: The content; its position changes if there is no copy of it yet.
        """
        if not request.environ.get(FROM_PROXY):
            return None  # whoever asks would see the name
        path = self._folder / name
        try:
            if not _is_complete(path, pieces):
                with self._lock:
                    if not _is_complete(path, pieces):
                        _copy(pieces, path)
        except OSError as error:
            if not self._failed:
                self._failed = True
                logger.error("%s; this server sends the sounds itself that are not copied", error)
            pieces.seek(0)
            return None
        return f"{ADDRESS}{name}"


def _is_complete(path: Path, pieces: Pieces) -> bool:
    try:
        return path.stat().st_size == pieces.size
    except FileNotFoundError:
        return False


def _copy(pieces: Pieces, path: Path) -> None:
    pieces.seek(0)
    with atomic_path(path) as temporary, os.fdopen(create(temporary, private=True), "wb") as file:
        temporary.chmod(MODE)  # whatever the umask says
        while chunk := pieces.read(CHUNK_BYTES):
            file.write(chunk)

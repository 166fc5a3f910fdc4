"""The app of `listenable serve STUDY --preview`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flask import Flask, Response, request

from mushra_server.app import MAKING, create_app, open_study
from mushra_server.database.database import sqlite_url
from mushra_server.errors import Refusal
from mushra_server.preview.live_study import LiveStudy
from mushra_server.preview.routes import LIVE, blueprint
from mushra_server.web.security import CONTENT_SECURITY_POLICY, NOT_FRAMED
from mushra_server.web.server import EXTENSION, Options
from mushra_server.web.temporary import temporary_folder
from stimuli.vocabulary import RATINGS_NAME

__all__ = ["open_preview"]

MOST_BYTES = 64 * 2**20
"""Of the sessions of a preview, which is looked at by few: thousands of them."""


@contextmanager
def open_preview(study: Path, options: Options) -> Iterator[Flask]:
    """Make the app that shows a study to its experimenter; nothing is written to the study's folder.

    Args:
        study: The study's folder.
        options: How it is served.

    Yields:
        The app; its database is removed at the end.

    Raises:
        ServerError: If the study cannot be served.
        ConfigError: If its config cannot be read.
    """
    options = replace(options, preview=True)
    opened = open_study(study, options)
    with temporary_folder() as folder:
        app = create_app(opened, sqlite_url(folder / RATINGS_NAME), options)
        app.extensions[LIVE] = LiveStudy(study, app)
        with MAKING:
            app.register_blueprint(blueprint)
        app.before_request(lambda: _require_room(folder))
        app.after_request(_allow_frames)
        try:
            yield app
        finally:
            app.extensions[EXTENSION].database.close()


def _require_room(folder: Path) -> None:
    """Refuse what would be stored once a preview has stored enough.

    Raises:
        Refusal: 507.
    """
    if request.method in {"GET", "HEAD"}:
        return
    with os.scandir(folder) as found:
        size = sum(file.stat().st_size for file in found)
    if size > MOST_BYTES:
        raise Refusal(f"this preview has stored {MOST_BYTES >> 20} MiB; open another", 507)


def _allow_frames(response: Response) -> Response:
    """Let the preview, and no other site, show the participant page in its frame."""
    own = CONTENT_SECURITY_POLICY.replace(NOT_FRAMED, "frame-ancestors 'self'; frame-src 'self'")
    response.headers["Content-Security-Policy"] = own
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response

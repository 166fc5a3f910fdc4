"""The server of a listening test: a study folder in, ratings out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stimuli.lazy import import_lazily

if TYPE_CHECKING:
    from mushra_server.app import create_app

__all__ = ["create_app"]

_HOMES = {"create_app": "mushra_server.app"}

__getattr__, __dir__ = import_lazily(__name__, _HOMES)

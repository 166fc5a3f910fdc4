"""The server of a listening test: a study folder in, ratings out."""

from __future__ import annotations

from mushra_server.app import create_app

__all__ = ["create_app"]

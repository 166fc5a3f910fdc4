"""The server's own scripts, styles and pictures: read and compressed once, sent from memory.

A browser asks for each of them again on every visit (`no-cache`, by ETag), so that modules of two releases
never mix; an unchanged one costs 304. Only text is compressed, and nothing here depends on a participant.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, request

from mushra_server.errors import Refusal
from stimuli.tokens import TOKENS

__all__ = ["Asset", "install", "read_assets"]

# What is served; whatever else is in the folder (types for the checker of the scripts) is not.
PAGE_STYLE = "page/style.css"
STYLES = (
    "base",
    "frame",
    "text",
    "message",
    "forms",
    "help",
    "trial",
    "player",
    "sound_button",
    "board",
    "slider",
)
"""In the order in which they override each other."""
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    """One file.

    Attributes:
        content: Its bytes.
        packed: The same, compressed by gzip; None if that saves nothing.
        media_type: Media type.
        tag: ETag of `content`; that of `packed` has `-gz` behind it.
    """

    content: bytes
    packed: bytes | None
    media_type: str
    tag: str


def install(app: Flask, *folders: Path) -> None:
    """Serve the `static` folder, the palette and further folders at `/static/`: the endpoint `static`."""
    own = Path(__file__).parents[1] / "static"
    assets = {**read_assets(own), TOKENS.name: _read(TOKENS), PAGE_STYLE: _join_styles(own / "page/style")}
    for folder in folders:
        assets |= read_assets(folder)

    def static(filename: str) -> Response:
        asset = assets.get(filename)
        if asset is None:
            raise Refusal("not found", 404)
        return _send(asset)

    app.add_url_rule("/static/<path:filename>", "static", static)


@functools.cache
def read_assets(root: Path) -> dict[str, Asset]:
    """Return the scripts, styles and pictures below a folder by their path in it, with slashes.

    They are read once, since a studio has an application per study.
    """
    files = (path for path in sorted(root.rglob("*")) if path.suffix in MEDIA_TYPES)
    return {path.relative_to(root).as_posix(): _read(path) for path in files}


def _join_styles(folder: Path) -> Asset:
    """Return the participant page's style sheets as one, so that the first paint waits for one answer."""
    return _pack(b"".join((folder / f"{name}.css").read_bytes() for name in STYLES), ".css")


def _read(path: Path) -> Asset:
    return _pack(path.read_bytes(), path.suffix)


@functools.cache
def _pack(content: bytes, suffix: str) -> Asset:
    packed = gzip.compress(content, 9, mtime=0)
    return Asset(
        content,
        packed if len(packed) < len(content) else None,
        MEDIA_TYPES[suffix],
        hashlib.sha256(content).hexdigest()[:24],
    )


def _send(asset: Asset) -> Response:
    wanted = asset.packed is not None and request.accept_encodings["gzip"] > 0
    response = Response(asset.packed if wanted else asset.content, mimetype=asset.media_type)
    if wanted:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(f"{asset.tag}-gz" if wanted else asset.tag)
    response.make_conditional(request)
    return response

"""Pictures in what participants read: which files they are, and where a page finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

PICTURE_TYPES = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}


def pictures_in(html: str) -> Iterator[str]:
    """Yield the paths, relative to the study's folder, of the pictures that a text shows."""
    for image in _images(html):
        path = _path_of(image.source)
        if path is not None:
            yield path


def find_foreign_pictures(html: str) -> Iterator[str]:
    """Yield the sources of pictures that are not files of the study: on other sites, or data in the text."""
    for image in _images(html):
        if image.source and _path_of(image.source) is None:
            yield image.source


def with_addresses(html: str, address: Callable[[str], str]) -> str:
    """Return a text whose pictures have other addresses.

    Args:
        html: the text.
        address: turns the path of a picture into the address that a browser asks for.
    """
    parts, done = [], 0
    for image in _images(html):
        path = _path_of(image.source)
        if path is None:
            continue
        attributes = {**image.attributes, "src": address(path)}
        named = "".join(f' {name}="{escape(value or "")}"' for name, value in attributes.items())
        parts += [html[done : image.start], f"<img{named}>"]
        done = image.end
    return "".join([*parts, html[done:]])


class _Image(NamedTuple):
    """An `img` element: the position of its tag, and its attributes."""

    start: int
    end: int
    attributes: dict[str, str | None]

    @property
    def source(self) -> str:
        return (self.attributes.get("src") or "").strip()


class _Images(HTMLParser):
    """Finds the pictures of a text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[_Image] = []
        self._lines = [0]
        for line in html.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            line, column = self.getpos()
            start = self._lines[line - 1] + column
            attributes: dict[str, str | None] = {}
            for name, value in attrs:
                attributes.setdefault(name, value)  # of two, browsers take the first
            self.found.append(_Image(start, start + len(self.get_starttag_text() or ""), attributes))


def _images(html: str) -> list[_Image]:
    return _Images(html).found if "<img" in html.lower() else []


def _path_of(source: str) -> str | None:
    """Return the path of a file of the study, or None if a source is anything else."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
        return None
    return PurePosixPath(unquote(parts.path)).as_posix()

"""Pictures and sounds in what participants read: which files they are, and where a page finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Literal, NamedTuple
from urllib.parse import unquote, urlsplit

MediumKind = Literal["picture", "sound"]

PICTURE_TYPES = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
SOUND_TYPES = {
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
}
MEDIA_TYPES: dict[MediumKind, dict[str, str]] = {"picture": PICTURE_TYPES, "sound": SOUND_TYPES}
"""Of files that browsers show or play, by the ending of their name."""

_KINDS: dict[str, MediumKind] = {"img": "picture", "audio": "sound", "source": "sound"}
_OMITTED = {"canvas", "embed", "iframe", "math", "object", "script", "style", "svg", "video"}
_OMITTED |= {"button", "form", "input", "select", "textarea"}
"""Elements that the participant page leaves out of a text (mushra_server/static/page/ui/sanitize.js)."""


class Medium(NamedTuple):
    """A file that a page shows or plays in addition to the sounds that are rated.

    Attributes:
        kind: what it is.
        path: relative to the study's folder.
    """

    kind: MediumKind
    path: str


def media_in(html: str) -> Iterator[Medium]:
    """Yield the files of the study that a text shows or plays."""
    for element in _Elements(html).media:
        path = _path_of(element.source)
        if path is not None:
            yield Medium(element.kind, path)


def find_foreign_media(html: str) -> Iterator[Medium]:
    """Yield the media that are not files of the study: on other sites, or data in the text."""
    for element in _Elements(html).media:
        if element.source and _path_of(element.source) is None:
            yield Medium(element.kind, element.source)


def find_omitted_elements(html: str) -> list[str]:
    """Return the names of a text's elements that the participant page leaves out."""
    return list(dict.fromkeys(_Elements(html).omitted))


def with_addresses(html: str, address: Callable[[str], str]) -> str:
    """Return a text whose pictures and sounds have other addresses.

    Args:
        html: the text.
        address: turns the path of a file into the address that a browser asks for.
    """
    parts, done = [], 0
    for element in _Elements(html).media:
        path = _path_of(element.source)
        if path is None:
            continue
        attributes = {**element.attributes, "src": address(path)}
        named = "".join(f' {name}="{escape(value or "")}"' for name, value in attributes.items())
        parts += [html[done : element.start], f"<{element.tag}{named}>"]
        done = element.end
    return "".join([*parts, html[done:]])


class _Element(NamedTuple):
    """An element with a medium: its tag, the tag's position, and its attributes."""

    tag: str
    start: int
    end: int
    attributes: dict[str, str | None]

    @property
    def kind(self) -> MediumKind:
        return _KINDS[self.tag]

    @property
    def source(self) -> str:
        return (self.attributes.get("src") or "").strip()


class _Elements(HTMLParser):
    """Finds the media of a text, and the elements that the participant page leaves out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.media: list[_Element] = []
        self.omitted: list[str] = []
        self._in_audio = False
        self._lines = [0]
        for line in html.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        if "<" in html:
            # Not closed: a tag that begins and does not end is none, for browsers too, and `close` would look
            # for its end again from each `<` in it.
            self.feed(html)

    def parse_marked_section(self, i: int, report: bool | int = 1) -> int:
        """Skip what begins with `<![`, as browsers do: the parser would fail if it is no section of SGML."""
        return self.parse_bogus_comment(i, bool(report))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_audio = self._in_audio or tag == "audio"
        if tag in _OMITTED:
            self.omitted.append(tag)
        if tag in _KINDS and (tag != "source" or self._in_audio):
            line, column = self.getpos()
            start = self._lines[line - 1] + column
            attributes: dict[str, str | None] = {}
            for name, value in attrs:
                attributes.setdefault(name, value)  # of two, browsers take the first
            end = start + len(self.get_starttag_text() or "")
            self.media.append(_Element(tag, start, end, attributes))

    def handle_endtag(self, tag: str) -> None:
        self._in_audio = self._in_audio and tag != "audio"


def _path_of(source: str) -> str | None:
    """Return the path of a file of the study, or None if a source is anything else."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
        return None
    return PurePosixPath(unquote(parts.path)).as_posix()

"""Files on their way to a browser: piece by piece, complete or a range, without the tags in them.

The web server reads them itself (`wsgi.file_wrapper`), so that a slow reader of a large sound occupies
neither memory nor a thread.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import IO

from flask import Response, request
from werkzeug.http import parse_etags
from werkzeug.wsgi import wrap_file

from study_builder.config.sound_tags import Part

Cut = Part | memoryview
"""A range of bytes in memory is a view of them: each of thousands of readers would have a copy otherwise."""

__all__ = ["Pieces", "send_pieces"]


class Pieces:
    """Some parts of a file, one after another, as a file that can be read and searched.

    Args:
        file: The file; closed with this one.
        parts: Bytes, or the offset and size of a piece of the file.
        owner: Whose bytes these are; it lives as long as they are being sent.
    """

    def __init__(self, file: IO[bytes], parts: Sequence[Cut], owner: object = None) -> None:
        self._file = file
        self._parts = parts
        self._owner = owner
        self._at = 0
        self.size = sum(map(_size, parts))

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes: as many as were asked for, fewer only at the end."""
        stop = self.size if size < 0 else min(self.size, self._at + size)
        found = b"".join(self._read(part) for part in self._cut(self._at, stop))
        self._at += len(found)
        return found

    def cut(self, start: int, stop: int) -> Pieces:
        """Return these pieces from one position to another; the file is shared."""
        return Pieces(self._file, self._cut(start, stop), self._owner)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _cut(self, start: int, stop: int) -> list[Cut]:
        cut: list[Cut] = []
        at = 0
        for part in self._parts:
            low, high = max(start - at, 0), min(stop - at, _size(part))
            if low < high:
                cut.append(
                    (part[0] + low, high - low) if isinstance(part, tuple) else memoryview(part)[low:high]
                )
            at += _size(part)
        return cut

    def _read(self, part: Cut) -> bytes | memoryview:
        if not isinstance(part, tuple):
            return part
        self._file.seek(part[0])
        return self._file.read(part[1])


def send_pieces(pieces: Pieces, media_type: str, tag: str, *, copy: str | None = None) -> Response:
    """Answer with pieces of a file: all of them, the range that was asked for, or 304.

    Args:
        pieces: What is sent; closed when it was sent.
        media_type: Media type.
        tag: ETag: another one for another content.
        copy: Where nginx finds the same content: it sends that, with its length and the range.
    """
    response = Response(mimetype=media_type)
    response.set_etag(tag)
    if request.if_none_match.contains_weak(tag):
        pieces.close()
        response.status_code = 304
        return response
    if copy is not None:
        pieces.close()
        response.headers["X-Accel-Redirect"] = copy
        return response
    response.headers["Accept-Ranges"] = "bytes"
    asked = request.range if _may_be_partial(tag) else None
    if asked is not None and asked.units == "bytes" and len(asked.ranges) == 1:
        found = asked.range_for_length(pieces.size)
        if found is None:
            total = pieces.size
            pieces.close()
            response.status_code = 416
            response.headers["Content-Range"] = f"bytes */{total}"
            return response
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {found[0]}-{found[1] - 1}/{pieces.size}"
        pieces = pieces.cut(*found)
    response.content_length = pieces.size
    if request.method == "HEAD":
        pieces.close()
        return response
    response.response = wrap_file(request.environ, pieces, 64 * 1024)  # type: ignore[arg-type]
    response.direct_passthrough = True
    return response


def _may_be_partial(tag: str) -> bool:
    """Tell whether a range continues what the browser has: an `If-Range` names the same content."""
    sent = request.headers.get("If-Range")
    return sent is None or parse_etags(sent).contains(tag)


def _size(part: Cut) -> int:
    return part[1] if isinstance(part, tuple) else len(part)

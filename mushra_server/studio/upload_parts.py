"""Uploads in parts, as browsers send folders: one temporary file for all of them, next to nothing in memory.

Werkzeug keeps up to half a megabyte of each file in memory, a megabyte of each field, and every header. Ten
thousand parts of that size are gigabytes, and as many open files if they are larger.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, Any, cast

from flask import Request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

__all__ = ["MAX_FIELD_BYTES", "MAX_NAME_CHARS", "PartsParser", "UploadRequest"]

URLENCODED = "application/x-www-form-urlencoded"
MAX_FIELD_BYTES = 64 * 1024
"""Of all fields together: an upload has a token of its form, and hardly more."""
MAX_NAME_CHARS = 2000
"""Of a file's name, which is kept; a longer one would be refused in the end."""
MAX_HEADER_BYTES = 16 * 1024
READ_BYTES = 256 * 1024
SHORT_FORM_BYTES = 64 * 1024
MAX_FIELDS = 2000
"""Of a form, which is read before its token can be looked at: a megabyte of empty fields takes most of a
second of the interpreter. The form of choices, which may be longer than others, has some five hundred."""


class UploadRequest(Request):
    """A request of the studio: a `bounded` form is read by `PartsParser`, and none takes long to read."""

    bounded = False

    def bound_form(self, *, long: bool) -> None:
        """Refuse a form that takes long to read.

        Args:
            long: Whether it may be longer than forms usually are.

        Raises:
            RequestEntityTooLarge: It is longer, or has more fields than any form.
        """
        # Werkzeug reads a form without parts whole, and an upload may have gigabytes.
        without_parts = self.mimetype == URLENCODED
        if not long or (self.bounded and without_parts):
            self.max_content_length = SHORT_FORM_BYTES
        if without_parts and self.get_data().count(b"&") >= MAX_FIELDS:
            self.max_form_parts = MAX_FIELDS
            raise RequestEntityTooLarge

    def make_form_data_parser(self) -> FormDataParser:
        """Return what reads the form."""
        if not self.bounded:
            return super().make_form_data_parser()
        return PartsParser(
            max_content_length=self.max_content_length,
            max_form_memory_size=MAX_FIELD_BYTES,
            max_form_parts=self.max_form_parts,
            cls=self.parameter_storage_class,
        )


class PartsParser(FormDataParser):
    """Reads forms with many files; of a form that breaks off, nothing is taken."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: Mapping[str, str] | None = None,
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        """Return the rest of the body, the fields and the files.

        Raises:
            RequestEntityTooLarge: If there are too many parts, or too much of what is no file.
        """
        boundary = (options or {}).get("boundary", "").encode("ascii", "replace")
        if mimetype != "multipart/form-data" or not boundary:
            return super().parse(stream, mimetype, content_length, dict(options or {}))
        parts = _Parts()
        try:
            decoder = MultipartDecoder(
                boundary, READ_BYTES + MAX_HEADER_BYTES + len(boundary), max_parts=self.max_form_parts
            )
            for event in _iter_events(decoder, stream):
                parts.take(event)
        except ValueError:  # what is no form, or a part of one
            parts.close()
            return stream, self.cls(), self.cls()
        except BaseException:
            parts.close()
            raise
        parts.end()
        return stream, self.cls(parts.fields), self.cls(parts.files)


def _iter_events(decoder: MultipartDecoder, stream: IO[bytes]) -> Iterator[Any]:
    ended = False
    while not ended:
        found = stream.read(READ_BYTES)
        ended = not found
        decoder.receive_data(found or None)
        while not isinstance(event := decoder.next_event(), NeedData):
            if isinstance(event, Epilogue):
                return
            yield event


class _Parts:
    """The parts of a form so far."""

    def __init__(self) -> None:
        self.fields: list[tuple[str, str]] = []
        self.files: list[tuple[str, FileStorage]] = []
        self._shared = _SharedFile()
        self._open: tuple[str, io.RawIOBase | io.BytesIO] = ("", io.BytesIO())
        self._field_bytes = 0

    def take(self, event: Any) -> None:
        if isinstance(event, File | Field) and event.name is None:
            raise ValueError("a part of the form has no name; expected one for each")
        if isinstance(event, File):
            if len(event.filename) > MAX_NAME_CHARS or len(event.name) > MAX_NAME_CHARS:
                raise RequestEntityTooLarge
            part = _Part(self._shared)
            self.files.append((event.name, FileStorage(cast("IO[bytes]", part), event.filename, event.name)))
            self._open = event.name, part
        elif isinstance(event, Field):
            self._count(len(event.name))
            self._open = event.name, io.BytesIO()
        elif isinstance(event, Data):
            name, content = self._open
            if isinstance(content, io.BytesIO):
                self._count(len(event.data))
            content.write(event.data)
            if not event.more_data:
                content.seek(0)
                if isinstance(content, io.BytesIO):
                    self.fields.append((name, content.getvalue().decode("utf-8", "replace")))

    def end(self) -> None:
        """Close the shared file if no part is a file."""
        self._shared.close()

    def close(self) -> None:
        for _, file in self.files:
            file.close()
        self._shared.close()

    def _count(self, more: int) -> None:
        self._field_bytes += more
        if self._field_bytes > MAX_FIELD_BYTES:
            raise RequestEntityTooLarge


class _SharedFile:
    """A temporary file with the content of all parts, there as long as one of them is open."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the last part
        self.users = 0

    def close(self) -> None:
        if self.users == 0:
            self.file.close()


class _Part(io.RawIOBase):
    """The content of one part: a stretch of the shared file, which grows as long as no other part follows."""

    def __init__(self, shared: _SharedFile) -> None:
        self._shared = shared
        shared.users += 1
        self._begin = shared.file.seek(0, os.SEEK_END)
        self._size = self._place = 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), max(self._size - self._place, 0))
        self._shared.file.seek(self._begin + self._place)
        found = self._shared.file.read(wanted)
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)

    def write(self, data: Any) -> int:
        self._shared.file.seek(self._begin + self._size)
        self._shared.file.write(data)
        self._size += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError(f"place {start + offset} in a part of an upload; expected one from 0")
        self._place = start + offset
        return self._place

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._shared.users -= 1
            self._shared.close()

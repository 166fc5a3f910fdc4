"""From a parsed file to typed pages, with the line of whatever is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from study_builder.config import webmushra
from study_builder.config.options import StudyOptions
from study_builder.config.page_types import PAGE_TYPES, Block, Page
from study_builder.config.webmushra import Notice
from study_builder.config.yaml_reader import Document, Path
from study_builder.errors import ConfigError

PAGES_KEY = "pages"


class PageReader:
    """Builds typed pages from a parsed file, and says on which line something is wrong.

    Args:
        document: the parsed file.
        source: the file's name, for messages.
        notices: what is noticed is added here.
        tolerant: leave out pages that cannot be read, each with a notice whose key is `PAGES_KEY`.
    """

    def __init__(
        self, document: Document, source: str, notices: list[Notice], *, tolerant: bool = False
    ) -> None:
        self.document = document
        self.source = source
        self.notices = notices
        self.tolerant = tolerant

    def tree(self, found: Any, path: Path) -> Iterator[Page | Block]:
        """Yield the pages and blocks of a list of pages."""
        if found is None and self.tolerant:
            return
        if not isinstance(found, list):
            raise self.error(path, f"'pages' is {_kind(found)}; expected a list of pages")
        for index, entry in enumerate(found):
            here = (*path, index)
            if isinstance(entry, list):
                random = bool(entry) and entry[0] == webmushra.RANDOM
                inner = list(self.tree(entry, here))
                yield Block(random=random, pages=tuple(inner))
            elif entry == webmushra.RANDOM and index == 0 and len(path) > 1:
                continue
            else:
                yield from self._entry(entry, here)

    def _entry(self, entry: Any, path: Path) -> Iterator[Page]:
        """Yield the page of an entry; none if it is wrong and the reader is tolerant."""
        noticed = len(self.notices)
        try:
            if not isinstance(entry, dict):
                raise self.error(
                    path, f"an entry of 'pages' is {_kind(entry)}; expected a page or a list of pages"
                )
            yield self.page(entry, path)
        except ConfigError as error:
            if not self.tolerant:
                raise
            message = str(error).removeprefix(f"{self.source}, line {self.document.line(path)}: ")
            del self.notices[noticed:]
            self.notices.append(Notice(self.document.line(path), PAGES_KEY, f"{message}; it was left out"))

    def page(self, found: dict[str, Any], path: Path) -> Page:
        """Return a page of its stated type."""
        kind = found.get("type")
        if not isinstance(kind, str) or kind not in PAGE_TYPES:
            raise self.error(
                (*path, "type"), f"a page's type is {kind!r}; expected one of {', '.join(PAGE_TYPES)}"
            )
        fields, notices = webmushra.from_wire(found, webmushra.PAGES[kind], self.document, path)
        self.notices.extend(notices)
        page: Page = self.validate(PAGE_TYPES[kind], fields, path, webmushra.PAGES[kind])
        return page

    def validate(self, model: Any, fields: Any, path: Path, keys: webmushra.Keys = webmushra.STUDY) -> Any:
        """Return `model` made from `fields`, or report which key of the file it does not accept."""
        if isinstance(fields, dict):
            fields = {name: value for name, value in fields.items() if value is not None}
        try:
            return model.model_validate(fields)
        except ValidationError as error:
            raise self._invalid(error, path, keys, model) from None

    def _invalid(self, error: ValidationError, path: Path, keys: webmushra.Keys, model: Any) -> ConfigError:
        from stimuli.validation import describe_finding  # the server reads configs, and needs no sound files

        problem = error.errors()[0]
        location = tuple(problem["loc"])
        if model is not StudyOptions:
            location = _wire_location(location, keys)
        inside = self._known_part((*path, *location))
        name = ".".join(str(part) for part in (inside[len(path) :] or inside)) or "the file"
        if problem["type"] == "extra_forbidden":
            fields = getattr(model, "model_fields", {})
            message = webmushra.unknown_among(name, list(fields))
            return self.error(inside, message)
        return self.error(inside, describe_finding(name, problem))

    def _known_part(self, path: Path) -> Path:
        """Drop what pydantic adds to a path (names of union members), and keep what the file has."""
        known: Path = ()
        for part in path:
            if (*known, part) in self.document.lines:
                known = (*known, part)
        missing = path[-1:] if path and isinstance(path[-1], str) and len(known) == len(path) - 1 else ()
        return (*known, *missing)

    def error(self, path: Path, message: str) -> ConfigError:
        """Return an error that names the line of `path`."""
        return ConfigError(f"{self.source}, line {self.document.line(path)}: {message}")


def _wire_location(location: Path, keys: webmushra.Keys) -> Path:
    """Translate a path of field names back to the keys of the file."""
    out: Path = ()
    for part in location:
        names = {name: key for key, name in keys.fields.items()}
        key = names.get(part, part) if isinstance(part, str) else part
        out = (*out, key)
        if isinstance(key, str) and key in keys.nested:
            keys = keys.nested[key]
    return out


def _kind(value: Any) -> str:
    if value is None:
        return "missing"
    return (
        f"{type(value).__name__} {value!r}"
        if isinstance(value, str | int | float)
        else f"a {type(value).__name__}"
    )

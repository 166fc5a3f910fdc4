"""YAML in, with the line of every key.

Reading follows YAML 1.2, as JavaScript's readers and so webMUSHRA do: `no`, `yes`, `on` and `1:30` are text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from study_builder.errors import ConfigError

Path = tuple[str | int, ...]

_TRUE_FALSE = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
_WHOLE = re.compile(r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$")
_FLOAT = re.compile(
    r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)
_NULL = re.compile(r"^(?:~|null|Null|NULL|)$")
_TEXT = "tag:yaml.org,2002:str"
_MAX_NODES = 2_000_000
_REST_OF_LINE = re.compile(r"[^\0\r\n\x85\u2028\u2029]*")
_COLON_IN_TEXT = re.compile(r":(?:[ \t]|$)")
_TEXT_IN_FLOW = re.compile(r"[^'\"\[\]{},:#\n]*")
_END_IN_FLOW = re.compile(r"\s*[,\]}]")


@dataclass(frozen=True)
class Document:
    """A parsed file: its data, and the line of each key and list entry.

    Attributes:
        data: mappings, lists, text, numbers, truth values, None.
        lines: line number (from 1) by path of keys and indices.
        repaired: lines that are not valid YAML, though webMUSHRA's reader accepts them; they were read as
            meant.
    """

    data: Any
    lines: dict[Path, int]
    repaired: tuple[int, ...] = ()

    def line(self, path: Path) -> int:
        """Return the line of `path`, or of its nearest ancestor that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _Reader(yaml.SafeLoader):
    """SafeLoader with the scalars of YAML 1.2, and two texts that webMUSHRA's reader accepts as they are.

    That reader takes ': ' in plain text, which YAML forbids, and '?' in plain text between braces, which YAML
    1.2 allows and the reader used here does not. Both would be an error wherever they are found below.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.repaired: list[int] = []

    def fetch_plain(self) -> None:
        text = self._text_with_question() if self.flow_level else self._text_with_colon()
        if text is None:
            super().fetch_plain()
            return
        self.save_possible_simple_key()
        self.allow_simple_key = False
        start = self.get_mark()
        self.forward(len(text))
        end = self.get_mark()
        self.tokens.append(yaml.ScalarToken(text, False, start, end, '"'))
        self.repaired.append(start.line + 1)

    def _text_with_colon(self) -> str | None:
        """Return the rest of the line, if it is a value on the line of its key and contains a colon."""
        if self.allow_simple_key or self.flow_level in self.possible_simple_keys:
            return None
        found = _REST_OF_LINE.match(self.buffer, self.pointer)
        line = "" if found is None else found[0].rstrip()
        # A colon in a comment, which ends the text, is none of it.
        return line if _COLON_IN_TEXT.search(line.split(" #")[0].rstrip()) else None

    def _text_with_question(self) -> str | None:
        found = _TEXT_IN_FLOW.match(self.buffer, self.pointer)
        if found is None or "?" not in found[0] or not _END_IN_FLOW.match(self.buffer, found.end()):
            return None
        return found[0].rstrip()


_Reader.yaml_implicit_resolvers = {}
_Reader.add_implicit_resolver("tag:yaml.org,2002:bool", _TRUE_FALSE, list("tTfF"))
_Reader.add_implicit_resolver("tag:yaml.org,2002:int", _WHOLE, list("-+0123456789"))
_Reader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
_Reader.add_implicit_resolver("tag:yaml.org,2002:null", _NULL, ["~", "n", "N", ""])


class _QuickReader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """libyaml's parser, with the scalars of YAML 1.2; what `_Reader` would repair is an error here."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._in_flow = 0

    def get_event(self) -> Any:
        event: Any = super().get_event()
        if isinstance(event, yaml.CollectionStartEvent):
            self._in_flow += bool(self._in_flow or event.flow_style)
        elif self._in_flow and isinstance(event, yaml.CollectionEndEvent):
            self._in_flow -= 1
        elif self._in_flow and isinstance(event, yaml.ScalarEvent) and not event.style and "?" in event.value:
            raise yaml.YAMLError("a question mark between braces")
        return event


_QuickReader.yaml_implicit_resolvers = _Reader.yaml_implicit_resolvers


def parse(text: str, source: str) -> Document:
    """Parse YAML text.

    Args:
        text: the file's content.
        source: the file's name, for messages.

    Raises:
        ConfigError: the text is not YAML, or a key occurs twice in one mapping.
    """
    try:
        return _parse_quickly(text, source) or _parse_patiently(text, source)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{source}{_place(error)}: {_problem(error)}; expected YAML") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{source}: {str(error).splitlines()[0]}; expected YAML") from error
    except RecursionError as error:
        raise ConfigError(f"{source}: is nested too deep; expected a study's config") from error


def find_text(text: str, key: str) -> str | None:
    """Return the text of a key of the outermost mapping; what comes after it is not even read.

    Args:
        text: the file's content.
        key: the key.

    Returns:
        None if there is no such key, or no text of its own.

    Raises:
        yaml.YAMLError: what comes before it is not YAML.
    """
    reader: Any = _Reader(text)
    try:
        while not reader.check_event(yaml.MappingStartEvent):
            if not reader.check_event(yaml.StreamStartEvent, yaml.DocumentStartEvent):
                return None
            reader.get_event()
        reader.get_event()
        while not reader.check_event(yaml.MappingEndEvent):
            name = reader.get_event()
            if isinstance(name, yaml.ScalarEvent) and name.value == key:
                found = reader.get_event()
                return str(found.value) if isinstance(found, yaml.ScalarEvent) else None
            _skip_value(reader)
        return None
    finally:
        reader.dispose()


def _skip_value(reader: Any) -> None:
    depth = 0
    while True:
        event = reader.get_event()
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if not depth:
            return


def _parse_quickly(text: str, source: str) -> Document | None:
    """Let libyaml parse what is valid, ten times as fast; what it refuses is explained by the patient way."""
    try:
        composer = _Composer(_QuickReader(text), source)
        return Document(composer.document(), composer.lines)
    except (yaml.YAMLError, ConfigError, UnicodeError, RecursionError):
        return None


def _parse_patiently(text: str, source: str) -> Document:
    reader = _Reader(text)
    try:
        composer = _Composer(reader, source)
        return Document(composer.document(), composer.lines, tuple(reader.repaired))
    finally:
        reader.dispose()


class _Composer:
    """Builds data from a parser's events, and records the position of everything.

    PyYAML's own way builds a tree of nodes first, which needs several times the memory of what it describes.
    """

    def __init__(self, reader: Any, source: str) -> None:
        self.reader = reader
        self.source = source
        self.lines: dict[Path, int] = {}
        self.anchors: dict[str, tuple[Any, int] | None] = {}
        self.size = 0

    def document(self) -> Any:
        """Return the data of the only document; refuse a second one."""
        self._next()
        if self.reader.check_event(yaml.StreamEndEvent):
            return None
        self._next()
        data = self._value((), 1)
        self._next()
        if not self.reader.check_event(yaml.StreamEndEvent):
            raise self._error(self._next(), "a second document begins; expected one")
        return data

    def _next(self) -> Any:
        return self.reader.get_event()

    def _value(self, path: Path, line: int) -> Any:
        event = self._next()
        if path:
            self.lines[path] = line or _line_of(event)
        if isinstance(event, yaml.AliasEvent):
            return self._resolve_alias(event)
        self._grow(event, 1)
        begin = self.size
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            data = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            data = self._sequence(path)
        else:
            data = self._read_mapping(path)
        if event.anchor is not None:
            self.anchors[event.anchor] = (data, self.size - begin + 1)
        return data

    def _sequence(self, path: Path) -> list[Any]:
        data: list[Any] = []
        while not self.reader.check_event(yaml.SequenceEndEvent):
            data.append(self._value((*path, len(data)), 0))
        self._next()
        return data

    def _read_mapping(self, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while not self.reader.check_event(yaml.MappingEndEvent):
            event = self._next()
            if not isinstance(event, yaml.ScalarEvent):
                raise self._error(event, "a key is a list, a mapping or an alias; expected text")
            key, line = str(event.value), _line_of(event)
            if key in data:
                raise self._error(event, f"the key '{key}' is already on line {self.lines[(*path, key)]}")
            data[key] = self._value((*path, key), line)
        self._next()
        return data

    def _scalar(self, event: Any) -> Any:
        tag = event.tag
        if tag is None or tag == "!":
            tag = self.reader.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag == _TEXT:
            return event.value
        try:
            data = self.reader.construct_object(yaml.ScalarNode(tag, event.value, event.start_mark))
            self.reader.constructed_objects.clear()
            return data
        except (ValueError, OverflowError) as error:
            raise self._error(event, f"{error}; expected YAML") from error
        except (LookupError, AttributeError):  # PyYAML's own, for a text that its tag does not fit
            raise self._error(
                event, f"{event.value!r:.40} is not what its tag {tag!r} says; expected YAML"
            ) from None

    def _resolve_alias(self, event: Any) -> Any:
        if event.anchor not in self.anchors:
            raise self._error(event, f"the alias '*{event.anchor}' has no anchor before it")
        found = self.anchors[event.anchor]
        if found is None:
            raise self._error(event, "contains itself; expected a study's config")
        self._grow(event, found[1])
        return found[0]

    def _grow(self, event: Any, by: int) -> None:
        self.size += by
        if self.size > _MAX_NODES:
            raise self._error(event, "is too large; expected a study's config")

    def _error(self, event: Any, message: str) -> ConfigError:
        return ConfigError(f"{self.source}, line {_line_of(event)}: {message}")


def _line_of(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def _place(error: yaml.MarkedYAMLError) -> str:
    return "" if error.problem_mark is None else f", line {error.problem_mark.line + 1}"


def _problem(error: yaml.MarkedYAMLError) -> str:
    return error.problem or error.context or "cannot be read"

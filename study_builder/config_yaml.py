"""YAML in and out, with the line of every key.

Reading follows YAML 1.2, as JavaScript's readers and so webMUSHRA do: `no`, `yes`, `on` and `1:30` are text.
Writing quotes every text that either version of YAML would take for something else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
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
_MAX_NODES = 2_000_000
_NOT_TEXT = (_TRUE_FALSE, _WHOLE, _FLOAT, _NULL)
_ODD_BREAK = re.compile("[\r\x85\u2028\u2029]")
_COLON_IN_TEXT = re.compile(r"^(?P<key>\s*(?:-\s+)*[\w-]+\s*:\s+)(?P<text>[^\s'\"|>\[{&*!#].*?)\s*$")
_QUESTION_IN_FLOW = re.compile(
    r"(?P<key>[:,\[{]\s+)(?P<text>[^\s'\"\[\]{},:#][^'\"\[\]{},:#]*\?[^'\"\[\]{},:#]*?)(?=\s*[,\]}])"
)


@dataclass(frozen=True)
class Document:
    """A parsed file: its data, and where each key and list entry stands.

    Attributes:
        data: mappings, lists, text, numbers, truth values, None.
        lines: line number (from 1) by path of keys and indices.
        mended: lines that are no YAML, though webMUSHRA's reader takes them; they were read as meant.
    """

    data: Any
    lines: dict[Path, int]
    mended: tuple[int, ...] = ()

    def line(self, path: Path) -> int:
        """Return the line of `path`, or of its nearest ancestor that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _Reader(yaml.SafeLoader):
    """SafeLoader with the scalars of YAML 1.2."""


class _Writer(yaml.SafeDumper):
    """SafeDumper that keeps indentation under lists and writes several lines as a block."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


_Reader.yaml_implicit_resolvers = {}
_Reader.add_implicit_resolver("tag:yaml.org,2002:bool", _TRUE_FALSE, list("tTfF"))
_Reader.add_implicit_resolver("tag:yaml.org,2002:int", _WHOLE, list("-+0123456789"))
_Reader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
_Reader.add_implicit_resolver("tag:yaml.org,2002:null", _NULL, ["~", "n", "N", ""])


def _write_text(writer: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if _ODD_BREAK.search(text) or any(pattern.match(text) for pattern in _NOT_TEXT):
        style = '"'
    elif "\n" in text:
        style = "|"
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _write_text)


def dump(data: Any) -> str:
    """Return `data` as YAML: keys in their own order, one line a value."""
    return yaml.dump(data, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=1_000_000)


def parse(text: str, source: str) -> Document:
    """Parse YAML text.

    Args:
        text: the file's content.
        source: the file's name, for messages.

    Raises:
        ConfigError: the text is no YAML, or a key stands twice in one mapping.
    """
    mended: list[int] = []
    while True:
        try:
            return _document(text, source, tuple(mended))
        except yaml.MarkedYAMLError as error:
            better = _mended(error, text)
            if better is None or better[1] in mended:
                raise ConfigError(f"{source}{_place(error)}: {_problem(error)}; expected YAML") from error
            text = better[0]
            mended.append(better[1])
        except yaml.YAMLError as error:
            raise ConfigError(f"{source}: {str(error).splitlines()[0]}; expected YAML") from error
        except RecursionError as error:
            raise ConfigError(f"{source}: is nested too deep; expected a study's config") from error


def _document(text: str, source: str, mended: tuple[int, ...]) -> Document:
    loader = _Reader(text)
    try:
        root = loader.get_single_node()
        lines: dict[Path, int] = {}
        _walk(root, (), _Walk(source, lines))
        data = None if root is None else _construct(loader, root, source)
    finally:
        loader.dispose()
    return Document(data, lines, mended)


@dataclass
class _Walk:
    source: str
    lines: dict[Path, int]
    open_nodes: set[int] = field(default_factory=set)
    visited: int = 0


def _walk(node: yaml.Node | None, path: Path, walk: _Walk) -> None:
    """Note the line of everything under `node`; refuse keys that stand twice, loops, exploding anchors."""
    walk.visited += 1
    if node is None or isinstance(node, yaml.ScalarNode):
        return
    if id(node) in walk.open_nodes or walk.visited > _MAX_NODES:
        raise ConfigError(
            f"{walk.source}, line {node.start_mark.line + 1}: holds itself or is too large; "
            "expected a study's config"
        )
    walk.open_nodes.add(id(node))
    for key, line, child in _children(node, walk.source):
        walk.lines[(*path, key)] = line
        _walk(child, (*path, key), walk)
    walk.open_nodes.discard(id(node))


def _children(node: yaml.Node, source: str) -> Iterator[tuple[str | int, int, yaml.Node]]:
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield index, child.start_mark.line + 1, child
        return
    seen: dict[str, int] = {}
    for key_node, child in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise ConfigError(f"{source}, line {line}: a key is a list or a mapping; expected text")
        key = str(key_node.value)
        if key in seen:
            raise ConfigError(f"{source}, line {line}: the key '{key}' stands on line {seen[key]} already")
        seen[key] = line
        yield key, line, child


def _construct(loader: yaml.SafeLoader, root: yaml.Node, source: str) -> Any:
    try:
        return loader.construct_document(root)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{source}: {error}; expected YAML") from error


def _mended(error: yaml.MarkedYAMLError, text: str) -> tuple[str, int] | None:
    """Quote a text that webMUSHRA's reader takes as it is; return the file so mended, and the line.

    That reader takes ': ' in plain text, which YAML forbids, and '?' in plain text between braces, which YAML
    1.2 allows and the reader used here does not.
    """
    rules = ((_COLON_IN_TEXT, "mapping values are not allowed here"), (_QUESTION_IN_FLOW, "but got '?'"))
    mark, lines = error.problem_mark, text.split("\n")
    for pattern, problem in rules:
        if mark is None or mark.line >= len(lines) or problem not in (error.problem or ""):
            continue
        line, count = pattern.subn(lambda found: found["key"] + _quoted(found["text"]), lines[mark.line])
        if count:
            return "\n".join([*lines[: mark.line], line, *lines[mark.line + 1 :]]), mark.line + 1
    return None


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _place(error: yaml.MarkedYAMLError) -> str:
    return "" if error.problem_mark is None else f", line {error.problem_mark.line + 1}"


def _problem(error: yaml.MarkedYAMLError) -> str:
    return error.problem or error.context or "cannot be read"

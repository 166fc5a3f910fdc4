"""YAML out, in the narrow form that every reader accepts.

webMUSHRA reads its config with yaml.js, which does not know `- - a` (a list that begins on the line of its
parent's dash), loses nested maps between braces and removes `#` lines from texts. What is written here,
yaml.js reads, and so do readers of YAML 1.1 and of YAML 1.2: blocks, one value per line, and quotes around
every text that is not plain words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

STEP = "  "
_WORDS = re.compile(r"[A-Za-z][A-Za-z0-9_./+()-]*(?: [A-Za-z0-9_./+()-]+)*")
_RESERVED = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
_UNPRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_BLOCK_LINE = re.compile(r"[^\s#]|[^\s#].*\S")


def dump(data: Mapping[str, Any]) -> str:
    """Return `data` (mappings, lists, text, numbers, truth values) as YAML, keys in their own order."""
    return "\n".join(_write_mapping(data, "")) + "\n"


def _write_mapping(data: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in data.items():
        yield from _entry(f"{indent}{_text(str(key))}:", value, indent)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    """Yield a key with its value: on the same line, or as a block below it."""
    if isinstance(value, Mapping) and value:
        yield head
        yield from _write_mapping(value, indent + STEP)
    elif isinstance(value, list | tuple) and value:
        yield head
        yield from _sequence(value, indent + STEP)
    elif isinstance(value, str) and (style := _block_style(value)):
        yield f"{head} {style}"
        yield from (f"{indent}{STEP}{line}" for line in value.removesuffix("\n").split("\n"))
    else:
        yield f"{head} {_scalar(value)}"


def _sequence(data: Sequence[Any], indent: str) -> Iterator[str]:
    for value in data:
        if isinstance(value, Mapping) and value:
            first, *rest = _write_mapping(value, indent + STEP)
            yield f"{indent}- {first.lstrip(' ')}"
            yield from rest
        elif isinstance(value, list | tuple) and value:
            yield f"{indent}-"
            yield from _sequence(value, indent + STEP)
        else:
            yield f"{indent}- {_scalar(value)}"


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(text: str) -> str:
    if _WORDS.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def _block_style(text: str) -> str | None:
    """Return the style of a block for a text of several plain lines, or None for any other text."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 2 or _UNPRINTABLE.search(text) or not all(map(_BLOCK_LINE.fullmatch, lines)):
        return None
    return "|" if text.endswith("\n") else "|-"

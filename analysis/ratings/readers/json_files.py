"""JSON files that are tables: records, lines of records, columns, or records below a key or two."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.marks import FILE, LINE
from analysis.ratings.readers.bounds import refuse_growth
from analysis.ratings.readers.decode import decode
from analysis.ratings.readers.rows import Problems

_DEEPEST = 3  # keys above a list of records


def is_json(path: Path) -> bool:
    """Say whether a file is JSON, by its ending, or by its start if it has the ending of a text."""
    suffix = path.suffix.lower()
    if suffix in (".json", ".jsonl", ".ndjson"):
        return True
    with path.open("rb") as file:
        start = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    return start[:1] == b"{" or (start[:1] == b"[" and start[1:].lstrip()[:1] == b"{")


def read_json(path: Path, problems: Problems, encoding: str | None = None) -> Any:
    """Read a JSON file; one with a record per line is the list of them.

    Raises:
        RatingsError: Not JSON, or in an encoding that is not known.
    """
    text, notes = decode(path.name, path.read_bytes(), encoding)
    problems.notes += notes
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error)
    try:
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError):
        raise RatingsError(f"{path.name} is not JSON: {reason}") from None


def from_records(content: Any, name: str) -> pd.DataFrame:
    """Turn records into a table of text, numbered from 1; a key inside a key is `outer.inner`.

    Raises:
        RatingsError: There is no list of records, and there are no columns of equal length; or each record
            has keys of its own.
    """
    records = [dict(_flatten(record)) for record in _find_records(content, _DEEPEST)]
    if not any(records):
        raise RatingsError(
            f"{name} has no table of ratings; expected a list of records with the same keys, or the results "
            "of webMUSHRA's, pymushra's, mushraJS's or beaqleJS's server"
        )
    keys = {key for record in records for key in record}
    refuse_growth(name, len(records), len(keys), sum(map(len, records)))
    table = pd.DataFrame(records, dtype=object).fillna("")
    table[FILE], table[LINE] = name, range(1, len(table) + 1)
    return table


def _flatten(record: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts of a record by their keys; a single value in a list is that value."""
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
            continue
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        yield f"{prefix}{key}", "" if value is None or value != value else str(value)


def _find_records(content: Any, depth: int) -> list[dict[str, Any]]:
    """Return the first list of records, or columns as records, at most so many keys deep."""
    if isinstance(content, list):
        return content if content and all(isinstance(entry, dict) for entry in content) else []
    if not isinstance(content, dict):
        return []
    columns = list(content.values())
    if len(columns) > 1 and all(isinstance(column, list) for column in columns):
        lengths = {len(column) for column in columns}
        if len(lengths) == 1 and not any(isinstance(cell, dict) for column in columns for cell in column):
            return [dict(zip(content, row, strict=True)) for row in zip(*columns, strict=True)]
    if len(columns) > 1 and all(isinstance(column, dict) for column in columns):  # as pandas writes frames
        keys = [list(column) for column in columns]
        if all(key == keys[0] for key in keys) and not any(
            isinstance(v, dict) for c in columns for v in c.values()
        ):
            return [{name: column[key] for name, column in content.items()} for key in keys[0]]
    found = (_find_records(entry, depth - 1) for entry in columns) if depth else iter(())
    return next((records for records in found if records), [])

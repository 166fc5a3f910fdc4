"""What pymushra stores (TinyDB JSON) and downloads (CSV with semicolons, JSON), as tidy ratings.

pymushra casts answers to numbers and booleans before it stores them; what it stored is kept as text here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.marks import FILE, LINE
from analysis.ratings.readers.columns import listener_of
from analysis.ratings.readers.json_files import from_records
from analysis.ratings.readers.table import file_of
from analysis.ratings.readers.webmushra import from_webmushra

_LIKERT = {"stimulus": "stimuli", "stimulusRating": "stimuli_rating", "time": "rating_time"}
_RATING, _RATINGS = "responses_stimulusRating", "stimuli_rating"
_SCALE = re.compile(rf"{_RATING}\d+")
_WIRE = {
    "mushra": {
        "stimulus": "rating_stimulus",
        "score": "rating_score",
        "time": "rating_time",
        "comment": "rating_comment",
    },
    "bs1116": {
        "nonReference": "rating_non_reference",
        "referenceScore": "rating_reference_score",
        "nonReferenceScore": "rating_non_reference_score",
        "time": "rating_time",
        "comment": "choice_comment",
    },
    "paired_comparison": {
        "nonReference": "choice_non_reference",
        "answer": "choice_answer",
        "time": "choice_time",
        "comment": "choice_comment",
    },
    "likert_multi_stimulus": _LIKERT,
    "likert_single_stimulus": _LIKERT,
}


def is_pymushra(header: list[str]) -> bool:
    """Say whether a CSV header is that of pymushra's download."""
    return {"wm_testId", "wm_id", "wm_type"} <= set(header)


def is_database(content: Any) -> bool:
    """Say whether the content of a JSON file is a TinyDB database or pymushra's download of one."""
    if isinstance(content, list):
        return bool(content) and isinstance(content[0], dict) and is_pymushra(list(content[0]))
    if not isinstance(content, dict) or not content:
        return False
    tables = content.values()
    documents = [entry for table in tables if isinstance(table, dict) for entry in table.values()]
    return any(isinstance(entry, dict) and {"responses", "questionaire"} & set(entry) for entry in documents)


def flat_table(content: Any, name: str) -> pd.DataFrame:
    """Turn a TinyDB document or a download of JSON records into the flat table of pymushra's CSV.

    Args:
        content: What the file holds.
        name: The file's name.

    Raises:
        RatingsError: Not of pymushra's shape.
    """
    try:
        rows = (
            content
            if isinstance(content, list)
            else [row for doc in _documents(content) for row in _flat(doc)]
        )
    except (AttributeError, KeyError, TypeError):
        rows = []
    table = from_records(rows, name) if any(rows) else pd.DataFrame()
    if not is_pymushra(list(table.columns)):
        raise RatingsError(
            f"{name} holds no trials as pymushra stores them (keys testId, id, type, responses)"
        )
    return table


def from_pymushra(table: pd.DataFrame, listener: list[str] | None = None) -> pd.DataFrame:
    """Turn pymushra's flat table into tidy columns; pages that rate nothing are left out.

    Raises:
        RatingsError: No page rates.
    """
    names = {f"questionaire_{name}": name for name in _questions(table)}
    default = "questionaire_uuid" if "questionaire_uuid" in table else None
    inverse = {name: column for column, name in names.items()}
    who = listener_of(table, [inverse.get(name, name) for name in listener] if listener else None, default)
    parts = []
    for kind, rows in table.groupby("wm_type", sort=False):
        wire = {f"responses_{key}": name for key, name in _WIRE.get(str(kind), {}).items()}
        if not wire:
            continue
        scales = [str(name) for name in rows if _SCALE.fullmatch(str(name)) and (rows[name] != "").any()]
        if scales and _RATING in wire:  # a column for each of several scales in place of the only one
            del wire[_RATING]
            wire |= {name: name.replace(_RATING, _RATINGS) for name in scales}
        held = {name: rows[column] for column, name in wire.items() if column in rows}
        asked = {name: rows[column] for column, name in names.items()}
        head = {
            "session_test_id": rows["wm_testId"],
            **asked,
            "session_uuid": who[rows.index],
            "trial_id": rows["wm_id"],
        }
        flat = pd.DataFrame({**head, **held, FILE: rows[FILE], LINE: rows[LINE]})
        parts.append(from_webmushra(flat, page=str(kind)))
    if not parts:
        raise RatingsError(
            f"{file_of(table)} holds no page that rates (found {', '.join(sorted(set(table['wm_type'])))})"
        )
    return pd.concat(parts, ignore_index=True)


def _questions(table: pd.DataFrame) -> list[str]:
    columns = [str(name) for name in table.columns if str(name).startswith("questionaire_")]
    return [name.removeprefix("questionaire_") for name in columns if name != "questionaire_uuid"]


def _documents(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for documents in content.values():
        yield from documents.values()


def _flat(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    head = {f"wm_{key}": value for key, value in document.items() if key not in ("responses", "questionaire")}
    asked = {f"questionaire_{key}": value for key, value in document["questionaire"].items()}
    for response in document["responses"]:
        given = {f"responses_{key}": value for key, value in response.items()}
        scales = given.get(_RATING)
        if isinstance(scales, list) and len(scales) > 1:
            del given[_RATING]
            given |= {f"{_RATING}{number}": score for number, score in enumerate(scales, 1)}
        yield {**asked, **head, **given}

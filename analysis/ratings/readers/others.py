"""Results of other listening test programs: beaqleJS and mushraJS (JSON), WAET (XML)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.marks import FILE, LINE

_WAET_ROLES = {"reference": "hidden_reference", "anchor": "low_anchor", "outside-reference": "reference"}


def from_other_json(content: Any, path: Path) -> pd.DataFrame | None:
    """Read a JSON file of mushraJS or beaqleJS as tidy columns; None where it is of neither.

    mushraJS stores `{"ratings": {page: {stimulus: score}}, "id": ...}`; beaqleJS a list of tests, each with
    `TestID` and `rating` (stimulus to score), and at its end what the listener said of himself.
    """
    documents = content if isinstance(content, list) else [content]
    if not documents or not all(isinstance(entry, dict) for entry in documents):
        return None
    if all(isinstance(entry.get("ratings"), dict) for entry in documents):
        rows: list[tuple[str, str, str, Any, dict[str, str]]] = [
            (_name(entry, path, number if len(documents) > 1 else None), page, stimulus, score, {})
            for number, entry in enumerate(documents, 1)
            for page, stimuli in entry["ratings"].items()
            if isinstance(stimuli, dict)
            for stimulus, score in stimuli.items()
        ]
        return _frame(rows, path)
    tests = [entry for entry in documents if isinstance(entry.get("rating"), dict) and "TestID" in entry]
    if not tests:
        return None
    about: dict[str, str] = {}
    for entry in documents:
        if "TestID" not in entry:
            about |= {key: str(value) for key, value in entry.items() if isinstance(value, str | int | float)}
    who = next((about[key] for key in ("UserName", "UserEMail") if about.get(key)), path.stem)
    answers = {f"q_{key}": value for key, value in about.items()}
    return _frame(
        [
            (who, str(entry["TestID"]), stimulus, score, answers)
            for entry in tests
            for stimulus, score in entry["rating"].items()
        ],
        path,
    )


def read_waet(path: Path) -> pd.DataFrame:
    """Read the XML that the Web Audio Evaluation Tool stores per listener; scores are from 0 to 1.

    Several interfaces of a page (`interface-name` of a value) are attributes. A page that was not finished
    has elements without a value.

    Raises:
        RatingsError: Not XML, or not WAET's.
    """
    content = path.read_bytes()
    if b"<!ENTITY" in content:
        raise RatingsError(f"{path.name} defines XML entities; expected results as WAET stores them")
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, LookupError, ValueError) as error:  # the last two of its encoding
        raise RatingsError(f"{path.name} is not XML that can be read: {error}") from None
    tests = [root] if root.tag == "waet" else list(root.iter("waet"))
    rows: list[tuple[str, str, str, Any, dict[str, str]]] = []
    for number, test in enumerate(tests, 1):
        who = test.get("key") or (path.stem if len(tests) == 1 else f"{path.stem}-{number}")
        for page in test.iter("page"):
            for element in page.iter("audioelement"):
                role = _WAET_ROLES.get(element.get("type", ""))
                for value in element.findall("value"):
                    extra = {"attribute": value.get("interface-name") or value.get("name") or "score"}
                    extra |= {"role": role} if role else {}
                    condition = element.get("name") or element.get("ref") or element.get("id") or ""
                    item = page.get("ref") or page.get("id") or ""
                    rows.append((who, item, condition, (value.text or "").strip(), extra))
    if not rows:
        raise RatingsError(
            f"{path.name} has no ratings as WAET stores them (waet, page, audioelement, value); save the "
            "ratings as CSV UTF-8"
        )
    return _frame(rows, path)


def _name(entry: dict[str, Any], path: Path, number: int | None) -> str:
    said = next((entry[key] for key in ("id", "participant", "prolific_id", "name") if entry.get(key)), None)
    return str(said) if said is not None else path.stem if number is None else f"{path.stem}-{number}"


def _frame(rows: list[tuple[str, str, str, Any, dict[str, str]]], path: Path) -> pd.DataFrame:
    """Tidy columns of ratings; what was not rated is empty."""
    table = pd.DataFrame(
        [
            {
                "study": path.parent.resolve().name, "listener": who, "item": item, "condition": condition,
                "score": "" if score is None else str(score), **extra, FILE: path.name, LINE: number,
            }
            for number, (who, item, condition, score, extra) in enumerate(rows, 1)
        ],
        dtype=object,
    )  # fmt: skip
    if table.empty:
        raise RatingsError(f"no ratings in {path.name}")
    return table

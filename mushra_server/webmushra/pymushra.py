"""The database of pymushra: sessions under webMUSHRA's names, one entry per trial."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from mushra_server.webmushra.wire_format import WireSession

__all__ = ["write_pymushra"]

SCORES = ("score", "referenceScore", "nonReferenceScore", "stimulusRating")


def write_pymushra(found: Iterable[WireSession], study: str, file: TextIO) -> int:
    """Write sessions as the TinyDB document that pymushra reads: one entry per trial, a table per study.

    Args:
        found: The sessions.
        study: The study's id.
        file: Text file.

    Returns:
        The number of entries.
    """
    file.write(f"{{{json.dumps(study, ensure_ascii=False)}: {{")
    count = 0
    for document in _documents(found):
        file.write(", " if count else "")
        count += 1
        file.write(f'"{count}": {json.dumps(document, ensure_ascii=False)}')
    file.write("}}")
    return count


def _documents(found: Iterable[WireSession]) -> Iterator[dict[str, Any]]:
    for session in found:
        shared = {
            "config": session.config,
            "testId": session.test_id,
            "date": session.at.replace("T", " ").rstrip("Z"),
            "questionaire": {**session.participant, "uuid": session.uuid},
        }
        for trial in session.trials:
            responses = [_convert_scores(response) for response in trial["responses"]]
            yield {**trial, "responses": responses, **shared}


def _convert_scores(response: dict[str, Any]) -> dict[str, Any]:
    """Return a response with its scores as the numbers that pymushra makes of them when it collects."""
    scores = {name: float(response[name]) for name in SCORES if _is_number(response.get(name))}
    return {**response, **{name: int(n) if n.is_integer() else n for name, n in scores.items()}}


def _is_number(value: Any) -> bool:
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False

"""Who comes, and whether the door is open: participants' ids, one entry each, quota, closed studies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from mushra_server import sessions
from mushra_server.answers import clean_text
from mushra_server.errors import AnswerError, DoorError
from mushra_server.settings import is_closed
from study_builder.config import StudyOptions

__all__ = ["CROWD_PARAMETERS", "kept_parameters", "participant_of", "refuse_entry"]

# Prolific, Amazon Mechanical Turk, and a laboratory's own list.
CROWD_PARAMETERS = (
    "PROLIFIC_PID",
    "STUDY_ID",
    "SESSION_ID",
    "workerId",
    "assignmentId",
    "hitId",
    "participant",
)
PARTICIPANT_PARAMETERS = ("PROLIFIC_PID", "workerId", "participant")
MAX_VALUE_CHARS = 500


def kept_parameters(options: StudyOptions, found: Any) -> dict[str, str]:
    """Return the URL parameters that are kept, as the text they are; others are not stored at all.

    Raises:
        AnswerError: If they are no object of texts, or one is longer than 500 characters.
    """
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise AnswerError("parameters: expected an object of texts")
    kept = {name: found[name] for name in (*CROWD_PARAMETERS, *options.url_parameters) if name in found}
    for name, value in kept.items():
        if len(value) > MAX_VALUE_CHARS:
            raise AnswerError(
                f"parameters: {name!r} has {len(value)} characters, expected at most {MAX_VALUE_CHARS}"
            )
    return {name: clean_text(value) for name, value in kept.items()}


def participant_of(kept: Mapping[str, str]) -> str | None:
    """Return the participant's own id, or None."""
    return next((kept[name] for name in PARTICIPANT_PARAMETERS if kept.get(name)), None)


def refuse_entry(
    connection: Connection,
    options: StudyOptions,
    *,
    participant: str | None,
    simulated: bool,
    one_entry: bool,
) -> None:
    """Turn a participant away from a study that is closed, full, or that they have taken part in.

    Raises:
        DoorError: With the reason ``closed``, ``full`` or ``already``.
    """
    if is_closed(connection):
        raise DoorError("this study is closed", "closed")
    if (
        options.quota is not None
        and sessions.count_finished(connection, simulated=simulated) >= options.quota
    ):
        raise DoorError("this study has all the participants it needs", "full")
    if one_entry and participant and sessions.find_by_participant(connection, participant) is not None:
        raise DoorError(
            f"the id {participant} has taken part already; "
            "to continue an unfinished session, open its resume link",
            "already",
        )

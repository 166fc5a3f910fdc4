"""webMUSHRA's wire format: what it posts at its end, read and written under its own names.

webMUSHRA posts its session once, as ``sessionJSON=`` and JSON that is *not* URL-encoded, so ``&``, ``+``
and ``%`` in a comment break every form parser. Here the raw body is read: everything after ``sessionJSON=``
as JSON, and only if that fails as percent-encoded JSON. Conditions are called ``stimulus`` on the wire,
trials carry the page's id.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from mushra_server.answers.checks import clean_text
from mushra_server.errors import AnswerError, Refusal
from mushra_server.web.security import parse_object
from study_builder.config import StudyConfig

__all__ = ["WireSession", "from_json", "read_body", "wire_participant", "wire_uuid"]

FIELD = b"sessionJSON="


@dataclass(frozen=True)
class WireSession:
    """One session as webMUSHRA posts it.

    Attributes:
        test_id: The study's id.
        uuid: webMUSHRA's name for the session.
        participant: Answers to the questionnaire, in its order.
        trials: The trials, in the order of presentation.
        config: Path of webMUSHRA's config.
        at: When it was finished, UTC; not on the wire.
    """

    test_id: str
    uuid: str
    participant: dict[str, Any]
    trials: tuple[dict[str, Any], ...]
    config: str
    at: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the session as webMUSHRA posts it."""
        return {
            "testId": self.test_id,
            "participant": {"name": list(self.participant), "response": list(self.participant.values())},
            "trials": list(self.trials),
            "uuid": self.uuid,
            "config": self.config,
        }


def read_body(body: bytes) -> WireSession:
    """Read what webMUSHRA posted.

    Raises:
        Refusal: 400 with a sentence, if it is not a session.
    """
    start = body.find(FIELD)
    found = body[start + len(FIELD) :] if start >= 0 else body
    try:
        session = parse_object(found.decode("utf-8", "replace"))
    except Refusal:
        session = parse_object(unquote_plus(found.decode("utf-8", "replace")))
    return from_json(session)


def from_json(session: dict[str, Any]) -> WireSession:
    """Check the outer form of a posted session, and replace what can be stored or exported nowhere.

    Raises:
        AnswerError: If a part is missing or of another type.
    """
    session = _clean(session)
    trials = session.get("trials")
    if not isinstance(trials, list) or not all(_is_trial(trial) for trial in trials):
        raise AnswerError("sessionJSON: trials: expected a list of objects with id, type and responses")
    return WireSession(
        test_id=_test_id(session.get("testId")),
        uuid=wire_uuid(session),
        participant=wire_participant(session.get("participant")),
        trials=tuple(trials),
        config=str(session.get("config") or ""),
    )


def wire_uuid(session: dict[str, Any]) -> str:
    """Return a session's own id; if webMUSHRA (before 1.4.3) sent none, one made from its trials."""
    found = session.get("uuid")
    if isinstance(found, str) and 0 < len(found) <= 64:
        return found
    digest = hashlib.sha256(json.dumps(session.get("trials"), sort_keys=True).encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def wire_participant(found: Any) -> dict[str, Any]:
    """Return the questionnaire's answers by name.

    Each click adds all of them again, so the last count: what was corrected after a click that failed.
    """
    if not isinstance(found, dict):
        return {}
    names, responses = found.get("name"), found.get("response")
    if not isinstance(names, list) or not isinstance(responses, list):
        return {}
    pairs: dict[str, Any] = {}
    for name, response in zip(names, responses, strict=False):
        # Readers of tables take blanks off, which must not make two columns one.
        pairs[str(name).strip()[:200].strip()] = response
    return pairs


def _clean(found: Any) -> Any:
    """Return JSON without what no file and no database takes, in its texts as in its keys."""
    if isinstance(found, str):
        return clean_text(found)
    if isinstance(found, list):
        return [_clean(one) for one in found]
    if isinstance(found, dict):
        return {clean_text(key): _clean(value) for key, value in found.items()}
    return found


def _is_trial(trial: Any) -> bool:
    return (
        isinstance(trial, dict)
        and isinstance(trial.get("type"), str)
        and "id" in trial
        and isinstance(trial.get("responses"), list)
        and all(isinstance(response, dict) for response in trial["responses"])
    )


def _test_id(found: Any) -> str:
    """Return a study's id as `StudyConfig` reads it: text, even if YAML made it a number."""
    if found is None:
        return str(StudyConfig.model_fields["test_id"].default)
    if isinstance(found, bool):
        return "true" if found else "false"
    if not isinstance(found, str | int | float):
        raise AnswerError(f"sessionJSON: testId is a {type(found).__name__}; expected a text")
    return str(found)

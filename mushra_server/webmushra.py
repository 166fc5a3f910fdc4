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
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from mushra_server.answers import clean_text
from mushra_server.errors import AnswerError, Refusal
from mushra_server.pairs import of_stimulus
from mushra_server.security import parse_object
from mushra_server.submissions import Rating
from study_builder.config import REFERENCE, RatingPage, StudyConfig, TrialInfo

__all__ = ["WireSession", "read_body", "read_trial", "wire_participant", "wire_uuid"]

FIELD = b"sessionJSON="
CHOICE_SCORES = {"correct": (1.0, 0.0), "incorrect": (0.0, 1.0), "undecided": (0.5, 0.5)}
UNRATED = "NA"
RATED_TYPES = ("mushra", "bs1116", "paired_comparison", "likert_single_stimulus", "likert_multi_stimulus")


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
        Refusal: 400 with a sentence, if it is no session.
    """
    start = body.find(FIELD)
    found = body[start + len(FIELD) :] if start >= 0 else body
    try:
        session = parse_object(found.decode("utf-8", "replace"))
    except Refusal:
        session = parse_object(unquote_plus(found.decode("utf-8", "replace")))
    return from_json(session)


def from_json(session: dict[str, Any]) -> WireSession:
    """Check the outer form of a posted session.

    Raises:
        AnswerError: If a part is missing or of another type.
    """
    test_id, trials = session.get("testId"), session.get("trials")
    if not isinstance(test_id, str):
        raise AnswerError("sessionJSON: testId is missing, expected a text")
    if not isinstance(trials, list) or not all(_is_trial(trial) for trial in trials):
        raise AnswerError("sessionJSON: trials: expected a list of objects with id, type and responses")
    return WireSession(
        test_id=test_id,
        uuid=wire_uuid(session),
        participant=wire_participant(session.get("participant")),
        trials=tuple(trials),
        config=str(session.get("config") or ""),
    )


def wire_uuid(session: dict[str, Any]) -> str:
    """Return a session's own id; where webMUSHRA (before 1.4.3) sent none, one made of its trials."""
    found = session.get("uuid")
    if isinstance(found, str) and 0 < len(found) <= 64:
        return clean_text(found)
    digest = hashlib.sha256(json.dumps(session.get("trials"), sort_keys=True).encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def wire_participant(found: Any) -> dict[str, Any]:
    """Return the questionnaire's answers by name; where a second click doubled them, the first count."""
    if not isinstance(found, dict):
        return {}
    names, responses = found.get("name"), found.get("response")
    if not isinstance(names, list) or not isinstance(responses, list):
        return {}
    pairs: dict[str, Any] = {}
    for name, response in zip(names, responses, strict=False):
        pairs.setdefault(clean_text(str(name))[:200], response)
    return pairs


def read_trial(config: StudyConfig, trial: dict[str, Any]) -> tuple[TrialInfo, tuple[Rating, ...]]:
    """Return what is known of a posted trial, and its ratings; spatial responses are kept as posted alone.

    Raises:
        AnswerError: If a score is no number.
    """
    info = _trial_info(config, str(trial["id"]))
    rated = _rated(trial) if trial["type"] in RATED_TYPES else iter(())
    ratings = []
    for place, (position, condition, attribute, value, comment) in enumerate(rated):
        role = config.condition(condition).role
        rating = Rating(
            key=f"w{place}",
            attribute=attribute,
            item=info.item,
            condition=condition,
            role="hidden_reference" if role == "reference" else role,
            score=_score(trial, condition, value),
            listened_ms=None,
            comment=clean_text(str(comment)) if comment else None,
            condition_position=position,
        )
        ratings.append(rating)
    return info, of_stimulus(trial["type"], ratings)


def _is_trial(trial: Any) -> bool:
    return (
        isinstance(trial, dict)
        and isinstance(trial.get("type"), str)
        and "id" in trial
        and isinstance(trial.get("responses"), list)
        and all(isinstance(response, dict) for response in trial["responses"])
    )


def _trial_info(config: StudyConfig, name: str) -> TrialInfo:
    for page in config.walk():
        if isinstance(page, RatingPage) and name in {page.id, page.name}:
            return config.trial(page)
    return TrialInfo(item=clean_text(name))


def _rated(trial: dict[str, Any]) -> Iterator[tuple[int, str, str, Any, Any]]:
    """Yield place, condition, attribute, value and comment of each score in a trial."""
    for place, response in enumerate(trial["responses"]):
        comment = response.get("comment")
        if trial["type"] == "mushra":
            yield place, _text(response, "stimulus"), "score", response.get("score"), comment
        elif trial["type"] == "bs1116":
            yield 0, _text(response, "reference"), "score", response.get("referenceScore"), None
            yield 1, _text(response, "nonReference"), "score", response.get("nonReferenceScore"), comment
        elif trial["type"] == "paired_comparison":
            scores = CHOICE_SCORES.get(str(response.get("answer")), (None, None))
            yield 0, _text(response, "reference"), "choice", scores[0], None
            yield 1, _text(response, "nonReference"), "choice", scores[1], comment
        else:
            yield from _likert(place, response)


def _likert(place: int, response: dict[str, Any]) -> Iterator[tuple[int, str, str, Any, Any]]:
    found = response.get("stimulusRating")
    values = found if isinstance(found, list) else [found]
    for number, value in enumerate(values, start=1):
        attribute = f"rating{number}" if len(values) > 1 else "score"
        yield place, _text(response, "stimulus"), attribute, None if value == UNRATED else value, None


def _text(response: dict[str, Any], name: str) -> str:
    return clean_text(str(response.get(name, REFERENCE)))


def _score(trial: dict[str, Any], condition: str, value: Any) -> float | None:
    """Return a score: webMUSHRA sends numbers as texts, and a Likert value may be a word without one."""
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        if str(trial["type"]).startswith("likert"):
            return None
        raise AnswerError(
            f"sessionJSON: trial {trial['id']!r}: the score of {condition!r} is {value!r}, expected a number"
        ) from None

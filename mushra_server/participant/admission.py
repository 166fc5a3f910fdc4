"""Who may start: participants' ids, one entry each, quota, closed studies."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from mushra_server.answers.checks import clean_text
from mushra_server.database import sessions
from mushra_server.database.page_answers import PageAnswer
from mushra_server.database.participant_ids import fold_id, normalise_id
from mushra_server.database.sessions import Session
from mushra_server.database.settings import is_closed, may_simulate
from mushra_server.errors import AnswerError, DoorError, Refusal, ServerError
from mushra_server.participant.languages import LANGUAGE
from mushra_server.study.served_study import SessionPage, Study
from study_builder.config import StudyConfig, StudyOptions

__all__ = [
    "CROWD_PARAMETERS",
    "check_question_names",
    "decides_entry",
    "ends_session",
    "find_session",
    "keep_parameters",
    "normalise_id",
    "participant_of",
    "refuse_entry",
    "simulates",
    "start_nonce",
    "token_of_start",
]

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
MAX_ID_BYTES = 2000
"""Of an id in one form, which may have more letters than what was typed: PostgreSQL's indexes hold 2,704."""
# Of Prolific ({{%PROLIFIC_PID%}}), Qualtrics (${e://...}), and a preview on Mechanical Turk.
PLACEHOLDER = re.compile(r"\{\{.*\}\}|\$\{.*\}|\{%.*%\}|%.+%|ASSIGNMENT_ID_NOT_AVAILABLE", re.DOTALL)
NONCE = re.compile(r"[A-Za-z0-9_-]{22,64}")  # 22 characters hold 128 bits


def keep_parameters(options: StudyOptions, found: Any) -> dict[str, str]:
    """Return the URL parameters that are kept, as text, unchanged; others are not stored at all.

    Raises:
        AnswerError: If they are not an object of texts, or one is longer than 500 characters.
    """
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise AnswerError("parameters: expected an object of texts")
    kept = {name: found[name] for name in (*CROWD_PARAMETERS, *options.url_parameters) if name in found}
    for name, value in kept.items():
        if len(value) > MAX_VALUE_CHARS:
            raise AnswerError(
                f"parameters: {name!r} has {len(value)} characters; expected at most {MAX_VALUE_CHARS}"
            )
    return {name: clean_text(value) for name, value in kept.items()}


def check_question_names(config: StudyConfig) -> None:
    """Check that no question has the name of a URL parameter that is always kept: an export has one column.

    Raises:
        ServerError: With the first one that has.
    """
    kept = {*CROWD_PARAMETERS, *((LANGUAGE,) if len(config.find_languages()) > 1 else ())}
    for question in (question for page in config.walk() for question in config.questions(page)):
        if question.name in kept:
            raise ServerError(
                f"config.yaml: the question {question.name!r} has the name of a URL parameter that is always "
                "kept; expected another name"
            )


def participant_of(kept: Mapping[str, str]) -> str | None:
    """Return the participant's own id as `normalise_id` writes it, or None.

    Raises:
        AnswerError: If it is too long to be looked up.
        Refusal: 400 if it is a placeholder that the recruiting platform did not replace.
    """
    for name in PARTICIPANT_PARAMETERS:
        found = normalise_id(kept.get(name, ""))
        if max(len(found.encode()), len(fold_id(found).encode())) > MAX_ID_BYTES:
            raise AnswerError(
                f"parameters: {name!r} has more than {MAX_ID_BYTES} bytes in its plain form; expected fewer"
            )
        if PLACEHOLDER.fullmatch(found):
            raise Refusal(
                f"parameters: {name} is {found!r}, a placeholder that was not replaced; "
                "open the study from the link that you were sent",
                400,
                reason="placeholder",
            )
        if found:
            return found
    return None


def start_nonce(found: Any) -> str | None:
    """Return the browser's random text by which a start that is sent again is the same start, or None.

    Raises:
        AnswerError: If it is not such a text.
    """
    if found is None or (isinstance(found, str) and NONCE.fullmatch(found)):
        return found
    raise AnswerError(f"nonce is {found!r}; expected a text of 22 to 64 letters, digits and hyphens")


def token_of_start(key: str, participant: str | None, nonce: str) -> str:
    """Return the session token of a start: the same each time, and known to nobody without the key."""
    text = f"start\n{nonce}\n{participant or ''}"
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def simulates(connection: Connection, body: Mapping[str, Any]) -> bool:
    """Tell whether a start is a rehearsal's; without the study's secret nobody starts one.

    Simulated sessions count towards no quota, so anybody who could start one would get around it.

    Raises:
        AnswerError: If `simulated` or `secret` is of another type.
        Refusal: 403 without the secret.
    """
    simulated, secret = body.get("simulated", False), body.get("secret", "")
    if not isinstance(simulated, bool):
        raise AnswerError(f"simulated is {simulated!r}; expected true or false")
    if not isinstance(secret, str):
        raise AnswerError(f"secret is a {type(secret).__name__}; expected a text")
    if simulated and not may_simulate(connection, clean_text(secret)):
        raise Refusal(
            "a simulated session needs the secret in this study's database: run `listenable study simulate` "
            "with the study that is served here, or give --admin-token",
            403,
        )
    return simulated


def decides_entry(study: Study, page: SessionPage) -> bool:
    """Tell whether who fails on a page is screened out: on a check, if the study says so."""
    completion = study.config.options.completion
    return page.planned is None and completion is not None and completion.screens_out


def ends_session(study: Study, session: Session, page: SessionPage, answer: PageAnswer) -> bool:
    """Tell whether an answer screens a participant out who is not left out already; programs never are."""
    if session.simulated or session.excluded or session.finished or not decides_entry(study, page):
        return False
    return answer.answers.get(page.type) == "failed"


def find_session(
    connection: Connection, tokens: Iterable[str | None], participant: str | None
) -> tuple[Session, str] | None:
    """Return the first session of these tokens that this participant may continue, and its token."""
    for token in filter(None, tokens):
        session = sessions.find_by_token(connection, token)
        if session is None:
            continue
        if participant is None or fold_id(participant) == fold_id(session.participant or ""):
            return session, token
    return None


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
    if not one_entry or not participant:
        return
    if sessions.find_by_participant(connection, participant, simulated=simulated) is not None:
        raise DoorError(
            f"the id {participant} has taken part already; "
            "to continue an unfinished session, open its resume link",
            "already",
        )

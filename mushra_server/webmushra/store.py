"""Sessions that webMUSHRA posts, into the database."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from mushra_server.answers.checks import clean_text
from mushra_server.database.clock import now
from mushra_server.database.database import get_inserted_id
from mushra_server.database.page_answers import PageAnswer, PageName, Rating
from mushra_server.database.schema import answers, sessions, submissions, wire_sessions
from mushra_server.database.sessions import Session, find_by_uuid
from mushra_server.database.submissions import save_new_pages
from mushra_server.errors import AnswerError, Refusal
from mushra_server.participant.admission import refuse_entry
from mushra_server.study.served_study import Study
from mushra_server.webmushra.trials import WirePage, count_trials, list_rated, read_trial
from mushra_server.webmushra.wire_format import WireSession
from study_builder.config import SpatialPage, as_number

__all__ = ["SOURCE", "read_pages", "save_wire_session"]

SOURCE = "webmushra"
MOST_OTHER_QUESTIONS = 100
MAX_SHOWN = 100
# Columns of webMUSHRA's and pymushra's files; `simulated` marks what no listener rated.
TAKEN = re.compile(
    r"session_test_id|session_uuid|trial_id|uuid|simulated|stimuli|stimuli_rating\d*|(rating|choice)_"
    r"(reference|non_reference|answer|stimulus|score|reference_score|non_reference_score|time|comment)"
)
# What can be part of an address on the admin page.
UUID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")


def read_pages(study: Study, posted: WireSession) -> list[WirePage]:
    """Return the pages of a posted session, checked against the study.

    This needs no database: nobody waits for it who wants to store a page.

    Raises:
        AnswerError: If it is another study's session, or does not fit the study's pages.
    """
    if not _is_named(study.name, posted.test_id):
        raise AnswerError(f"sessionJSON: testId is {posted.test_id!r}; expected {study.name!r}")
    if not UUID.fullmatch(posted.uuid):
        raise AnswerError(
            f"sessionJSON: uuid is {posted.uuid!r}; "
            "expected 1 to 64 letters, digits, dots, hyphens and underscores"
        )
    return list(_iter_pages(study, posted))


def save_wire_session(
    connection: Connection, study: Study, posted: WireSession, pages: Sequence[WirePage]
) -> bool:
    """Store a posted session with its ratings; the same session a second time changes nothing.

    Args:
        connection: An open write transaction.
        study: The study that is served.
        posted: The session.
        pages: Its pages.

    Returns:
        True if the session was new.

    Raises:
        AnswerError: If it does not fit the study's questions.
        DoorError: If the study is closed, or has all the sessions that it needs.
        Refusal: 409 if a session with its name is stored that says something else.
    """
    before = find_by_uuid(connection, posted.uuid)
    if before is not None:
        _require_same(connection, before, posted)
        return False
    refuse_entry(connection, study.config.options, participant=None, simulated=False, one_entry=False)
    _check_question_names(connection, study, posted)
    time = now()
    row = sessions.insert().values(
        uuid=posted.uuid, simulated=0, source=SOURCE, created_at=time, last_seen_at=time
    )
    key = get_inserted_id(connection.execute(row))
    body = json.dumps(replace(posted, test_id=study.name).to_json())
    connection.execute(wire_sessions.insert().values(session_id=key, body=body))
    session = Session(
        key, posted.uuid, -1, False, None, finished=False, excluded=False, holds_slot=False, last_seen_at=time
    )
    answered = [
        (
            PageName(position, page.id, page.type, page.info.kind, position),
            _answer(page.time_ms, page.ratings, page.words),
        )
        for position, page in enumerate(pages)
    ]
    end = PageName(len(pages), "finish", "finish", None, None)
    save_new_pages(connection, session, [*answered, (end, _answer(None, (), _texts(posted)))])
    connection.execute(sessions.update().where(sessions.c.id == key).values(finished_at=time))
    return True


def _require_same(connection: Connection, stored: Session, posted: WireSession) -> None:
    """Refuse what would be acknowledged and dropped: other answers under the name of a stored session.

    Raises:
        Refusal: 409.
    """
    query = select(wire_sessions.c.body).where(wire_sessions.c.session_id == stored.id)
    body = connection.execute(query).scalar()
    if body is None:  # it was forgotten
        return
    before, now_posted = json.loads(body), posted.to_json()
    if any(before[part] != now_posted[part] for part in ("trials", "participant")):
        raise Refusal("sessionJSON: another session with the same uuid is stored already", 409)


def _check_question_names(connection: Connection, study: Study, posted: WireSession) -> None:
    """Let only so many questions in that the study does not ask: each is a column of every export.

    Raises:
        AnswerError: If there would be more of them than a changed questionnaire explains, or one is called
            as a column of webMUSHRA's files is: whoever reads these would take it for that.
    """
    asked = {question.name for page in study.config.walk() for question in study.config.questions(page)}
    others = set(posted.participant) - asked
    taken = sorted(name for name in others if TAKEN.fullmatch(name))
    if taken:
        raise AnswerError(
            f"sessionJSON: participant: {taken[0]!r} is a column of webMUSHRA's own; expected other questions"
        )
    known = study.posted_questions  # a look at all pages takes long, and anybody may ask for it
    if others <= known:
        return
    if len(others | known) <= MOST_OTHER_QUESTIONS:
        stored = connection.execute(
            select(answers.c.name)
            .distinct()
            .join(submissions, submissions.c.id == answers.c.submission_id)
            .where(submissions.c.attempt == SOURCE, submissions.c.page_type == "finish")
            .where(answers.c.name.not_in(asked))
        )
        known.update(stored.scalars())
    if len(others | known) > MOST_OTHER_QUESTIONS:
        raise AnswerError(
            f"sessionJSON: participant: with {', '.join(sorted(others))[:MAX_SHOWN]} there would be answers "
            f"to more than {MOST_OTHER_QUESTIONS} questions that the study does not ask"
        )


def _iter_pages(study: Study, posted: WireSession) -> Iterator[WirePage]:
    """Yield the pages of a session, each of which webMUSHRA posts once; spatial ones may share an id.

    Raises:
        AnswerError: If a page comes again: thousands of one page would take minutes to be stored.
    """
    most = count_trials(study.config)
    if len(posted.trials) > most:
        raise AnswerError(f"sessionJSON: {len(posted.trials)} trials; expected at most {most}")
    left = Counter(str(page.id) for page in study.config.walk() if isinstance(page, SpatialPage))
    seen: Counter[tuple[str, str]] = Counter()
    rated = list_rated(study.config)
    for trial in posted.trials:
        for page in read_trial(study.config, rated, trial):
            seen[page.id, page.type] += 1
            if seen[page.id, page.type] > max(1, left[page.id]):
                raise AnswerError(f"sessionJSON: the page {page.id!r} ({page.type}) was posted twice")
            yield page


def _is_named(study: str, found: str) -> bool:
    """Tell whether a posted id is the study's; JavaScript writes the number 2024.0 as 2024."""
    return found == study or (as_number(found) is not None and as_number(found) == as_number(study))


def _answer(time_ms: int | None, ratings: tuple[Rating, ...], texts: dict[str, str]) -> PageAnswer:
    body: dict[str, Any] = {"attempt": SOURCE, "time_ms": None, "ratings": [], "answers": {}}
    return PageAnswer(SOURCE, time_ms, ratings, texts, body)


def _texts(posted: WireSession) -> dict[str, str]:
    """Return the answers to the questionnaire as text."""
    return {
        name: clean_text(value) if isinstance(value, str) else json.dumps(value)
        for name, value in posted.participant.items()
        if value is not None
    }

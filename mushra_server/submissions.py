"""Page answers in the database: each attempt is stored once, the last one counts, drafts wait beside them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Delete, delete, select

from mushra_server.clock import now
from mushra_server.db import inserted_id
from mushra_server.errors import Refusal
from mushra_server.schema import answers, drafts, ratings, submissions
from mushra_server.sessions import Session

__all__ = ["PageAnswer", "PageName", "Rating", "load_answers", "save_draft", "save_page", "saved_pages"]


@dataclass(frozen=True)
class PageName:
    """Which page an answer belongs to.

    Attributes:
        index: Position in the session's pages.
        id: The page's id in the study.
        type: Page type, such as ``mushra``.
        kind: ``trial``, ``training``, ``attention`` or ``repeat``; None for a page that does not rate.
        trial_position: How many rating pages came before this one in the session; None for a page that does
            not rate.
    """

    index: int
    id: str
    type: str
    kind: str | None
    trial_position: int | None


@dataclass(frozen=True)
class Rating:
    """One score of one condition.

    Attributes:
        key: The condition's opaque name on its page.
        attribute: What was scored: the scale's name.
        item: The content that was heard.
        condition: The condition that was heard.
        role: The condition's role.
        score: The score, or None where nothing was rated.
        listened_ms: How long the condition was heard, or None.
        comment: The listener's words, or None.
        condition_position: Place in the order of presentation, from 0.
    """

    key: str
    attribute: str
    item: str | None
    condition: str
    role: str | None
    score: float | None
    listened_ms: int | None
    comment: str | None
    condition_position: int | None


@dataclass(frozen=True)
class PageAnswer:
    """A checked page answer.

    Attributes:
        attempt: The browser's name for this submission; a retry has the same one.
        time_ms: How long the page was open, or None.
        ratings: The scores.
        answers: Answers to questions, as text.
        body: What the browser sent and gets back when it resumes.
    """

    attempt: str
    time_ms: int | None
    ratings: tuple[Rating, ...]
    answers: dict[str, str]
    body: dict[str, Any]


def save_page(connection: Connection, session: Session, page: PageName, answer: PageAnswer) -> bool:
    """Store a page answer; the same attempt a second time changes nothing.

    Args:
        connection: An open write transaction in which the session's row is locked.
        session: Whose answer it is.
        page: Which page was answered.
        answer: The checked answer.

    Returns:
        True if the answer was new.

    Raises:
        Refusal: 409 when a finished session sends something new.
    """
    mine = (submissions.c.session_id == session.id) & (submissions.c.page_index == page.index)
    repeated = select(submissions.c.id).where(mine, submissions.c.attempt == answer.attempt)
    if connection.execute(repeated).first() is not None:
        return False
    if session.finished:
        raise Refusal("this session is finished: its answers can no longer be changed", 409)
    connection.execute(submissions.update().where(mine, submissions.c.superseded == 0).values(superseded=1))
    key = _insert_submission(connection, session, page, answer)
    if answer.ratings:
        rows = [{"submission_id": key, **asdict(rating)} for rating in answer.ratings]
        connection.execute(ratings.insert(), rows)
    if answer.answers:
        pairs = [{"submission_id": key, "name": n, "value": v} for n, v in answer.answers.items()]
        connection.execute(answers.insert(), pairs)
    connection.execute(_draft_of(session, page.index))
    return True


def save_draft(connection: Connection, session: Session, index: int, body: dict[str, Any]) -> None:
    """Keep what an open page shows; a draft of an attempt that is stored already came late and is dropped."""
    late = select(submissions.c.id).where(
        submissions.c.session_id == session.id,
        submissions.c.page_index == index,
        submissions.c.attempt == body["attempt"],
    )
    if session.finished or connection.execute(late).first() is not None:
        return
    connection.execute(_draft_of(session, index))
    row = drafts.insert().values(
        session_id=session.id, page_index=index, body=json.dumps(body), saved_at=now()
    )
    connection.execute(row)


def saved_pages(connection: Connection, session: Session) -> set[int]:
    """Return the indexes of the pages with a stored answer."""
    query = select(submissions.c.page_index).where(
        submissions.c.session_id == session.id, submissions.c.superseded == 0
    )
    return {int(index) for index in connection.execute(query).scalars()}


def load_answers(connection: Connection, session: Session) -> dict[int, dict[str, Any]]:
    """Return, by page index, what a resuming browser shows: the draft if there is one, else the answer."""
    stored = select(submissions.c.page_index, submissions.c.body).where(
        submissions.c.session_id == session.id, submissions.c.superseded == 0
    )
    drafted = select(drafts.c.page_index, drafts.c.body).where(drafts.c.session_id == session.id)
    rows = [*connection.execute(stored), *connection.execute(drafted)]
    return {int(index): json.loads(body) for index, body in rows}


def _insert_submission(connection: Connection, session: Session, page: PageName, answer: PageAnswer) -> int:
    row = submissions.insert().values(
        session_id=session.id,
        page_index=page.index,
        attempt=answer.attempt,
        page_id=page.id,
        page_type=page.type,
        kind=page.kind,
        trial_position=page.trial_position,
        time_ms=answer.time_ms,
        body=json.dumps(answer.body),
        submitted_at=now(),
    )
    return inserted_id(connection.execute(row))


def _draft_of(session: Session, index: int) -> Delete:
    return delete(drafts).where(drafts.c.session_id == session.id, drafts.c.page_index == index)

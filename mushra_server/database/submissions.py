"""Page answers in the database: each attempt is stored once, and what was given last counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from mushra_server.database.clock import now
from mushra_server.database.database import get_inserted_id
from mushra_server.database.drafts import drop_draft_of
from mushra_server.database.late_answers import comes_late, find_current
from mushra_server.database.long_answers import MOST_CHARS, require_room
from mushra_server.database.page_answers import PageAnswer, PageName
from mushra_server.database.schema import IS_CURRENT, answers, drafts, ratings, submissions
from mushra_server.database.sessions import Session
from mushra_server.errors import Refusal

__all__ = [
    "Saved",
    "find_saved_pages",
    "load_answers",
    "load_outcomes",
    "save_new_pages",
    "save_page",
]


MAX_ATTEMPTS = 200  # of one page in one session: each is kept


class Saved(NamedTuple):
    """What is stored of a session once a page was saved.

    Attributes:
        pages: The indexes of the pages that have a stored answer, this one among them.
        counts: Whether this answer has become its page's: not if a newer one is stored, and not again if it
            was stored before.
    """

    pages: set[int]
    counts: bool


def save_page(
    connection: Connection,
    session: Session,
    page: PageName,
    answer: PageAnswer,
    *,
    final: bool = False,
    most_chars: int = MOST_CHARS,
) -> Saved:
    """Store a page answer; the same attempt a second time changes nothing.

    One that is older than what is stored, of this device or of another, is kept, too, but does not count.

    Args:
        connection: An open write transaction in which the session's row is locked.
        session: Whose answer it is.
        page: Which page was answered.
        answer: The checked answer.
        final: Whether an answer that is stored cannot be changed, because other pages follow from it.
        most_chars: Characters that all answers and drafts of a session may have.

    Raises:
        Refusal: 409 when a finished session sends something new, or a page was answered too often, or its
            answer is final; 413 if the session's answers are too long together.
    """
    page_of = {"of_session": session.id, "of_page": page.index}
    stored = [tuple(row) for row in connection.execute(_STORED, page_of)]
    saved = {int(index) for index, _, superseded in stored if not superseded}
    known = {attempt for index, attempt, _ in stored if index == page.index}
    if answer.attempt in known:
        return Saved(saved, counts=False)
    if session.finished:
        raise Refusal(
            "this session is finished: its answers can no longer be changed", 409, reason="finished"
        )
    if known and final:
        raise Refusal(
            f"page {page.index} is answered, and the pages after it follow from that", 409, reason="answered"
        )
    if len(known) >= MAX_ATTEMPTS:
        raise Refusal(
            f"page {page.index} was changed {MAX_ATTEMPTS} times, which is the most that is stored", 409
        )
    body = json.dumps(answer.body)
    require_room(connection, page_of, len(body), most_chars)
    counts = not (known and comes_late(answer.body, find_current(connection, page_of)))
    if known and counts:
        connection.execute(_SUPERSEDE, page_of)
    key = _insert_submission(connection, session, page, answer, body, counts=counts)
    if answer.ratings:
        rows = [{"submission_id": key, **vars(rating)} for rating in answer.ratings]
        connection.execute(_INSERT_RATINGS, rows)
    if answer.answers:
        pairs = [{"submission_id": key, "name": n, "value": v} for n, v in answer.answers.items()]
        connection.execute(_INSERT_ANSWERS, pairs)
    drop_draft_of(connection, page_of, answer, counts=counts, final=final)
    return Saved(saved | {page.index}, counts)


def save_new_pages(
    connection: Connection, session: Session, pages: Sequence[tuple[PageName, PageAnswer]]
) -> None:
    """Store all pages of a session that has none yet, in a few statements rather than in some for each page.

    Args:
        connection: An open write transaction.
        session: Whose answers these are.
        pages: Each page with its answer.
    """
    rows = [_describe(session, page, answer, json.dumps(answer.body), counts=True) for page, answer in pages]
    connection.execute(_INSERT_SUBMISSION, rows)
    found = connection.execute(_KEYS, {"of_session": session.id})
    keys = {int(index): int(key) for index, key in found}
    scored = [
        {"submission_id": keys[page.index], **vars(rating)} for page, one in pages for rating in one.ratings
    ]
    said = [
        {"submission_id": keys[page.index], "name": name, "value": value}
        for page, one in pages
        for name, value in one.answers.items()
    ]
    for statement, values in ((_INSERT_RATINGS, scored), (_INSERT_ANSWERS, said)):
        if values:
            connection.execute(statement, values)


def find_saved_pages(connection: Connection, session: Session) -> set[int]:
    """Return the indexes of the pages with a stored answer."""
    found = connection.execute(_SAVED, {"of_session": session.id})
    return {int(index) for index in found.scalars()}


def load_answers(connection: Connection, session: Session) -> dict[int, dict[str, Any]]:
    """Return, by page index, what a resuming browser shows: the draft if there is one, else the answer."""
    stored = select(submissions.c.page_index, submissions.c.body).where(
        submissions.c.session_id == session.id, IS_CURRENT
    )
    drafted = select(drafts.c.page_index, drafts.c.body).where(drafts.c.session_id == session.id)
    rows = [*connection.execute(stored), *connection.execute(drafted)]
    return {int(index): json.loads(body) for index, body in rows}


def load_outcomes(
    connection: Connection, session: Session, page_type: str, attribute: str
) -> tuple[float, ...]:
    """Return what a session's trials of a type say of the sound that came first, in the order of the pages.

    Args:
        connection: An open transaction.
        session: Whose answers.
        page_type: Of the trials.
        attribute: Under which answers are stored, once for each sound of a page.
    """
    asked = {"of_session": session.id, "of_type": page_type, "of_attribute": attribute}
    return tuple(float(score) for score in connection.execute(_OUTCOMES, asked).scalars())


def _insert_submission(
    connection: Connection, session: Session, page: PageName, answer: PageAnswer, body: str, *, counts: bool
) -> int:
    row = _describe(session, page, answer, body, counts=counts)
    return get_inserted_id(connection.execute(_INSERT_SUBMISSION, row))


def _describe(
    session: Session, page: PageName, answer: PageAnswer, body: str, *, counts: bool
) -> dict[str, Any]:
    return {
        "session_id": session.id,
        "page_index": page.index,
        "attempt": answer.attempt,
        "page_id": page.id,
        "page_type": page.type,
        "kind": page.kind,
        "trial_position": page.trial_position,
        "time_ms": answer.time_ms,
        "body": body,
        "superseded": int(not counts),
        "submitted_at": now(),
    }


# Built once: SQLAlchemy takes longer to build a statement than SQLite to run it.
_OF_PAGE = (submissions.c.session_id == bindparam("of_session")) & (
    submissions.c.page_index == bindparam("of_page")
)
# All attempts of the page, and the current answer of every other one. As one query with OR it would read each
# attempt of the session, of which there may be two hundred for every page.
_ATTEMPT = select(submissions.c.page_index, submissions.c.attempt, submissions.c.superseded)
_STORED = _ATTEMPT.where(_OF_PAGE).union_all(
    _ATTEMPT.where(
        submissions.c.session_id == bindparam("of_session"),
        submissions.c.page_index != bindparam("of_page"),
        IS_CURRENT,
    )
)
_SUPERSEDE = submissions.update().where(_OF_PAGE, IS_CURRENT).values(superseded=1)
_SAVED = select(submissions.c.page_index).where(
    submissions.c.session_id == bindparam("of_session"), IS_CURRENT
)
_KEYS = select(submissions.c.page_index, submissions.c.id).where(
    submissions.c.session_id == bindparam("of_session")
)
_OUTCOMES = (
    select(ratings.c.score)
    .join(submissions, ratings.c.submission_id == submissions.c.id)
    .where(
        submissions.c.session_id == bindparam("of_session"),
        IS_CURRENT,
        submissions.c.kind == "trial",
        submissions.c.page_type == bindparam("of_type"),
        ratings.c.attribute == bindparam("of_attribute"),
        ratings.c.condition_position == 0,
    )
    .order_by(submissions.c.page_index)
)
_INSERT_SUBMISSION = submissions.insert()
_INSERT_RATINGS = ratings.insert()
_INSERT_ANSWERS = answers.insert()

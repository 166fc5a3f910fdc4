"""Page answers in the database: each attempt is stored once, the last one counts; and drafts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from mushra_server.database.clock import now
from mushra_server.database.database import get_inserted_id
from mushra_server.database.late_answers import is_older
from mushra_server.database.long_answers import MOST_CHARS, require_room
from mushra_server.database.schema import IS_CURRENT, answers, drafts, ratings, submissions
from mushra_server.database.sessions import Session
from mushra_server.errors import Refusal

__all__ = [
    "PageAnswer",
    "PageName",
    "Rating",
    "Saved",
    "find_drafted_pages",
    "find_saved_pages",
    "load_answers",
    "load_outcomes",
    "save_draft",
    "save_new_pages",
    "save_page",
]


MAX_ATTEMPTS = 200  # of one page in one session: each is kept


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
        score: The score, or None if nothing was rated.
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


class Saved(NamedTuple):
    """What is stored of a session once a page was saved.

    Attributes:
        pages: The indexes of the pages that have a stored answer, this one among them.
        counts: Whether this answer is its page's; a newer one may be stored.
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
    known = {attempt: not superseded for index, attempt, superseded in stored if index == page.index}
    if answer.attempt in known:
        return Saved(saved, known[answer.attempt])
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
    counts = not (known and _comes_late(answer.body, connection.execute(_CURRENT, page_of).first()))
    if known and counts:
        connection.execute(_SUPERSEDE, page_of)
    key = _insert_submission(connection, session, page, answer, body, counts=counts)
    if answer.ratings:
        rows = [{"submission_id": key, **vars(rating)} for rating in answer.ratings]
        connection.execute(_INSERT_RATINGS, rows)
    if answer.answers:
        pairs = [{"submission_id": key, "name": n, "value": v} for n, v in answer.answers.items()]
        connection.execute(_INSERT_ANSWERS, pairs)
    draft = connection.execute(_DRAFT, page_of).first()
    if draft is not None:
        own = json.loads(draft.body)["attempt"] == answer.attempt
        if own or (counts and not _comes_late(answer.body, draft)):
            connection.execute(_DROP_DRAFT, page_of)
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


def save_draft(
    connection: Connection,
    session: Session,
    index: int,
    body: dict[str, Any],
    most_chars: int = MOST_CHARS,
) -> int:
    """Keep what an open page shows; one that came late is dropped.

    It did if its attempt is stored, or an answer or a draft that is newer.

    Returns:
        By how many characters it is longer than the draft that it replaces; 0 if it is not.

    Raises:
        Refusal: 413 if the session's answers and drafts are too long together.
    """
    page_of = {"of_session": session.id, "of_page": index}
    if session.finished or body["attempt"] in set(connection.execute(_ATTEMPTS, page_of).scalars()):
        return 0
    current, before = (connection.execute(kind, page_of).first() for kind in (_CURRENT, _DRAFT))
    if _comes_late(body, current) or _comes_late(body, before):
        return 0
    text = json.dumps(body)
    require_room(connection, page_of, len(text), most_chars)
    if before is not None:
        connection.execute(_DROP_DRAFT, page_of)
    row = {"session_id": session.id, "page_index": index, "body": text, "saved_at": now()}
    connection.execute(_INSERT_DRAFT, row)
    return max(0, len(text) - (0 if before is None else len(before.body)))


def find_saved_pages(connection: Connection, session: Session) -> set[int]:
    """Return the indexes of the pages with a stored answer."""
    found = connection.execute(_SAVED, {"of_session": session.id})
    return {int(index) for index in found.scalars()}


def find_drafted_pages(connection: Connection, session: Session) -> set[int]:
    """Return the indexes of the pages with a draft: one is newer than the page's answer, which drops it."""
    found = connection.execute(_DRAFTED, {"of_session": session.id})
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


def _comes_late(body: dict[str, Any], stored: Sequence[Any] | None) -> bool:
    """Tell whether what is stored for a page, if anything is, is newer."""
    return stored is not None and is_older(body, stored[0], stored[1])


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
_ATTEMPTS = select(submissions.c.attempt).where(_OF_PAGE)
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
_DRAFTED = select(drafts.c.page_index).where(drafts.c.session_id == bindparam("of_session"))
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
_CURRENT = select(submissions.c.body, submissions.c.submitted_at).where(_OF_PAGE, IS_CURRENT)
_DRAFT = select(drafts.c.body, drafts.c.saved_at).where(
    drafts.c.session_id == bindparam("of_session"), drafts.c.page_index == bindparam("of_page")
)
_DROP_DRAFT = drafts.delete().where(
    drafts.c.session_id == bindparam("of_session"), drafts.c.page_index == bindparam("of_page")
)
_INSERT_SUBMISSION = submissions.insert()
_INSERT_RATINGS = ratings.insert()
_INSERT_ANSWERS = answers.insert()
_INSERT_DRAFT = drafts.insert()

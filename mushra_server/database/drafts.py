"""What an open page shows before it is sent: one draft of a page at most, and never one that is older."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, select

from mushra_server.database.clock import now
from mushra_server.database.late_answers import comes_late, find_current
from mushra_server.database.long_answers import MOST_CHARS, require_room
from mushra_server.database.page_answers import PageAnswer
from mushra_server.database.schema import drafts, submissions
from mushra_server.database.sessions import Session

__all__ = ["drop_draft", "drop_draft_of", "find_drafted_pages", "save_draft"]


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
    before = _find_draft(connection, page_of)
    if comes_late(body, find_current(connection, page_of)) or comes_late(body, before):
        return 0
    text = json.dumps(body)
    require_room(connection, page_of, len(text), most_chars)
    if before is not None:
        connection.execute(_DROP_DRAFT, page_of)
    row = {"session_id": session.id, "page_index": index, "body": text, "saved_at": now()}
    connection.execute(_INSERT_DRAFT, row)
    return max(0, len(text) - (0 if before is None else len(before[0])))


def drop_draft(connection: Connection, session: Session, index: int) -> None:
    """Drop the draft of a page, if it has one."""
    connection.execute(_DROP_DRAFT, {"of_session": session.id, "of_page": index})


def drop_draft_of(
    connection: Connection, page_of: Mapping[str, int], answer: PageAnswer, *, counts: bool, final: bool
) -> None:
    """Drop the draft of an answer that was just stored, or one that the answer takes the place of.

    Args:
        connection: An open write transaction.
        page_of: The session (`of_session`) and the index of the page (`of_page`).
        answer: What was stored.
        counts: Whether it is its page's; if not, a draft of another attempt stays.
        final: Whether no other answer can follow. A draft that is newer, of another tab or device, would
            open the page again for one that is refused each time it is sent.
    """
    draft = _find_draft(connection, page_of)
    if draft is None:
        return
    own = json.loads(draft[0])["attempt"] == answer.attempt
    if own or final or (counts and not comes_late(answer.body, draft)):
        connection.execute(_DROP_DRAFT, page_of)


def find_drafted_pages(connection: Connection, session: Session) -> set[int]:
    """Return the indexes of the pages with a draft: one is newer than the page's answer, which drops it."""
    found = connection.execute(_DRAFTED, {"of_session": session.id})
    return {int(index) for index in found.scalars()}


def _find_draft(connection: Connection, page_of: Mapping[str, int]) -> tuple[str, str] | None:
    """Return a page's draft as JSON, and when it was saved."""
    row = connection.execute(_DRAFT, page_of).first()
    return None if row is None else (row.body, row.saved_at)


# Built once: SQLAlchemy takes longer to build a statement than SQLite to run it.
_OF_PAGE = (drafts.c.session_id == bindparam("of_session")) & (drafts.c.page_index == bindparam("of_page"))
_ATTEMPTS = select(submissions.c.attempt).where(
    submissions.c.session_id == bindparam("of_session"), submissions.c.page_index == bindparam("of_page")
)
_DRAFT = select(drafts.c.body, drafts.c.saved_at).where(_OF_PAGE)
_DRAFTED = select(drafts.c.page_index).where(drafts.c.session_id == bindparam("of_session"))
_DROP_DRAFT = drafts.delete().where(_OF_PAGE)
_INSERT_DRAFT = drafts.insert()

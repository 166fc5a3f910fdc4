"""What the database has of a session, read at one moment: from it the session's state is worked out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from mushra_server.database import sessions
from mushra_server.database.drafts import find_drafted_pages
from mushra_server.database.sessions import Session
from mushra_server.database.submissions import find_saved_pages, load_answers
from mushra_server.participant.languages import language_of
from mushra_server.participant.session_pages import load_trial_answers
from mushra_server.study.served_study import Study

__all__ = ["SessionRecord", "load_record"]


@dataclass(frozen=True)
class SessionRecord:
    """A session with what is stored of it.

    Attributes:
        session: The session.
        saved: Indexes of the pages that are stored.
        answers: Stored answers and drafts by page index.
        trial_answers: To the trials of an adaptive test, which its pages follow from.
        screened_out: Whether the session ended with a failed check.
        language: In which the pages are shown.
    """

    session: Session
    saved: set[int]
    answers: dict[int, dict[str, Any]]
    trial_answers: tuple[float, ...] = ()
    screened_out: bool = False
    language: str = "en"


def load_record(connection: Connection, study: Study, session: Session) -> SessionRecord:
    """Read what is stored of a session."""
    return SessionRecord(
        session,
        # A page that was changed after it was stored is open again: its draft waits to be sent.
        saved=find_saved_pages(connection, session) - find_drafted_pages(connection, session),
        answers=load_answers(connection, session),
        trial_answers=load_trial_answers(connection, study, session),
        screened_out=sessions.is_screened_out(connection, session),
        language=language_of(connection, study.config, session),
    )

"""The pages of a session as far as its answers have decided on them."""

from __future__ import annotations

from sqlalchemy import Connection

from analysis.ratings.names import CORRECT
from mushra_server.database.sessions import Session
from mushra_server.database.submissions import load_outcomes
from mushra_server.study.served_study import SessionPage, Study

__all__ = ["load_pages", "load_trial_answers"]


def load_trial_answers(connection: Connection, study: Study, session: Session) -> tuple[bool, ...]:
    """Return the right and wrong answers that pages of an adaptive test follow from; else nothing."""
    return load_outcomes(connection, session, CORRECT) if study.adaptive else ()


def load_pages(connection: Connection, study: Study, session: Session) -> tuple[SessionPage, ...]:
    """Return the pages of a session so far, in order: all of them, unless the test is adaptive."""
    return study.pages(session.slot, load_trial_answers(connection, study, session))

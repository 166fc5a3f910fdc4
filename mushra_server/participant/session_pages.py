"""The pages of a session as far as its answers have decided on them."""

from __future__ import annotations

from sqlalchemy import Connection

from analysis.ratings.names import CORRECT, PREFERRED
from mushra_server.database.sessions import Session
from mushra_server.database.submissions import load_outcomes
from mushra_server.study.served_study import SessionPage, Study
from study_builder.design.adaptive import chooses_pairs

__all__ = ["load_pages", "load_trial_answers"]


def load_trial_answers(connection: Connection, study: Study, session: Session) -> tuple[float, ...]:
    """Return the answers that pages of an adaptive test follow from; else nothing."""
    rule = study.config.options.adaptive
    if rule is None:
        return ()
    kind = ("ab", PREFERRED) if chooses_pairs(rule) else ("abx", CORRECT)
    return load_outcomes(connection, session, *kind)


def load_pages(connection: Connection, study: Study, session: Session) -> tuple[SessionPage, ...]:
    """Return the pages of a session so far, in order: all of them, unless the test is adaptive."""
    return study.pages(session.slot, load_trial_answers(connection, study, session))

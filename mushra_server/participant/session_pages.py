"""The pages of a session as far as its answers have decided on them.

To plan a long adaptive session takes up to a quarter of a second, after each answer. Nobody else waits for
that: a transaction that needs pages that are not planned yet is given up, and comes again once they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from analysis.ratings.names import CORRECT, PREFERRED
from mushra_server.database.sessions import Session
from mushra_server.database.submissions import load_outcomes
from mushra_server.study.served_study import SessionPage, Study
from study_builder.design.adaptive import chooses_pairs

__all__ = ["Plans", "load_trial_answers", "plan_before"]

Result = TypeVar("Result")
Key = tuple[int, tuple[float, ...]]
"""A slot, and the answers to the trials of an adaptive test so far."""


class Plans:
    """The pages of the session that a request is about."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._made: dict[Key, tuple[SessionPage, ...]] = {}

    def load(self, connection: Connection, session: Session) -> tuple[SessionPage, ...]:
        """Return the pages of a session so far, in order: all of them, unless the test is adaptive.

        It is called before anything is written.
        """
        key = session.slot, load_trial_answers(connection, self._study, session)
        pages = self._made.get(key) or self._study.find_pages(*key)
        if pages is None:
            raise _NotPlanned(key)
        return pages

    def make(self, key: Key) -> None:
        """Plan a session, and keep its pages for this request whatever others ask for."""
        self._made[key] = self._study.pages(*key)


class _NotPlanned(Exception):
    """Ends a transaction that needs pages that are not planned yet."""

    def __init__(self, key: Key) -> None:
        super().__init__(key)
        self.key = key


def plan_before(study: Study, act: Callable[[Plans], Result]) -> Result:
    """Do something in a transaction of its own that needs a session's pages, which are planned outside it."""
    plans = Plans(study)
    while True:  # again only if another tab has answered a trial meanwhile
        try:
            return act(plans)
        except _NotPlanned as missing:
            plans.make(missing.key)


def load_trial_answers(connection: Connection, study: Study, session: Session) -> tuple[float, ...]:
    """Return the answers that pages of an adaptive test follow from; else nothing."""
    rule = study.config.options.adaptive
    if rule is None:
        return ()
    kind = ("ab", PREFERRED) if chooses_pairs(rule) else ("abx", CORRECT)
    return load_outcomes(connection, session, *kind)

"""A checked page answer, with the scores in it and the page that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["PageAnswer", "PageName", "Rating"]


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

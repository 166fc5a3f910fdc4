"""Scores of a page: the scales that a session is asked on, and what is accepted on each."""

from __future__ import annotations

from mushra_server.errors import AnswerError
from mushra_server.study.served_study import SessionPage
from study_builder.config import PageScale, StudyConfig, as_number, scales_of

__all__ = ["page_scales", "score_on", "write_number"]

WHOLE = 1e15  # beyond it a number has an exponent, not hundreds of digits


def page_scales(config: StudyConfig, page: SessionPage) -> tuple[PageScale, ...]:
    """Return the scales of a session's page; a page without a place in the config has none."""
    if page.planned is None:
        return ()
    trial = page.planned.trial
    return scales_of(config, page.planned.page, None if trial is None else trial.question)


def score_on(scale: PageScale, value: object, what: str) -> float | None:
    """Return a score that was sent as a number on its scale; None for a Likert point that is a word.

    Args:
        scale: The scale.
        value: What was sent.
        what: Whose score it is, as the error says it.

    Raises:
        AnswerError: If it is not a finite number, is outside the scale, or is not one of its points.
    """
    if scale.points is not None:
        for point in scale.points:
            if str(value) == point or (not isinstance(value, bool) and value == as_number(point)):
                return as_number(point)
        raise AnswerError(f"{what} is {value!r}; expected one of {', '.join(scale.points)}")
    number = as_number(value)
    if number is None:
        raise AnswerError(f"{what} is {value!r}; expected a number")
    if not scale.min <= number <= scale.max:
        raise AnswerError(f"{what} is {number:g}; expected {scale.min:g} to {scale.max:g} ({scale.name})")
    return number


def write_number(value: float) -> str:
    """Return a number as a browser writes it: with all of its digits, whole ones without a point."""
    return f"{value:.0f}" if value.is_integer() and abs(value) < WHOLE else str(value)

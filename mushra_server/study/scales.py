"""What a rating page asks for: its scales, whatever its type."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from mushra_server.errors import AnswerError
from mushra_server.study.served_study import SessionPage
from study_builder.config import (
    Bs1116Page,
    LikertPage,
    LikertPoint,
    Page,
    PairedComparisonPage,
    RatingPage,
    SpatialPage,
    StudyConfig,
)

__all__ = ["PageScale", "as_number", "page_scales", "scale_ends", "scales_of_type", "score_on"]

IMPAIRMENT = (
    "Very annoying",
    "Annoying",
    "Slightly annoying",
    "Perceptible, but not annoying",
    "Imperceptible",
)


@dataclass(frozen=True)
class PageScale:
    """One attribute that a page asks for, for each of its conditions.

    Attributes:
        name: Name of the attribute in the ratings.
        question: What is asked, or None.
        min: Lowest score.
        max: Highest score.
        step: Distance of two scores.
        labels: Names of equal parts of the range, lowest first.
        points: For a Likert scale, the values that can be chosen; else None.
    """

    name: str
    question: str | None
    min: float
    max: float
    step: float
    labels: tuple[str, ...]
    points: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the scale as the page state has it."""
        return {name: value for name, value in asdict(self).items() if name != "points" or value is not None}


def page_scales(config: StudyConfig, page: SessionPage) -> tuple[PageScale, ...]:
    """Return the scales of a rating page: the study's own, or those that its type has in webMUSHRA."""
    own = None if page.page is None else scales_of_type(page.page)
    if own is not None:
        return own
    trial = None if page.planned is None else page.planned.trial
    return _scales_of_study(config, None if trial is None else trial.question)


def scale_ends(config: StudyConfig, attribute: str) -> tuple[float, float] | None:
    """Return the ends of an attribute's scale; None where pages of the study differ in it, or none has it.

    Args:
        config: The study.
        attribute: The scale's name, alone or behind its type of page: ``score``, ``mushra score``.
    """
    pages = [page for page in config.walk() if not isinstance(page, SpatialPage)]
    rated = [page for page in pages if isinstance(page, RatingPage)]
    named = [(p.type, scale) for p in rated for scale in scales_of_type(p) or _scales_of_study(config, None)]
    ends = {(s.min, s.max) for type_, s in named if attribute in (s.name, f"{type_} {s.name}")}
    return ends.pop() if len(ends) == 1 else None


def scales_of_type(page: Page) -> tuple[PageScale, ...] | None:
    """Return the scales that a page has by its type; None where the study chooses them."""
    if isinstance(page, Bs1116Page):
        return (PageScale("score", None, 1, 5, 0.01, IMPAIRMENT),)
    if isinstance(page, PairedComparisonPage):
        return (PageScale("choice", None, 0, 1, 0.5, ()),)
    if isinstance(page, LikertPage):
        several = len(page.response) > 1
        return tuple(
            _likert(f"rating{number}" if several else "score", points)
            for number, points in enumerate(page.response, start=1)
        )
    return None


def score_on(scale: PageScale, value: object, what: str) -> float | None:
    """Return a score that was sent as a number on its scale; None for a Likert point that is a word.

    Args:
        scale: The scale.
        value: What was sent.
        what: Whose score it is, as the error says it.

    Raises:
        AnswerError: If it is no finite number, outside the scale, or none of its points.
    """
    if scale.points is not None:
        for point in scale.points:
            if str(value) == point or (not isinstance(value, bool) and value == as_number(point)):
                return as_number(point)
        raise AnswerError(f"{what} is {value!r}, expected one of {', '.join(scale.points)}")
    number = as_number(value)
    if number is None:
        raise AnswerError(f"{what} is {value!r}, expected a number")
    if not scale.min <= number <= scale.max:
        raise AnswerError(f"{what} is {number:g}, expected {scale.min:g} to {scale.max:g} ({scale.name})")
    return number


def as_number(value: object) -> float | None:
    """Return a number, or a text that is one, as a finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _scales_of_study(config: StudyConfig, asked: str | None) -> tuple[PageScale, ...]:
    return tuple(
        PageScale(s.name, asked or s.question, s.min, s.max, s.step, s.labels) for s in config.options.scales
    )


def _likert(name: str, points: tuple[LikertPoint, ...]) -> PageScale:
    values = tuple(point.value for point in points)
    numbers = [number for number in map(as_number, values) if number is not None] or [0, 0]
    labels = tuple(point.label or point.value for point in points)
    return PageScale(name, None, min(numbers), max(numbers), 1, labels, values)

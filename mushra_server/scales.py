"""What a rating page asks for: its scales, whatever its type."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mushra_server.study import SessionPage
from study_builder.config import Bs1116Page, LikertPage, LikertPoint, PairedComparisonPage, StudyConfig

__all__ = ["PageScale", "page_scales"]

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
    found = page.page
    if isinstance(found, Bs1116Page):
        return (PageScale("score", None, 1, 5, 0.01, IMPAIRMENT),)
    if isinstance(found, PairedComparisonPage):
        return (PageScale("choice", None, 0, 1, 0.5, ()),)
    if isinstance(found, LikertPage):
        several = len(found.response) > 1
        return tuple(
            _likert(f"rating{number}" if several else "score", points)
            for number, points in enumerate(found.response, start=1)
        )
    trial = None if page.planned is None else page.planned.trial
    asked = None if trial is None else trial.question
    return tuple(
        PageScale(s.name, asked or s.question, s.min, s.max, s.step, s.labels) for s in config.options.scales
    )


def _likert(name: str, points: tuple[LikertPoint, ...]) -> PageScale:
    values = tuple(point.value for point in points)
    numbers = [number for number in map(_number, values) if number is not None] or [0, 0]
    labels = tuple(point.label or point.value for point in points)
    return PageScale(name, None, min(numbers), max(numbers), 1, labels, values)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None

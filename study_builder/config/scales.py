"""What a rating page asks for: the scales that its type has, or those that the study chooses."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from study_builder.config.choice_pages import AbPage, AbxPage, BestWorstPage, CcrPage, ChoicePage, DcrPage
from study_builder.config.page_types import (
    Bs1116Page,
    LikertPage,
    LikertPoint,
    Page,
    PairedComparisonPage,
)
from study_builder.config.spatial_page import SpatialPage
from study_builder.config.study import StudyConfig

IMPAIRMENT = (
    "Very annoying",
    "Annoying",
    "Slightly annoying",
    "Perceptible, but not annoying",
    "Imperceptible",
)
DEGRADATION = (
    "Degradation is very annoying",
    "Degradation is annoying",
    "Degradation is slightly annoying",
    "Degradation is audible but not annoying",
    "Degradation is inaudible",
)
"""P.800, annex D."""
COMPARISON = (
    "Much worse",
    "Worse",
    "Slightly worse",
    "About the same",
    "Slightly better",
    "Better",
    "Much better",
)
"""P.800, annex E: of the second sound compared with the first."""
QUALITY = ("Bad", "Poor", "Fair", "Good", "Excellent")
"""P.800: absolute category rating."""
P835_SIGNAL = (
    "Very distorted",
    "Fairly distorted",
    "Somewhat distorted",
    "Slightly distorted",
    "Not distorted",
)
P835_BACKGROUND = (
    "Very intrusive",
    "Somewhat intrusive",
    "Noticeable but not intrusive",
    "Slightly noticeable",
    "Not noticeable",
)
P835_NAMES = ("sig", "bak", "ovrl")
"""The scales of P.835, in the order in which they are asked: signal, background, overall."""


@dataclass(frozen=True)
class PageScale:
    """One attribute that a page asks for, for each of its conditions.

    Attributes:
        name: name of the attribute in the ratings.
        question: what is asked, or None.
        min: lowest score.
        max: highest score.
        step: distance of two scores.
        labels: names of equal parts of the range, lowest first.
        points: for a Likert scale, the values that can be chosen; else None.
    """

    name: str
    question: str | None
    min: float
    max: float
    step: float
    labels: tuple[str, ...]
    points: tuple[str, ...] | None = None


_OF_PAGES: tuple[tuple[type[Page], PageScale], ...] = (
    (AbPage, PageScale("preferred", None, 0, 1, 0.5, ())),
    (AbxPage, PageScale("chosen", None, 0, 1, 1, ())),
    (CcrPage, PageScale("comparison", None, -3, 3, 1, COMPARISON)),
    (DcrPage, PageScale("score", None, 1, 5, 1, DEGRADATION)),
    (BestWorstPage, PageScale("choice", None, -1, 1, 1, ())),
)


def scales_of(config: StudyConfig, page: Page, question: str | None = None) -> tuple[PageScale, ...]:
    """Return the scales of a rating page: those that its type has in webMUSHRA, or the study's own.

    Args:
        config: the study.
        page: a page of it; a page that asks for no scores has no scales.
        question: asked on this page instead of the study's own question.
    """
    own = scales_of_type(page)
    if own is not None:
        if config.trial(page).test == "p835" and len(own) == len(P835_NAMES):
            return tuple(replace(scale, name=name) for scale, name in zip(own, P835_NAMES, strict=True))
        if isinstance(page, ChoicePage):
            return tuple(replace(scale, question=question or page.question) for scale in own)
        return own
    if not page.rates or isinstance(page, SpatialPage):
        return ()
    return tuple(
        PageScale(s.name, question or s.question, s.min, s.max, s.step, s.labels)
        for s in config.options.scales
    )


def scales_of_type(page: Page) -> tuple[PageScale, ...] | None:
    """Return the scales that a page has by its type; None if the study chooses them."""
    if isinstance(page, Bs1116Page):
        return (PageScale("score", None, 1, 5, 0.01, IMPAIRMENT),)
    if isinstance(page, PairedComparisonPage):
        return (PageScale("choice", None, 0, 1, 0.5, ()),)
    for kind, scale in _OF_PAGES:
        if isinstance(page, kind):
            return (scale,)
    if isinstance(page, LikertPage):
        several = len(page.response) > 1
        return tuple(
            _likert(f"rating{number}" if several else "score", points)
            for number, points in enumerate(page.response, start=1)
        )
    return None


def as_number(value: object) -> float | None:
    """Return a number, or a text that is one, as a finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _likert(name: str, points: tuple[LikertPoint, ...]) -> PageScale:
    values = tuple(point.value for point in points)
    numbers = [number for number in map(as_number, values) if number is not None] or [0, 0]
    labels = tuple(point.label or point.value for point in points)
    return PageScale(name, None, min(numbers), max(numbers), 1, labels, values)

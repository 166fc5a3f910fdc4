"""Trials that webMUSHRA posts, checked against the study's pages and turned into pages of ours.

webMUSHRA posts when its test has ended and never again, from wherever it runs: nothing is taken on trust. It
shows a BS.1116, paired comparison or Likert single stimulus page once per stimulus and collects all of them
in one trial; here each becomes a separate page, as this server's own page stores them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from analysis.ratings.names import SLIDER_ENDS, UNRATED
from mushra_server.answers.checks import clean_text, milliseconds
from mushra_server.answers.paired import of_stimulus
from mushra_server.database.page_answers import Rating
from mushra_server.errors import AnswerError, ServerError
from mushra_server.study.scales import score_on
from study_builder.config import (
    REFERENCE,
    MushraPage,
    PageScale,
    RatedPage,
    RatingPage,
    SpatialPage,
    StudyConfig,
    TrialInfo,
    as_number,
    scales_of,
    scales_of_type,
)

__all__ = ["WirePage", "check_trial_ids", "count_trials", "list_rated", "read_trial"]

CHOICES: dict[str, tuple[float | None, float | None]] = {
    "correct": (1.0, 0.0),
    "incorrect": (0.0, 1.0),
    "undecided": (0.5, 0.5),
    "unknown": (None, None),
}
SPATIAL_TYPES = ("localization", "asw", "hwd", "lev")
RatedPages = dict[tuple[str, str], RatedPage]
"""The first page of each id and type of trial."""
SLIDER = PageScale("score", None, *SLIDER_ENDS, 1, ())


@dataclass(frozen=True)
class WirePage:
    """One page of a posted session.

    Attributes:
        id: The page's id in the study, with the stimulus if the page is shown once per stimulus.
        type: Page type as webMUSHRA posts it.
        info: What is known of the trial.
        time_ms: How long the page was open, or None.
        ratings: The scores; none for spatial responses, which are only kept as posted.
        words: Likert points that are not numbers, by page, condition and attribute.
    """

    id: str
    type: str
    info: TrialInfo
    time_ms: int | None
    ratings: tuple[Rating, ...] = ()
    words: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Score:
    """One value in a response: place of the response, condition, attribute, score or word, comment."""

    place: int
    condition: str
    attribute: str
    score: float | None
    word: str | None = None
    comment: str | None = None


def read_trial(config: StudyConfig, rated: RatedPages, trial: dict[str, Any]) -> tuple[WirePage, ...]:
    """Return the pages of a posted trial.

    Args:
        config: The study's config.
        rated: Its pages, as `list_rated` returns them.
        trial: As it was posted.

    Raises:
        AnswerError: If the study has no such page, the page no such condition, or a score is not on its
            scale.
    """
    page = _page_of(rated, trial)
    numbered = list(enumerate(trial["responses"]))
    most = len(_sounds(page))
    if len(numbered) > most and not isinstance(page, SpatialPage):  # a body has room for forty thousand
        raise AnswerError(
            f"{_of(page)}: {len(numbered)} responses; expected at most {most}, one for each sound"
        )
    groups = [[one] for one in numbered] if page.one_page_per_stimulus else [numbered]
    return tuple(_read_page(config, page, trial, group) for group in groups)


def list_rated(config: StudyConfig) -> RatedPages:
    """Return the rating pages by what a trial names, so that nobody looks through all of them for each."""
    rated: RatedPages = {}
    for page in config.walk():
        if isinstance(page, RatingPage):
            for kind in SPATIAL_TYPES if isinstance(page, SpatialPage) else (page.type,):
                rated.setdefault((str(page.id), kind), page)
    return rated


def count_trials(config: StudyConfig) -> int:
    """Return how many trials a session can have at most, whatever its pages are."""
    rated = [page for page in config.walk() if isinstance(page, RatingPage)]
    return sum(max(len(SPATIAL_TYPES), len(page.sounds())) for page in rated)


def check_trial_ids(config: StudyConfig) -> None:
    """Check that every rating page has its own id, under which webMUSHRA posts its trial.

    Spatial pages may share one: what they post is kept as it came, and scored nowhere.

    Raises:
        ServerError: With the first page that has none.
    """
    rated = [page for page in config.walk() if isinstance(page, RatingPage)]
    for page in rated:
        same = [other for other in rated if other.id == page.id]
        shared = len(same) > 1 and not all(isinstance(other, SpatialPage) for other in same)
        if page.id is None or shared:
            found = "has no id" if page.id is None else f"has the id {page.id!r} of {len(same)} pages"
            raise ServerError(
                f"config.yaml: the page {page.name!r} ({page.type}) {found}; webMUSHRA posts ratings under "
                "their page's id; expected a different id for each page"
            )


def _page_of(rated: RatedPages, trial: dict[str, Any]) -> RatedPage:
    name, kind = str(trial["id"]), trial["type"]
    if (name, kind) in rated:
        return rated[name, kind]
    pages = {id(page): page for page in rated.values()}.values()
    listed = ", ".join(f"{page.id!r} ({page.type})" for page in pages)
    raise AnswerError(
        f"sessionJSON: the trial {name!r} ({kind}) is not a page of this study; expected one of {listed}"
    )


def _read_page(
    config: StudyConfig, page: RatedPage, trial: dict[str, Any], responses: list[tuple[int, dict[str, Any]]]
) -> WirePage:
    info = config.trial(page)
    if isinstance(page, SpatialPage):
        return WirePage(str(page.id), trial["type"], info, None)
    found = [score for place, response in responses for score in _scores(config, page, place, response)]
    stimulus = next((score.condition for score in found if score.condition != REFERENCE), REFERENCE)
    name = f"{page.id}:{stimulus}" if page.one_page_per_stimulus else str(page.id)
    rated = [(score.condition, score.attribute) for score in found]
    for condition, attribute in rated:
        if rated.count((condition, attribute)) > 1:
            raise AnswerError(f"{_of(page)}: {condition!r} was rated twice for {attribute!r}")
    return WirePage(
        name,
        page.type,
        info,
        _time(responses),
        of_stimulus(
            page.type, [_read_rating(config, info, number, score) for number, score in enumerate(found)]
        ),
        {f"{name}:{s.condition}:{s.attribute}": s.word for s in found if s.word is not None},
    )


def _read_rating(config: StudyConfig, info: TrialInfo, number: int, score: _Score) -> Rating:
    role = config.condition(score.condition).role
    return Rating(
        key=f"w{number}",
        attribute=score.attribute,
        item=info.item,
        condition=score.condition,
        role="hidden_reference" if role == "reference" else role,
        score=score.score,
        listened_ms=None,
        comment=score.comment,
        condition_position=score.place,
    )


def _scores(config: StudyConfig, page: RatedPage, place: int, response: dict[str, Any]) -> Iterator[_Score]:
    comment = clean_text(str(response["comment"])) if response.get("comment") else None
    if isinstance(page, MushraPage):
        condition = _condition(page, response, "stimulus")
        value = _value(page, SLIDER, condition, response.get("score"))
        yield _Score(place, condition, "score", value, comment=comment)
    elif page.type == "bs1116":
        (scale,) = scales_of_type(page) or ()
        for key, score in (("reference", "referenceScore"), ("nonReference", "nonReferenceScore")):
            condition = _condition(page, response, key)
            own = comment if key == "nonReference" else None
            value = _value(page, scale, condition, response.get(score))
            yield _Score(place, condition, scale.name, value, comment=own)
    elif page.type == "paired_comparison":
        answer = response.get("answer")
        if answer not in CHOICES:
            raise AnswerError(f"{_of(page)}: the answer is {answer!r}; expected one of {', '.join(CHOICES)}")
        reference, stimulus = CHOICES[answer]
        yield _Score(place, _condition(page, response, "reference"), "choice", reference)
        yield _Score(place, _condition(page, response, "nonReference"), "choice", stimulus, comment=comment)
    else:
        yield from _likert(config, page, place, response)


def _likert(config: StudyConfig, page: RatedPage, place: int, response: dict[str, Any]) -> Iterator[_Score]:
    scales = scales_of(config, page)
    condition = _condition(page, response, "stimulus")
    found = response.get("stimulusRating")
    values = found if isinstance(found, list) else [found]
    if len(values) > len(scales):
        raise AnswerError(
            f"{_of(page)}: {condition!r} has {len(values)} ratings; expected at most {len(scales)}"
        )
    for scale, value in zip(scales, values, strict=False):
        if value is None or (value == UNRATED and UNRATED not in (scale.points or ())):
            yield _Score(place, condition, scale.name, None)
            continue
        score = score_on(scale, value, f"{_of(page)}: the score of {condition!r}")
        yield _Score(place, condition, scale.name, score, clean_text(str(value)) if score is None else None)


def _value(page: RatedPage, scale: PageScale, condition: str, value: object) -> float | None:
    """Return a slider's score, which webMUSHRA sends as text."""
    return None if value is None else score_on(scale, value, f"{_of(page)}: the score of {condition!r}")


def _condition(page: RatedPage, response: dict[str, Any], key: str) -> str:
    known = _sounds(page)
    if key != "stimulus":
        known = [name for name in known if (name == REFERENCE) == (key == "reference")]
    name = response.get(key)
    if name is None or str(name) not in known:
        raise AnswerError(f"{_of(page)}: the {key} is {name!r}; expected one of {', '.join(known)}")
    return str(name)


def _sounds(page: RatedPage) -> list[str]:
    created = page.created_anchors if isinstance(page, MushraPage) else ()
    return [*page.sounds(), *created]


def _of(page: RatedPage) -> str:
    return f"sessionJSON: trial {page.id!r}"


def _time(responses: list[tuple[int, dict[str, Any]]]) -> int | None:
    """Return how long a page was open; a clock that was changed meanwhile does not lose a session."""
    times = (response.get("time") for _, response in responses)
    found = (as_number(time) for time in times)
    return next((milliseconds(time, "time") for time in found if time is not None and time >= 0), None)

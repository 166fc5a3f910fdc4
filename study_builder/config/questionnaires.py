"""What pages ask: questionnaires on the last page and between pages, and the points to choose from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from study_builder.config import webmushra
from study_builder.config.options import StudyOptions
from study_builder.config.page_types import (
    ConsentPage,
    FinishPage,
    GenericPage,
    LikertPage,
    LikertPoint,
    Page,
    Question,
    VolumePage,
)

Questionnaires = Mapping[str, tuple[Question, ...]]


def questions_of(page: Page, questionnaires: Questionnaires) -> tuple[Question, ...]:
    """Return what a page asks; empty if it asks nothing."""
    if isinstance(page, FinishPage):
        return page.questionnaire
    return questionnaires.get(page.id or "", ()) if isinstance(page, GenericPage) else ()


def points_of(page: Page, questionnaires: Questionnaires) -> Iterator[LikertPoint]:
    """Yield every named point that can be chosen on a page, of its scales and of its questions."""
    if isinstance(page, LikertPage):
        for scale in page.response:
            yield from scale
    for question in questions_of(page, questionnaires):
        yield from question.response or ()


def find_misplaced(pages: Iterable[Page], questionnaires: Questionnaires) -> tuple[str, str] | None:
    """Find a questionnaire that no page can ask as written.

    Args:
        pages: every page of the study.
        questionnaires: questions by the id of the generic page that asks them.

    Returns:
        The page id of the first questionnaire that is wrong, and the reason; None if all
        are right. Answers are stored by the question's name, so one name means one question in all of a
        study.
    """
    known = tuple(pages)
    generic = [page.id for page in known if isinstance(page, GenericPage) and page.id is not None]
    asked = {
        question.name: "the last page"
        for page in known
        if isinstance(page, FinishPage)
        for question in page.questionnaire
    }
    for name, questions in questionnaires.items():
        if generic.count(name) != 1:
            listed = ", ".join(dict.fromkeys(generic)) or "the study has none with an id"
            many = "no generic page has" if name not in generic else "more than one generic page has"
            return name, f"{many} the id '{name}'; expected the id of one generic page ({listed})"
        if not questions:
            return name, f"the questionnaire of page '{name}' is empty; expected at least one question"
        for question in questions:
            if question.name in asked:
                return name, (
                    f"'{question.name}' is asked on {asked[question.name]} and on page '{name}'; "
                    "expected different names"
                )
            asked[question.name] = f"page '{name}'"
    return None


def find_clash(pages: Iterable[Page], options: StudyOptions) -> tuple[tuple[str, ...], str] | None:
    """Find a name under which two answers of a session would be stored.

    Returns:
        Its place in the file, and a sentence; None if all names differ.
    """
    known = tuple(pages)
    taken = {}
    if any(isinstance(page, ConsentPage) for page in known):
        taken["consent"] = "the answer of a consent page"
    if any(isinstance(page, VolumePage) for page in known):
        taken |= dict.fromkeys(("volume", "volume_played_ms"), "the answer of a volume page")
    for check in options.checks:
        taken[check] = f"the result of the {check.replace('_', ' ')}"
    asked = [question.name for page in known for question in questions_of(page, options.questionnaires)]
    for name in options.url_parameters:
        if name in (*asked, *taken):
            what = taken.get(name, "a question")
            return (
                webmushra.OURS,
                "url_parameters",
            ), f"'{name}' is a URL parameter and {what}; expected different names"
    for name in asked:
        if name in taken:
            return ("pages",), f"'{name}' is a question and {taken[name]}; expected different names"
    return None

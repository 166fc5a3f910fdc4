"""Page answers, checked against their pages before anything is stored."""

from __future__ import annotations

import math
import re
from typing import Any

from mushra_server.answers.choices import check_choice, rows_of
from mushra_server.answers.paired import of_stimulus
from mushra_server.database.page_answers import PageAnswer, Rating
from mushra_server.errors import AnswerError
from mushra_server.study.scales import page_scales, score_on
from mushra_server.study.served_study import SessionPage
from study_builder.config import (
    ConsentPage,
    LikertPage,
    PageScale,
    Question,
    StudyConfig,
    VolumePage,
    as_number,
)

__all__ = ["check_answer", "check_draft", "clean_text", "milliseconds", "must_rate"]

ATTEMPT = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Each name is a column of the exports: nobody may add one.
CHECK_ANSWERS = ("", "_correct", "_attempts", "_method")
"""What is added to the type of a check, such as `headphone_check`."""
RATING_KEYS = ("key", "attribute", "score", "comment", "listened_ms")
MAX_MS = 2**31 - 1
MAX_MOMENT = 2**53
"""Of a browser's clock, in milliseconds: beyond it numbers of JavaScript are not whole."""
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def check_answer(config: StudyConfig, page: SessionPage, body: dict[str, Any]) -> PageAnswer:
    """Check a page answer and name its conditions.

    Args:
        config: The study.
        page: The page that was answered.
        body: The answer as the browser sent it.

    Raises:
        AnswerError: If a score is outside its scale, a key is unknown, or something that must be there is
        missing.
    """
    kept = check_draft(body)
    ratings = of_stimulus(page.type, _ratings(config, page, kept["ratings"]))
    check_choice(page, ratings)
    ratings = rows_of(page, ratings)
    texts = _name_answers(config, page, _texts(page, kept["answers"]))
    chosen = _collect_words(page, kept["ratings"])
    time_ms = milliseconds(kept["time_ms"], "time_ms")
    return PageAnswer(kept["attempt"], time_ms, ratings, {**texts, **chosen}, kept)


def check_draft(body: dict[str, Any]) -> dict[str, Any]:
    """Check the outer form of a page answer, complete or not; return its known keys, drop others.

    Raises:
        AnswerError: a key has something of another kind.
    """
    attempt = body.get("attempt")
    if not isinstance(attempt, str) or not ATTEMPT.fullmatch(attempt):
        raise AnswerError(f"attempt is {attempt!r}; expected a text of 1 to 64 letters, digits and hyphens")
    ratings, answers = body.get("ratings") or [], body.get("answers") or {}
    if not isinstance(ratings, list) or not all(isinstance(rating, dict) for rating in ratings):
        raise AnswerError("ratings: expected a list of objects")
    if not isinstance(answers, dict):
        raise AnswerError("answers: expected an object of texts")
    return {
        "attempt": attempt,
        "time_ms": body.get("time_ms"),
        "ratings": [{key: one[key] for key in RATING_KEYS if key in one} for one in ratings],
        "answers": answers,
        **_check_way(body),
    }


def must_rate(config: StudyConfig, page: SessionPage) -> bool:
    """Return whether every condition of a page needs a score."""
    found = page.page
    return found.must_rate if isinstance(found, LikertPage) else config.options.must_rate


def clean_text(text: str) -> str:
    """Replace what no database stores: NUL characters and halves of surrogate pairs."""
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _check_way(body: dict[str, Any]) -> dict[str, Any]:
    """Return from which device an answer came, when it was given and how long it waited, if that is said."""
    device, waited_ms = body.get("device"), milliseconds(body.get("waited_ms"), "waited_ms")
    given_at = milliseconds(body.get("given_at"), "given_at", MAX_MOMENT)
    if device is None:
        return {}
    if not isinstance(device, str) or not ATTEMPT.fullmatch(device):
        raise AnswerError(f"device is {device!r}; expected a text of 1 to 64 letters, digits and hyphens")
    moment = {} if given_at is None else {"given_at": given_at}
    return {"device": device, "waited_ms": waited_ms or 0, **moment}


def _ratings(config: StudyConfig, page: SessionPage, found: list[dict[str, Any]]) -> tuple[Rating, ...]:
    if not page.rates:
        if found:
            raise AnswerError(f"ratings: {len(found)} found; expected none on a page that does not rate")
        return ()
    scales = {scale.name: scale for scale in page_scales(config, page)}
    keys = page.conditions()
    sent: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in found:
        name = _name(entry, keys, scales)
        if name in sent:
            raise AnswerError(f"ratings: {name[0]!r} was rated twice for {name[1]!r}")
        sent[name] = entry
    wanted = [(key, name) for key in keys for name in scales]
    if must_rate(config, page):
        _refuse_unrated(wanted, sent)
    return tuple(
        _read_rating(config, page, key, scales[name], sent.get((key, name), {})) for key, name in wanted
    )


def _name(entry: dict[str, Any], keys: dict[str, str], scales: dict[str, PageScale]) -> tuple[str, str]:
    key, attribute = entry.get("key"), entry.get("attribute")
    if not isinstance(key, str) or key not in keys:
        raise AnswerError(f"ratings: the key {key!r} is unknown; expected one of {', '.join(keys)}")
    if not isinstance(attribute, str) or attribute not in scales:
        raise AnswerError(
            f"ratings: the attribute {attribute!r} is unknown; expected one of {', '.join(scales)}"
        )
    return key, attribute


def _refuse_unrated(wanted: list[tuple[str, str]], sent: dict[tuple[str, str], dict[str, Any]]) -> None:
    missing = [name for name in wanted if sent.get(name, {}).get("score") is None]
    if missing:
        listed = ", ".join(f"{key} ({attribute})" for key, attribute in missing)
        raise AnswerError(f"ratings: no score for {listed}; every sound must be rated")


def _read_rating(
    config: StudyConfig, page: SessionPage, key: str, scale: PageScale, entry: dict[str, Any]
) -> Rating:
    condition = page.conditions()[key]
    comment = entry.get("comment")
    if comment is not None and not isinstance(comment, str):
        raise AnswerError(f"ratings: the comment of {key!r} is a {type(comment).__name__}; expected a text")
    trial = None if page.planned is None else page.planned.trial
    role = config.condition(condition).role
    return Rating(
        key=key,
        attribute=scale.name,
        item=None if trial is None else trial.item,
        condition=condition,
        role="hidden_reference" if role == "reference" else role,
        score=_score(key, scale, entry.get("score")),
        listened_ms=milliseconds(entry.get("listened_ms"), "listened_ms"),
        comment=clean_text(comment) if comment else None,
        condition_position=list(page.conditions()).index(key),
    )


def _score(key: str, scale: PageScale, value: object) -> float | None:
    if value is None:
        return None
    if scale.points is None and isinstance(value, str):
        raise AnswerError(f"ratings: the score of {key!r} is {value!r}; expected a number")
    return score_on(scale, value, f"ratings: the score of {key!r}")


def _collect_words(page: SessionPage, found: list[dict[str, Any]]) -> dict[str, str]:
    """Return the Likert points that are not numbers, by page, condition and attribute."""
    if not isinstance(page.page, LikertPage):
        return {}
    keys = page.conditions()
    return {
        f"{page.id}:{keys[entry['key']]}:{entry['attribute']}": str(entry["score"])
        for entry in found
        if entry.get("score") is not None and as_number(str(entry["score"])) is None
    }


def _texts(page: SessionPage, found: dict[str, Any]) -> dict[str, str]:
    known = _question_names(page)
    for name, value in found.items():
        if name not in known:
            raise AnswerError(f"answers: {name!r} is not asked on this page")
        if not isinstance(value, str):
            raise AnswerError(f"answers: {name!r} is a {type(value).__name__}; expected a text")
    texts = {name: clean_text(value) for name, value in found.items()}
    for question in page.questions:
        _check_question(question, texts.get(question.name))
    if isinstance(page.page, ConsentPage) and page.page.must_consent and texts.get("consent") != "true":
        raise AnswerError("answers: consent is needed to take part")
    return texts


def _name_answers(config: StudyConfig, page: SessionPage, texts: dict[str, str]) -> dict[str, str]:
    """Name the answer of a consent or volume page by its page, if the study has several such pages."""
    kind = type(page.page)
    if kind not in (ConsentPage, VolumePage) or sum(type(found) is kind for found in config.walk()) < 2:
        return texts
    return {f"{name}:{page.id}": text for name, text in texts.items()}


def _question_names(page: SessionPage) -> set[str]:
    """Return the names under which a page's answers are sent."""
    if page.planned is None:
        return {f"{page.type}{ending}" for ending in CHECK_ANSWERS}
    names = {question.name for question in page.questions}
    if isinstance(page.page, ConsentPage):
        names.add("consent")
    if isinstance(page.page, VolumePage):
        names |= {"volume", "volume_played_ms"}
    return names


def _check_question(question: Question, text: str | None) -> None:
    if text is None or not text.strip():
        if not question.optional:
            raise AnswerError(f"answers: {question.name!r} is missing")
        return
    if question.type == "number":
        number = as_number(text)
        if number is None or not _lowest(question) <= number <= _highest(question):
            raise AnswerError(f"answers: {question.name!r} is {text!r}; expected a number{_range(question)}")
    if question.type == "likert" and question.response:
        values = [point.value for point in question.response]
        if text not in values:
            raise AnswerError(f"answers: {question.name!r} is {text!r}; expected one of {', '.join(values)}")


def _lowest(question: Question) -> float:
    return -math.inf if question.min is None else question.min


def _highest(question: Question) -> float:
    return math.inf if question.max is None else question.max


def _range(question: Question) -> str:
    if question.min is None and question.max is None:
        return ""
    return f" from {_lowest(question):g} to {_highest(question):g}"


def milliseconds(value: object, name: str, most: int = MAX_MS) -> int | None:
    """Return a time as whole milliseconds, at most what the database can store.

    Raises:
        AnswerError: If it is not a finite number, or is negative.
    """
    if value is None:
        return None
    number = None if isinstance(value, str) else as_number(value)
    if number is None or number < 0:
        raise AnswerError(f"{name} is {value!r}; expected milliseconds")
    return round(min(number, most))

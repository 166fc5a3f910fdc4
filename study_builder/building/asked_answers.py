"""Attention checks of each test: which answer a page asks for, and which answers pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from study_builder.building import default_texts as texts
from study_builder.building.choices import Choices
from study_builder.building.languages import texts_in
from study_builder.building.texts_of_tests import attention_words
from study_builder.config.listening_tests import ListeningTest
from study_builder.config.page_models import Number
from study_builder.config.scales import COMPARISON, DEGRADATION, QUALITY
from study_builder.design.attention_checks import choose_asked_score
from study_builder.design.williams import shuffled
from study_builder.errors import BuildError

LETTERS = "AB"


@dataclass(frozen=True)
class AskedAnswer:
    """What an attention check asks for.

    Attributes:
        question: to the listener.
        expected: the lowest and highest score of an attentive listener, by condition.
        x: on an ABX page, the condition that X is: not the one that is asked for, so that who listens and
            does not read fails.
    """

    question: str
    expected: Mapping[str, tuple[Number, Number]]
    x: str | None = None


def ask_for_answer(
    test: ListeningTest, choices: Choices, number: int, conditions: Sequence[str]
) -> AskedAnswer:
    """Return what attention check `number` of a test asks for.

    Args:
        test: the test.
        choices: of the study.
        number: of the check, from 0; checks ask for different answers as far as there are any.
        conditions: of the page; a page that is asked about by place presents them in this order.

    Raises:
        BuildError: no answer to a page of the test can be asked for.
    """
    language, seed = choices.language, choices.seed
    if test.page_type == "mushra":
        asked = choose_asked_score(choices.scales, number, seed, "asked")
        return AskedAnswer(
            texts.attention_question(asked.score, language), dict.fromkeys(conditions, asked.allowed)
        )
    if test.name in ("acr", "dcr", "p835"):
        labels = {"acr": QUALITY, "dcr": DEGRADATION}.get(test.name)
        at = shuffled(range(len(QUALITY) - 1), seed, "asked")[number % (len(QUALITY) - 1)]
        # The scales of P.835 have other words each, and the same numbers.
        return _ask_for_point(labels[at] if labels else None, at + 1, conditions, language)
    if test.name == "ccr":
        return _ask_for_point(COMPARISON[len(COMPARISON) // 2], 0, conditions, language)
    if test.name == "ab" and choices.ties:
        question = attention_words(texts_in(language).no_preference, language)
        return AskedAnswer(question, dict.fromkeys(conditions, (0.5, 0.5)))
    if test.name in ("ab", "abx"):
        return _ask_for_letter(test, number % 2, conditions, language)
    if test.name == "best-worst":
        best, worst = shuffled(range(len(conditions)), seed, "asked", number)[:2]
        question = texts_in(language).attention_extremes.format(best=best + 1, worst=worst + 1)
        scores = {conditions[best]: (1, 1), conditions[worst]: (-1, -1)}
        return AskedAnswer(question, {name: scores.get(name, (0, 0)) for name in conditions})
    raise BuildError(
        f"attention_checks is {choices.attention_checks}; expected 0, as no answer to a page of the test "
        f"{test.name} can be asked for (repeats show how reliable a listener is)"
    )


def _ask_for_point(label: str | None, grade: int, conditions: Sequence[str], language: str) -> AskedAnswer:
    """Ask for a point of a scale: by its word, or by its number in other languages.

    The page shows both, the word in the listener's language, which this package does not know.
    """
    said = label if label is not None and language == "en" else str(grade)
    return AskedAnswer(attention_words(said, language), dict.fromkeys(conditions, (grade, grade)))


def _ask_for_letter(test: ListeningTest, place: int, conditions: Sequence[str], language: str) -> AskedAnswer:
    question = attention_words(LETTERS[place], language)
    if test.name == "abx":
        return AskedAnswer(question, dict.fromkeys(conditions, (0, 0)), x=conditions[1 - place])
    scores = {name: (1, 1) if at == place else (0, 0) for at, name in enumerate(conditions)}
    return AskedAnswer(question, scores)

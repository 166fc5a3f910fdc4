"""What participants read in each listening test, unless other words were chosen. HTML, as in webMUSHRA.

The pages that webMUSHRA does not have ask their question themselves, in the listener's language; the others
have it in their text, so that webMUSHRA shows it too.
"""

from __future__ import annotations

from study_builder.building import default_texts
from study_builder.building.choices import Choices
from study_builder.building.default_texts import paragraph
from study_builder.building.languages import texts_in
from study_builder.config.listening_tests import ListeningTest


def question_of(test: ListeningTest, choices: Choices, explains: bool) -> str | None:
    """Return the question of a test's pages; None if the page asks it itself.

    Args:
        test: the test.
        choices: of the study.
        explains: whether the sounds are interpretations of a classifier's decisions.
    """
    if choices.question is not None:
        return choices.question
    words = texts_in(choices.language)
    if test.page_type == "mushra" and len(choices.scales) > 1 and all(s.question for s in choices.scales):
        return None  # each scale asks in its own words
    if test.page_type == "mushra":
        named = choices.reference != "none" and test.name == "mushra"
        if explains:
            return words.explanation_question
        return words.quality_question if named else words.quality_question_alone
    asked = {"acr": words.acr_question, "p835": words.p835_question, "bs1116": words.bs1116_question}
    return asked.get(test.name)


def instructions_of(test: ListeningTest, choices: Choices, explains: bool) -> str:
    """Return the page that says what to do in a test.

    Args:
        test: the test.
        choices: of the study.
        explains: whether the sounds are interpretations of a classifier's decisions.
    """
    if test.page_type == "mushra":
        named = choices.reference if test.name == "mushra" else "none"
        return default_texts.instructions(named, explains, choices.scales, choices.language)
    words = texts_in(choices.language)
    parts = [words.instructions[test.name], *([words.explains_sounds] if explains else [])]
    return "".join(map(paragraph, parts))


def attention_words(answer: str, language: str = "en") -> str:
    """Return the question of a page that asks for one given answer."""
    return texts_in(language).attention_answer.format(answer=answer)

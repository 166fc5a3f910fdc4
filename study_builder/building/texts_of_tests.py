"""What participants read in each listening test, unless other words were chosen. HTML, as in webMUSHRA.

The pages that webMUSHRA does not have ask their question themselves, in the listener's language; the others
have it in their text, so that webMUSHRA shows it too.
"""

from __future__ import annotations

from study_builder.building import default_texts
from study_builder.building.choices import Choices
from study_builder.building.default_texts import (
    EXPLANATION_QUESTION,
    QUALITY_QUESTION,
    QUALITY_QUESTION_ALONE,
)
from study_builder.config.listening_tests import ListeningTest

ACR_QUESTION = "How good is the quality of this sound?"
P835_QUESTION = (
    "Rate the speech signal, then the background, and then the overall quality; listen again before each."
)
BS1116_QUESTION = (
    "One of the two sounds is the same as the reference: give it the highest score. "
    "How much is the other impaired?"
)

_INSTRUCTIONS = {
    "acr": "On each page you hear one sound. Choose the word that describes its quality best. There are no "
    "right or wrong answers: your first impression counts.",
    "dcr": "On each page you hear a reference and then a second sound. Say how much the second sound is "
    "degraded compared with the reference. If you hear no degradation, say so.",
    "ccr": "On each page you hear two sounds, one after the other. Say how good the second is compared with "
    "the first. Neither of the two is meant to be better.",
    "ab": "On each page you hear two sounds, A and B. Switch between them as often as you like and choose "
    "the one that you prefer. Neither of the two is meant to be better.",
    "abx": "On each page you hear three sounds. X is exactly the same as either A or B. Switch between them "
    "as often as you like and say which one X is. If you hear no difference, guess.",
    "bs1116": "On each page you hear a reference and two sounds, 1 and 2. One of the two is exactly the same "
    "as the reference: give it the highest score, and score how much the other one is impaired.",
    "p835": "On each page you hear one sound, which contains speech and background noise. You answer three "
    "questions about it, one after the other: on the speech alone, on the background alone, and on the "
    "overall quality. Listen to the sound again before each answer.",
    "best-worst": "On each page you hear several versions of one sound. Switch between them as often as you "
    "like, and choose the best and the worst.",
}


def question_of(test: ListeningTest, choices: Choices, explains: bool) -> str | None:
    """Return the question of a test's pages; None if the page asks it itself.

    Args:
        test: the test.
        choices: of the study.
        explains: whether the sounds are interpretations of a classifier's decisions.
    """
    if choices.question is not None:
        return choices.question
    if test.page_type == "mushra" and len(choices.scales) > 1 and all(s.question for s in choices.scales):
        return None  # each scale asks in its own words
    if test.page_type == "mushra":
        named = choices.reference != "none" and test.name == "mushra"
        if explains:
            return EXPLANATION_QUESTION
        return QUALITY_QUESTION if named else QUALITY_QUESTION_ALONE
    return {"acr": ACR_QUESTION, "p835": P835_QUESTION, "bs1116": BS1116_QUESTION}.get(test.name)


def instructions_of(test: ListeningTest, choices: Choices, explains: bool) -> str:
    """Return the page that says what to do in a test.

    Args:
        test: the test.
        choices: of the study.
        explains: whether the sounds are interpretations of a classifier's decisions.
    """
    if test.page_type == "mushra":
        named = choices.reference if test.name == "mushra" else "none"
        return default_texts.instructions(named, explains, choices.scales)
    told = f"<p>{_INSTRUCTIONS[test.name]}</p>"
    if explains:
        told += (
            "<p>A classifier listened to the input and predicted a class, which the page names. Each sound "
            "is meant to be the part of the input that led to this prediction.</p>"
        )
    return told


def attention_words(answer: str) -> str:
    """Return the question of a page that asks for one given answer."""
    return f"To show that you read the questions, please choose “{answer}” on this page."

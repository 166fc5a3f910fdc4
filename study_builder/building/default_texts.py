"""What participants read, unless other words were chosen. HTML, as webMUSHRA's pages are."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from study_builder.config.options import Scale
from study_builder.config.page_models import Number
from study_builder.config.page_types import LikertPoint, Question

EXPLANATION_QUESTION = (
    "How well does each sound correspond to the part of the input that belongs to the class that the "
    "classifier predicted, and how good is its audio quality?"
)
QUALITY_QUESTION = "How good is the quality of each sound, compared with the reference?"
QUALITY_QUESTION_ALONE = "How good is the quality of each sound?"

CONSENT = (
    "<p>Taking part is voluntary. You may stop at any time by closing this page, without giving a reason. "
    "Your scores and your answers are stored under a random number and are used for research.</p>"
)

VOLUME = (
    "<p>Please use headphones. Play the sound and set a volume that is comfortable and loud enough to hear "
    "details; leave it as it is from then on.</p>"
)

FINISH = "<p>A few questions are left; then your answers are complete.</p>"
POPUP = "Your answers have been stored. Thank you for taking part."

TRAINING_NAME = "Training"
TRIAL_NAME = "Trial"


def instructions(reference: str, explains: bool, scales: Sequence[Scale]) -> str:
    """Return the page that says what to do; BS.1534-3 asks that one sound of a trial gets the highest score.

    Args:
        reference: `hidden`, `open` or `none`.
        explains: whether the sounds are interpretations of a classifier's decisions.
        scales: what is scored.
    """
    ranges = {(scale.min, scale.max) for scale in scales}
    low, high = ranges.pop()
    asked = "a score" if ranges else f"a score from {low:g} to {high:g}"
    best = "the highest score" if ranges else f"{high:g}"
    slider = "each of its sliders" if len(scales) > 1 else "its slider"
    parts = [
        "<p>On each page you hear several versions of one sound. Switch between them as often as you like, "
        f"and give each {asked} with {slider}. You can loop a part of the sound to compare it closely.</p>"
    ]
    if explains:
        parts.append(
            "<p>A classifier listened to the input and predicted a class, which the page names. Each "
            "version is meant to be the part of the input that led to this prediction.</p>"
        )
    if reference == "hidden":
        parts.append(
            "<p>The reference can be played at any time. It is also hidden among the versions: "
            f"<b>at least one version on each page should be given {best}.</b> "
            "You need not use the lower end of the scale.</p>"
        )
    elif reference == "open":
        parts.append("<p>The reference can be played at any time; it is not among the versions.</p>")
    return "".join(parts)


def training_note(scored: bool) -> str:
    """Return the first text of a training page; `scored` is whether it has a scale."""
    known, given = ("the scale", "scores") if scored else ("the task", "answers")
    return f"<p><b>Training:</b> get to know the sounds and {known}. These {given} do not count.</p>"


def trial_content(question: str | None, prediction: str | None) -> str:
    """Return the text of a rating page: the predicted class and the question, if it has them."""
    answered = ""
    if prediction is not None:
        answered = f"<p>The classifier's answer: <b>{escape(prediction)}</b>.</p>"
    return f"{answered}<p>{escape(question)}</p>" if question else answered


def attention_question(score: Number) -> str:
    """Return the question of a page that shows whether a participant reads."""
    return f"To show that you read the questions, please give every sound on this page a score of {score:g}."


def questionnaire() -> tuple[Question, ...]:
    """Return the questions about listener and equipment that a report needs (BS.1534-3, pp. 19-20).

    An empty default keeps webMUSHRA from writing "undefined" into a field.
    """
    devices = ("headphones", "earphones", "loudspeakers", "built-in loudspeakers")
    experience = ("none", "1 to 5", "more than 5")
    return (
        Question(type="number", name="age", label="Your age", min=10, max=120, optional=True, default=""),
        Question(type="likert", name="device", label="What did you listen with?", response=_points(devices)),
        Question(
            type="likert",
            name="experience",
            label="How many listening tests have you taken part in before?",
            response=_points(experience),
        ),
        Question(
            type="likert",
            name="hearing",
            label="Do you have a known hearing impairment?",
            response=_points(("no", "yes", "prefer not to say")),
        ),
        Question(type="long_text", name="remarks", label="Remarks", optional=True, default=""),
    )


def _points(values: tuple[str, ...]) -> tuple[LikertPoint, ...]:
    return tuple(LikertPoint(value=value, label=value.capitalize()) for value in values)

"""What participants read, unless other words were chosen. HTML, as webMUSHRA's pages are.

The language is that of the participant page, English if there are no texts in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from study_builder.building.languages import texts_in
from study_builder.config.options import Scale
from study_builder.config.page_models import Number
from study_builder.config.page_types import LikertPoint, Question

DEVICES = ("headphones", "earphones", "loudspeakers", "built-in loudspeakers")
EXPERIENCES = ("none", "1 to 5", "more than 5")
HEARINGS = ("no", "yes", "prefer not to say")
"""Answers as they are stored, whatever language they are shown in."""


def paragraph(text: str) -> str:
    """Return a paragraph of HTML."""
    return f"<p>{text}</p>"


def instructions(reference: str, explains: bool, scales: Sequence[Scale], language: str = "en") -> str:
    """Return the page that says what to do; BS.1534-3 asks that one sound of a trial gets the highest score.

    Args:
        reference: `hidden`, `open` or `none`.
        explains: whether the sounds are interpretations of a classifier's decisions.
        scales: what is scored.
        language: of the page.
    """
    words = texts_in(language)
    ranges = {(scale.min, scale.max) for scale in scales}
    low, high = ranges.pop()
    asked = words.a_score if ranges else words.a_score_from.format(low=f"{low:g}", high=f"{high:g}")
    slider = words.its_sliders if len(scales) > 1 else words.its_slider
    parts = [words.mushra.format(asked=asked, slider=slider)]
    if explains:
        parts.append(words.explains_versions)
    if reference == "hidden":
        parts.append(words.hidden_reference.format(best=words.highest_score if ranges else f"{high:g}"))
    elif reference == "open":
        parts.append(words.open_reference)
    return "".join(map(paragraph, parts))


def training_note(scored: bool, language: str = "en") -> str:
    """Return the first text of a training page; `scored` is whether it has a scale."""
    words = texts_in(language)
    return paragraph(words.training_scores if scored else words.training_answers)


def trial_content(question: str | None, prediction: str | None, language: str = "en") -> str:
    """Return the text of a rating page: the predicted class and the question, if it has them."""
    answered = ""
    if prediction is not None:
        answered = paragraph(texts_in(language).prediction.format(prediction=escape(prediction)))
    return f"{answered}{paragraph(escape(question))}" if question else answered


def attention_question(score: Number, language: str = "en") -> str:
    """Return the question of a page that shows whether a participant reads."""
    return texts_in(language).attention_score.format(score=f"{score:g}")


def equipment_questions(language: str = "en") -> tuple[Question, ...]:
    """Return the questions of the page on the transducer, which is data and a screen."""
    words = texts_in(language)
    devices = _points(DEVICES, words.devices)
    return (
        Question(type="likert", name="transducer", label=words.device_now, response=devices),
        Question(type="text", name="transducer_model", label=words.device_model, optional=True),
    )


def questionnaire(language: str = "en", *, asks_device: bool = True) -> tuple[Question, ...]:
    """Return the questions about listener and equipment that a report needs (BS.1534-3, pp. 19-20).

    An empty default keeps webMUSHRA from writing "undefined" into a field.

    Args:
        language: of the page.
        asks_device: whether it asks what was listened with, as no page before it did.
    """
    words = texts_in(language)
    devices = _points(DEVICES, words.devices)
    device = Question(type="likert", name="device", label=words.device, response=devices)
    return (
        Question(type="number", name="age", label=words.age, min=10, max=120, optional=True, default=""),
        *((device,) if asks_device else ()),
        Question(
            type="likert",
            name="experience",
            label=words.experience,
            response=_points(EXPERIENCES, words.experiences),
        ),
        Question(
            type="likert", name="hearing", label=words.hearing, response=_points(HEARINGS, words.hearings)
        ),
        Question(type="long_text", name="remarks", label=words.remarks, optional=True),
    )


def _points(values: Sequence[str], labels: Sequence[str]) -> tuple[LikertPoint, ...]:
    pairs = zip(values, labels, strict=True)
    return tuple(LikertPoint(value=value, label=label) for value, label in pairs)

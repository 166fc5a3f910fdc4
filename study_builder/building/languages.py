"""What participants read, in each language of the participant page: the files in `texts/`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

__all__ = ["LANGUAGES", "Texts", "texts_in"]

LANGUAGES = ("en", "de", "es", "fr", "it", "ja", "pt", "zh")


@dataclass(frozen=True)
class Texts:
    """The texts of one language; what stands in braces is filled in.

    Attributes:
        names: headings of pages.
        instructions: of each test that is not scored on MUSHRA's page, by the test's name.
        device, device_now: asked after the trials, and before them.
        devices: answers to both, in the order of the stored values.
        experiences: the same, to `experience`.
        hearings: the same, to `hearing`.
    """

    explanation_question: str
    quality_question: str
    quality_question_alone: str
    acr_question: str
    p835_question: str
    bs1116_question: str
    consent: str
    volume: str
    finish: str
    popup: str
    names: dict[str, str]
    mushra: str
    a_score: str
    a_score_from: str
    highest_score: str
    its_slider: str
    its_sliders: str
    explains_versions: str
    explains_sounds: str
    hidden_reference: str
    open_reference: str
    training_scores: str
    training_answers: str
    prediction: str
    attention_score: str
    attention_answer: str
    attention_extremes: str
    no_preference: str
    instructions: dict[str, str]
    age: str
    device: str
    device_now: str
    devices: list[str]
    device_model: str
    experience: str
    experiences: list[str]
    hearing: str
    hearings: list[str]
    remarks: str


@cache
def texts_in(language: str) -> Texts:
    """Return the texts of a language; those of English if there are none."""
    code = language if language in LANGUAGES else LANGUAGES[0]
    path = files("study_builder.building").joinpath("texts", f"{code}.yaml")
    return Texts(**yaml.safe_load(path.read_text("utf-8")))

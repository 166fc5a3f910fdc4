"""What a study says beyond webMUSHRA: the typed `listenable:` block of its config.yaml."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from stimuli.vocabulary import RatingKind
from study_builder.config.listening_tests import TestName
from study_builder.config.page_models import Model, Number, Text
from study_builder.config.page_types import Question
from study_builder.config.roles import Role

SCHEMA_VERSION = 1

Order = Literal["williams", "random", "fixed"]
AdaptiveRule = Annotated[str, Field(pattern=r"^([1-4]-down-1-up(-x[2-9])?|active-[1-9][0-9]?)$")]
"""A staircase: right answers in a row that make a trial harder, and the levels that a wrong one goes back.

Or `active-20`: so many pairs, each chosen by the answers so far.
"""
Kind = RatingKind
Screen = Literal["transducer", "hearing", "environment"]
"""What remote listeners are asked or tried with before the first trial; none of it diagnoses anybody."""


class Scale(Model):
    """One attribute that listeners score: its question, range and labels (lowest first)."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")] = "score"
    question: Text | None = None
    min: Number = 0
    max: Number = 100
    step: Annotated[Number, Field(gt=0)] = 1
    labels: tuple[Text, ...] = ("Bad", "Poor", "Fair", "Good", "Excellent")

    @model_validator(mode="after")
    def _has_a_range(self) -> Scale:
        if not self.max > self.min:
            raise ValueError(
                f"scale {self.name!r} runs from {self.min:g} to {self.max:g}; expected max above min"
            )
        if self.step > self.max - self.min:
            raise ValueError(
                f"scale {self.name!r} has a step of {self.step:g}, which is more than its whole range"
            )
        return self


def place_on_scale(share: float, low: Number, high: Number, step: Number) -> Number:
    """Return the score that is nearest to a share (0 to 1) of a scale's range."""
    score = min(low + round(share * (high - low) / step) * step, high)
    return int(score) if float(score).is_integer() else round(score, 6)


class ConditionInfo(Model):
    """What a condition is for, and its name as people read it (never shown to listeners)."""

    role: Role = "method"
    label: Text | None = None


class ItemInfo(Model):
    """An item's name as people read it (never shown to listeners); its id is made of that."""

    label: Text | None = None


class TrialInfo(Model):
    """What is known about one rating page.

    Attributes:
        item: the content that the page plays.
        kind: `trial` counts towards a MOS; `training`, `attention` and `repeat` do not.
        label, prediction, probability: the true class, what the classifier answered, and how surely.
        question: asked on this page instead of the scale's own.
        repeat_of: id of the page that this one repeats (kind `repeat`).
        expected: for kind `attention`, the lowest and highest score that an attentive listener gives, by
            condition.
        x: on an ABX page, the condition that X is; by default it is drawn for each session.
        test: the listening test that the page is of, in a study of other tests than MUSHRA.
    """

    item: Text
    kind: Kind = "trial"
    label: Text | None = None
    prediction: Text | None = None
    probability: Annotated[float, Field(ge=0, le=1)] | None = None
    question: Text | None = None
    repeat_of: Text | None = None
    expected: dict[Text, tuple[Number, Number]] | None = None
    x: Text | None = None
    test: TestName | None = None


def _refuse_scripts(address: str) -> str:
    """Refuse an address that a browser would run (`javascript:`) or hand to another program."""
    # As browsers read it: without blanks, tabs and line ends before and within the scheme.
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", re.sub(r"[\x00-\x20]", "", address))
    if scheme is not None and scheme[1].lower() not in ("http", "https"):
        raise ValueError(f"{address!r} is not a web address; expected one that begins with https://")
    return address


Address = Annotated[Text, AfterValidator(_refuse_scripts)]


class Completion(Model):
    """What a participant takes back to where they came from.

    Attributes:
        code, redirect: of those who come to the end.
        screened_out_code, screened_out_redirect: of those who fail a check of what they hear with; with
            either, the session ends there.
    """

    code: Text | None = None
    redirect: Address | None = None
    screened_out_code: Text | None = None
    screened_out_redirect: Address | None = None

    @property
    def screens_out(self) -> bool:
        """Whether a failed check ends the session."""
        return self.screened_out_code is not None or self.screened_out_redirect is not None


class Lab(Model):
    """Who asks for the ratings, as participants see it.

    Attributes:
        name: shown if the logo cannot be.
        logo: path of a picture in the study's folder.
        colour: of buttons and marks; the page makes it darker or lighter if it could not be read.
        contact: for questions about the study; may contain HTML.
    """

    name: Text | None = None
    logo: Text | None = None
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    contact: Text | None = None


class SessionSettings(Model):
    """What is chosen for the sessions when a study is built, and kept in its config under the same keys.

    `study_builder.choice_texts` says what each is; `Choices` and `StudyOptions` have these and others.
    """

    seed: int = 0
    order: Order = "williams"
    items_per_session: Annotated[int, Field(ge=1)] | None = None
    pages_per_session: Annotated[int, Field(ge=1)] | None = None
    must_listen: bool = True
    must_rate: bool = True
    scales: tuple[Scale, ...] = Field(default=(Scale(),), min_length=1)
    url_parameters: tuple[Text, ...] = ()
    completion: Completion | None = None
    headphone_check: Literal["antiphase", "huggins"] | None = None
    screens: tuple[Screen, ...] = ()
    quota: Annotated[int, Field(ge=1)] | None = None
    language: Text | None = None
    adaptive: AdaptiveRule | None = None
    lab: Lab | None = None

    @model_validator(mode="after")
    def _adaptive_trials_are_answered(self) -> SessionSettings:
        if self.adaptive is not None and not self.must_rate:
            raise ValueError(
                "an adaptive test chooses each page by the answer to the one before; expected must_rate: true"
            )
        return self

    @model_validator(mode="after")
    def _somebody_can_be_screened_out(self) -> SessionSettings:
        if self.completion is not None and self.completion.screens_out and not self.checks:
            raise ValueError(
                "completion says what those take back who fail a check, and there is none; expected "
                "headphone_check: antiphase or huggins, or screens: [hearing]"
            )
        return self

    @field_validator("screens")
    @classmethod
    def _screens_differ(cls, screens: tuple[Screen, ...]) -> tuple[Screen, ...]:
        if len(set(screens)) < len(screens):
            raise ValueError(f"screens are {', '.join(screens)}; expected different ones")
        return screens

    @field_validator("scales")
    @classmethod
    def _scales_differ(cls, scales: tuple[Scale, ...]) -> tuple[Scale, ...]:
        names = [scale.name for scale in scales]
        if len(set(names)) < len(names):
            raise ValueError(f"scales are named {', '.join(names)}; expected different names")
        return scales

    @property
    def checks(self) -> tuple[str, ...]:
        """Types of the pages before the first trial that are made of sounds alone, and so in no config."""
        found = ["headphone_check"] if self.headphone_check is not None else []
        return (*found, *(f"{screen}_check" for screen in self.screens if screen != "transducer"))

    def dump_shared(self) -> dict[str, Any]:
        """Return the settings by key, without those that only a subclass has."""
        return {name: getattr(self, name) for name in SessionSettings.model_fields}


class StudyOptions(SessionSettings):
    """The `listenable:` block; docs/formats.md describes each key."""

    schema_version: int = SCHEMA_VERSION
    hidden_reference: bool = True
    tests: Annotated[tuple[TestName, ...], Field(min_length=1)] | None = None
    conditions: dict[Text, ConditionInfo] = Field(default_factory=dict)
    items: dict[Text, ItemInfo] = Field(default_factory=dict)
    trials: dict[Text, TrialInfo] = Field(default_factory=dict)
    questionnaires: dict[Text, tuple[Question, ...]] = Field(default_factory=dict)
    files: dict[Text, Text] = Field(default_factory=dict)
    provenance: dict[Text, Text] = Field(default_factory=dict)
    translations: tuple[dict[Text, Text], ...] | None = None

    @field_validator("schema_version")
    @classmethod
    def _is_known(cls, version: int) -> int:
        if not 1 <= version <= SCHEMA_VERSION:
            raise ValueError(f"is {version}; this version of listenable reads {SCHEMA_VERSION}")
        return version

"""What can be chosen when a study is built; by default a MUSHRA test as BS.1534-3 asks for it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from stimuli import MAX_SEED
from stimuli.validation import describe_finding
from study_builder.config.listening_tests import TESTS, TestName
from study_builder.config.options import SessionSettings
from study_builder.config.page_models import Text
from study_builder.config.page_types import Question
from study_builder.config.webmushra import unknown_among
from study_builder.config.yaml_reader import parse
from study_builder.design.adaptive import find_test
from study_builder.errors import ConfigError
from study_builder.sounds.anchors import ANCHORS, AnchorChoice
from study_builder.sounds.sound_set import Layout

BOTH_ANCHORS: tuple[AnchorChoice, ...] = tuple(ANCHORS)


class Choices(SessionSettings):
    """How a study is built from a set of sounds; a YAML file of choices has these keys.

    `study_builder.choice_texts` says what each is. Where no question is given, it is the paper's if the
    classifier's answers are known, else the quality compared with the reference. An anchor that the set has
    is kept. A `target_lufs` of null leaves the sounds' levels alone; training scores do not count.
    """

    test: TestName = "mushra"
    tests: Annotated[tuple[TestName, ...], Field(min_length=1)] | None = None
    pairs: tuple[Annotated[Text, Field(pattern=r"^[^:]+:[^:]+$")], ...] | None = None
    against: Text | None = None
    ties: bool = False
    title: Text = "Listening test"
    test_id: Text | None = None
    question: Text | None = None
    instructions: Text | None = None
    consent: Text | None = None
    volume_text: Text | None = None
    finish: Text | None = None
    items: tuple[Text, ...] | None = None
    conditions: tuple[Text, ...] | None = None
    reference: Literal["hidden", "open", "none"] = "hidden"
    reference_name: Text | None = None
    layout: Layout | None = None
    anchors: tuple[AnchorChoice, ...] = BOTH_ANCHORS
    target_lufs: Annotated[float, Field(ge=-60, le=-5)] | None = -23.0
    loudness: Literal["trial", "set"] = "trial"
    length: Literal["exact", "trim", "pad"] = "exact"
    sample_rate: Annotated[int, Field(ge=8000, le=192000)] | None = None
    bits: Literal[16, 24] = 16
    training_items: Annotated[int, Field(ge=0)] | tuple[Text, ...] = 1
    training_apart: bool = False
    repeats: Annotated[int, Field(ge=0)] = 0
    attention_checks: Annotated[int, Field(ge=0)] = 0
    questionnaire: tuple[Question, ...] | None = None
    show_waveform: bool = True
    loop: bool = True
    switch_back: bool = False
    show_previous: bool = False
    # A config that somebody else wrote may have any seed, and none of our languages.
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 0
    language: Text = "en"

    @property
    def chosen_tests(self) -> tuple[TestName, ...]:
        """The tests of the study, in their order."""
        return self.tests or (self.test,)

    @property
    def is_plain_mushra(self) -> bool:
        """Whether the study is one of MUSHRA alone, which needs no name in its config."""
        return self.chosen_tests == ("mushra",)

    @model_validator(mode="after")
    def _tests_use_what_is_chosen(self) -> Choices:
        chosen = self.chosen_tests
        if self.tests is not None and "test" in self.model_fields_set:
            raise ValueError("test and tests are both given; expected one of them")
        if len(set(chosen)) < len(chosen):
            raise ValueError(f"tests lists {', '.join(chosen)}; expected different tests")
        if {"mushra", "mushra-nmr"} <= set(chosen):
            raise ValueError(
                "tests lists mushra and mushra-nmr, whose scores of a sound could not be told apart; "
                "expected one of them: make two studies to compare them"
            )
        if self.pairs is not None and self.against is not None:
            raise ValueError("pairs and against are both given; expected one of them")
        pairs = self.pairs is not None or self.against is not None
        if pairs and not any(TESTS[name].presents == "pair" for name in chosen):
            raise ValueError(
                f"pairs are chosen, but {' and '.join(chosen)} compares none; expected ab, abx or ccr"
            )
        if self.adaptive is not None:
            self._refuse_what_does_not_adapt()
        if self.ties and "ab" not in chosen:
            raise ValueError(f"ties are answers of an ab test, and the test is {' and '.join(chosen)}")
        if self.items_per_session is not None and self.pages_per_session is not None:
            raise ValueError("items_per_session and pages_per_session are both given; expected one of them")
        return self

    def _refuse_what_does_not_adapt(self) -> None:
        rule = self.adaptive or ""
        needed = find_test(rule)
        if needed not in self.chosen_tests:
            raise ValueError(
                f"adaptive is {rule!r}, but the test is {' and '.join(self.chosen_tests)}; expected {needed}"
            )
        if needed == "abx" and self.pairs is None and self.against is None:
            raise ValueError(
                "an adaptive test needs a series of pairs, the hardest first; expected against, such as "
                "reference, or pairs"
            )
        for name in ("repeats", "attention_checks", "pages_per_session", "show_previous"):
            if value := getattr(self, name):
                raise ValueError(
                    f"{name} is {value}, but the pages of an adaptive test follow from the answers; leave it "
                    "out"
                )

    @field_validator("items", "conditions", "training_items")
    @classmethod
    def _names_differ(cls, value: Any) -> Any:
        for name, times in Counter(value if isinstance(value, tuple) else ()).items():
            if times > 1:
                raise ValueError(f"{name!r} is listed {times} times; expected different names")
        return value

    @field_validator("questionnaire")
    @classmethod
    def _questions_differ(cls, questions: tuple[Question, ...] | None) -> tuple[Question, ...] | None:
        for name, times in Counter(question.name for question in questions or ()).items():
            if times > 1:
                raise ValueError(f"{name!r} is asked {times} times; expected different names")
        return questions

    @field_validator("anchors", mode="before")
    @classmethod
    def _anchors_by_yes_or_no(cls, value: Any) -> Any:
        return BOTH_ANCHORS if value is True else () if value is False else value

    @classmethod
    def load(cls, path: Path | str | None, **flags: Any) -> Choices:
        """Read a YAML file of choices; a flag that is not None takes precedence.

        Raises:
            ConfigError: a key is unknown, or a value is not one of those expected.
        """
        fields: dict[str, Any] = {}
        if path is not None:
            try:
                text = Path(path).read_text(encoding="utf-8-sig")
            except UnicodeDecodeError as error:
                raise ConfigError(f"{path}: byte {error.start} is not UTF-8; expected a text file") from error
            document = parse(text, str(path))
            if document.data is not None and not isinstance(document.data, dict):
                raise ConfigError(f"{path}: has no keys; expected choices such as 'title: My study'")
            fields = dict(document.data or {})
        fields |= {name: value for name, value in flags.items() if value is not None}
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            problem = error.errors()[0]
            key = ".".join(map(str, problem["loc"]))
            if not problem["loc"]:  # choices that do not go together
                where = "" if path is None else f"{path}: "
                raise ConfigError(f"{where}{describe_finding(key, problem)}") from None
            if path is None or (problem["loc"][0] in flags and flags[str(problem["loc"][0])] is not None):
                where = f"--{key.replace('_', '-')}"
            else:
                where = f"{path}, line {document.line(tuple(problem['loc']))}"
            if problem["type"] == "extra_forbidden":
                raise ConfigError(f"{where}: {unknown_among(key, list(cls.model_fields))}") from None
            raise ConfigError(f"{where}: {describe_finding(key, problem)}") from None

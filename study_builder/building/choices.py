"""What can be chosen when a study is built; every default is what BS.1534-3 asks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator

from stimuli import MAX_SEED
from stimuli.validation import describe_finding
from study_builder.config.options import SessionSettings
from study_builder.config.page_models import Text
from study_builder.config.page_types import Question
from study_builder.config.webmushra import unknown_among
from study_builder.config.yaml_reader import parse
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

    title: Text = "Listening test"
    test_id: Text | None = None
    question: Text | None = None
    instructions: Text | None = None
    consent: Text | None = None
    volume_text: Text | None = None
    finish: Text | None = None
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

    @field_validator("conditions", "training_items")
    @classmethod
    def _names_differ(cls, value: Any) -> Any:
        names = value if isinstance(value, tuple) else ()
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name!r} is listed {names.count(name)} times; expected different names")
        return value

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
            if path is None or (problem["loc"][0] in flags and flags[str(problem["loc"][0])] is not None):
                where = f"--{key.replace('_', '-')}"
            else:
                where = f"{path}, line {document.line(tuple(problem['loc']))}"
            if problem["type"] == "extra_forbidden":
                raise ConfigError(f"{where}: {unknown_among(key, list(cls.model_fields))}") from None
            raise ConfigError(f"{where}: {describe_finding(key, problem)}") from None

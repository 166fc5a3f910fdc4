"""What can be chosen when a study is built; every default is what BS.1534-3 asks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator

from stimuli import MAX_SEED
from stimuli.validation import finding
from study_builder.config.options import Completion, Order, Scale
from study_builder.config.page_models import Model, Text
from study_builder.config.page_types import Question
from study_builder.config.webmushra import unknown_among
from study_builder.config.yaml_reader import parse
from study_builder.errors import ConfigError
from study_builder.sounds.sound_set import Layout

Anchor = Literal["low", "mid"]
BOTH_ANCHORS: tuple[Anchor, ...] = ("low", "mid")


class Choices(Model):
    """How a study is built from a set of sounds; a YAML file of choices has these keys.

    Attributes:
        title, test_id: of the study.
        question: on every trial; by default the paper's where the classifier's answers are known, else the
            quality beside the reference.
        instructions, consent, volume_text, finish: HTML of the pages of that name; empty leaves the page out
            (the finish page stays).
        scales: attributes to score, one by default.
        conditions: names or ids of the methods to compare, in this order; all by default.
        reference: `hidden` (open and hidden, as BS.1534 has it), `open` or `none`.
        reference_name, layout: how to read a folder of sounds.
        anchors: which to add; an anchor that the set has is kept.
        target_lufs: loudness that the sounds are aligned to; null leaves their levels alone.
        loudness: align each trial on its own, or all trials to one loudness.
        length: what to do where the sounds of a trial differ in length.
        sample_rate: in Hz; null keeps the sounds' own.
        bits: of the written files.
        training_items: how many items, or which (by name or id), are rated once for training; their grades
            do not count.
        training_apart: whether training items are left out of the test itself.
        repeats: how many trials come twice, to see how reliable a listener is.
        attention_checks: how many pages ask for a given score.
        questionnaire: questions on the last page.
        show_waveform, loop, switch_back: of the rating pages.
    """

    title: Text = "Listening test"
    test_id: Text | None = None
    question: Text | None = None
    instructions: Text | None = None
    consent: Text | None = None
    volume_text: Text | None = None
    finish: Text | None = None
    scales: tuple[Scale, ...] = Field(default_factory=lambda: (Scale(),), min_length=1)
    conditions: tuple[Text, ...] | None = None
    reference: Literal["hidden", "open", "none"] = "hidden"
    reference_name: Text | None = None
    layout: Layout | None = None
    anchors: tuple[Anchor, ...] = BOTH_ANCHORS
    target_lufs: Annotated[float, Field(ge=-60, le=-5)] | None = -23.0
    loudness: Literal["trial", "set"] = "trial"
    length: Literal["exact", "trim", "pad"] = "exact"
    sample_rate: Annotated[int, Field(ge=8000, le=192000)] | None = None
    bits: Literal[16, 24] = 16
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 0
    order: Order = "williams"
    items_per_session: Annotated[int, Field(ge=1)] | None = None
    training_items: Annotated[int, Field(ge=0)] | tuple[Text, ...] = 1
    training_apart: bool = False
    repeats: Annotated[int, Field(ge=0)] = 0
    attention_checks: Annotated[int, Field(ge=0)] = 0
    must_listen: bool = True
    must_rate: bool = True
    questionnaire: tuple[Question, ...] | None = None
    show_waveform: bool = True
    loop: bool = True
    switch_back: bool = False
    show_previous: bool = False
    language: Text = "en"
    url_parameters: tuple[Text, ...] = ()
    completion: Completion | None = None
    headphone_check: Literal["antiphase", "huggins"] | None = None
    quota: Annotated[int, Field(ge=1)] | None = None

    @field_validator("conditions", "training_items")
    @classmethod
    def _names_differ(cls, value: Any) -> Any:
        names = value if isinstance(value, tuple) else ()
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"'{name}' is listed {names.count(name)} times; expected different names")
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
                raise ConfigError(f"{path}: holds no keys; expected choices such as 'title: My study'")
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
            raise ConfigError(f"{where}: {finding(key, problem)}") from None

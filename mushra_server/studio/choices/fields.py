"""The form of choices: its fields in groups, and from what a browser sends to what a file of choices says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from mushra_server.studio.choices.rows import (
    QUESTIONS,
    SCALES,
    choose_question,
    choose_scale,
    question_rows,
    read_number,
    scale_rows,
    show_number,
)
from mushra_server.studio.choices.sentences import OPTIONS, SENTENCES, UNCHOSEN
from stimuli.validation import describe_finding
from study_builder.building.choices import Choices
from study_builder.config.listening_tests import TESTS

__all__ = ["GROUPS", "Field", "choices_yaml", "field_named_in", "read_choices", "read_form", "show_value"]


@dataclass(frozen=True)
class Field:
    """One choice in the form.

    Attributes:
        name: key of the file of choices; `completion.code` is the key `code` of `completion`.
        label: as people read it.
        kind: text, long, number, whole, yes, list (names separated by commas), mixed (a number or names) or
            select.
        options: of a select, value and label.
        may_omit: of a long text, whether its page may be left out.
        rare: whether most studies leave it as it is, so that the form folds it away.
    """

    name: str
    label: str
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    may_omit: bool = False
    rare: bool = False

    @property
    def omit_name(self) -> str:
        """Name of the box that leaves the page of a long text out."""
        return f"omit-{self.name}"

    @property
    def sentence(self) -> str:
        """What the choice means."""
        return SENTENCES[self.name]

    @property
    def default(self) -> Any:
        """What holds if nothing is chosen."""
        if self.name == "anchors":
            return True
        return (
            None
            if "." in self.name
            else Choices.model_fields[self.name].get_default(call_default_factory=True)
        )

    @property
    def default_text(self) -> str:
        """The default, as it is shown next to the field."""
        if self.kind == "long":
            return "a text that fits the test"
        if self.kind == "yes":
            return "yes" if self.default else "no"
        if self.kind == "select":
            return dict(self.options).get("" if self.default is None else str(self.default), "")
        if self.default in (None, (), ""):
            return UNCHOSEN.get(self.name, "none")
        return show_number(self.default)


def _select(name: str, label: str, *, rare: bool = False) -> Field:
    return Field(name, label, "select", tuple(OPTIONS[name].items()), rare=rare)


GROUPS: dict[str, tuple[Field, ...]] = {
    "Test": (
        Field(
            "test", "Test", "select", tuple((name, f"{name}: {test.asks}") for name, test in TESTS.items())
        ),
        Field("tests", "Several tests", "list", rare=True),
        Field("title", "Title"),
        Field("question", "Question"),
        _select("language", "Language"),
        Field("pairs", "Pairs", "list", rare=True),
        Field("against", "Compare with", rare=True),
        Field("ties", "No preference", "yes", rare=True),
        Field("adaptive", "Staircase", rare=True),
    ),
    "Sounds": (
        _select("layout", "Folders", rare=True),
        Field("reference_name", "Name of the reference"),
        _select("reference", "Reference"),
        Field("items", "Items", "list", rare=True),
        Field("conditions", "Conditions", "list", rare=True),
        Field("anchors", "Anchors", "yes"),
        Field("target_lufs", "Loudness (LUFS)", "number"),
        _select("loudness", "Align", rare=True),
        _select("length", "Unequal lengths", rare=True),
        Field("sample_rate", "Sample rate (Hz)", "whole", rare=True),
        _select("bits", "Bits", rare=True),
    ),
    "Session": (
        Field("items_per_session", "Items per listener", "whole"),
        Field("pages_per_session", "Pages per listener", "whole", rare=True),
        Field("training_items", "Training", "mixed"),
        Field("training_apart", "Training apart", "yes", rare=True),
        Field("repeats", "Repeats", "whole", rare=True),
        Field("attention_checks", "Attention checks", "whole"),
        _select("headphone_check", "Headphone check"),
        Field("screens", "Screens", "list", rare=True),
        _select("order", "Order", rare=True),
        Field("seed", "Seed", "whole", rare=True),
        Field("must_listen", "Must listen", "yes", rare=True),
        Field("must_rate", "Must answer", "yes", rare=True),
        Field("show_waveform", "Show waveforms", "yes", rare=True),
        Field("loop", "Repeat parts", "yes", rare=True),
        Field("switch_back", "Switch to the start", "yes", rare=True),
        Field("show_previous", "Go back", "yes", rare=True),
    ),
    "Texts": (
        Field("consent", "Consent", "long", may_omit=True),
        Field("volume_text", "Volume", "long", may_omit=True),
        Field("instructions", "Instructions", "long", may_omit=True),
        Field("finish", "Last page", "long"),
        Field("lab.name", "Name of the lab", rare=True),
        Field("lab.colour", "Colour of the lab", rare=True),
        Field("lab.contact", "Contact", rare=True),
    ),
    "Completion": (
        Field("completion.code", "Completion code"),
        Field("completion.redirect", "Completion address"),
        Field("completion.screened_out_code", "Code for those screened out", rare=True),
        Field("completion.screened_out_redirect", "Address for those screened out", rare=True),
        Field("quota", "Quota", "whole"),
        Field("url_parameters", "Address parameters", "list", rare=True),
    ),
}


def read_form(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what a form chooses, as a file of choices has it; defaults are left out."""
    chosen: dict[str, Any] = {}
    for field in (field for group in GROUPS.values() for field in group):
        value = "" if form.get(field.omit_name) == "yes" else _read_value(field, form.get(field.name, ""))
        if value == field.default or (value is None and field.name != "target_lufs"):
            continue
        outer, _, inner = field.name.partition(".")
        if inner:
            chosen.setdefault(outer, {})[inner] = value
        else:
            chosen[outer] = value
    if read_as := form.get("read_as"):  # the button next to one of two readings of the folders
        chosen["layout"] = read_as
    for name, rows, default, choose in (
        ("questionnaire", QUESTIONS.read(form), question_rows({}), choose_question),
        ("scales", SCALES.read(form), scale_rows({}), choose_scale),
    ):
        if rows != default:
            chosen[name] = [choose(row) for row in rows]
    return chosen


def show_value(field: Field, chosen: Mapping[str, Any]) -> str:
    """Return the text or state that a field shows."""
    outer, _, inner = field.name.partition(".")
    value = chosen.get(outer, field.default if not inner else {})
    value = value.get(inner) if inner else value
    if field.kind == "yes":
        return "yes" if value else ""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return show_number(value)


def read_choices(chosen: Mapping[str, Any]) -> tuple[Choices | None, dict[str, str]]:
    """Return the choices, or None and what is wrong by the name of the field; "" is of no field."""
    try:
        return Choices.model_validate(dict(chosen)), {}
    except ValidationError as error:
        wrong: dict[str, str] = {}
        for problem in error.errors():
            key = ".".join(str(part) for part in problem["loc"] if isinstance(part, str))
            where = next((name for name in (key, key.split(".")[0]) if name in _NAMES), "")
            where = where or field_named_in(problem["msg"])
            wrong.setdefault(where, describe_finding(key, problem))
        return None, wrong


def field_named_in(sentence: str) -> str:
    """Return the name of the field that a sentence is about; "" if it names none."""
    for name in sorted(_NAMES, key=len, reverse=True):
        if re.search(rf"\b{re.escape(name)}\b|--{name.replace('_', '-')}\b", sentence):
            return name
    return ""


def choices_yaml(chosen: Mapping[str, Any]) -> str:
    """Return the file of choices that `listenable study build --choices` takes."""
    text: str = yaml.safe_dump(dict(chosen), sort_keys=False, allow_unicode=True, width=100) if chosen else ""
    return "# Choices of a study; what is not here has its default.\n" + text


def _read_value(field: Field, text: str) -> Any:
    text = text.strip()
    if field.kind == "yes":
        return text == "yes"
    if field.kind == "long":
        return text.replace("\r\n", "\n") or None
    if field.kind in ("list", "mixed"):
        if field.kind == "mixed" and text.isdecimal():
            return read_number(text)
        names = [name.strip() for name in text.split(",") if name.strip()]
        return names or (field.default if field.kind == "mixed" else None)
    if field.kind in ("number", "whole") or field.name == "bits":
        return read_number(text)
    return text or None


_NAMES = {"questionnaire", "scales", *(field.name for group in GROUPS.values() for field in group)}

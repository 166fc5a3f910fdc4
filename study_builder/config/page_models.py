"""What pages are made of: text that YAML read as numbers, sounds by condition, a reference next to them."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from study_builder.config.roles import REFERENCE


def _as_text(value: Any) -> Any:
    """Read a number or a truth value where text is meant as text: YAML made it one, its author did not."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _refuse_infinity(value: float) -> float:
    """Refuse what no computer counts with: infinity, no number, and a whole number of hundreds of digits."""
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise ValueError("is not a number that can be computed with; expected one below 1e308")
    return value


Text = Annotated[str, BeforeValidator(_as_text), WithJsonSchema({"type": ["string", "number", "boolean"]})]
Number = Annotated[int | float, AfterValidator(_refuse_infinity)]
Point = tuple[Number, Number, Number]


class Model(BaseModel):
    """A record that never changes and accepts no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BasePage(Model):
    """What every page has."""

    rates: ClassVar[bool] = False
    one_page_per_stimulus: ClassVar[bool] = False

    id: Text | None = None
    name: Text = ""
    content: Text = ""

    def sounds(self) -> dict[str, str]:
        """Return the page's sounds, by condition, as paths relative to the study's folder."""
        return {}

    def html(self) -> tuple[str, ...]:
        """Return the texts of the page that may contain HTML."""
        return (self.content,)


class RatingPage(BasePage):
    """A page that plays conditions and asks for scores or choices."""

    rates: ClassVar[bool] = True

    conditions: dict[Text, Text] = Field(min_length=1)

    @field_validator("conditions")
    @classmethod
    def _paths_are_given(cls, conditions: dict[str, str]) -> dict[str, str]:
        for name, path in conditions.items():
            _refuse_empty(path, f"the path of condition '{name}'")
        return conditions

    def sounds(self) -> dict[str, str]:
        """Return the page's sounds, by condition."""
        return dict(self.conditions)


class ReferencePage(RatingPage):
    """A rating page with a reference in addition to its conditions."""

    reference: Text | None = None
    show_waveform: bool = False
    enable_looping: bool = False

    @model_validator(mode="after")
    def _reference_is_apart(self) -> ReferencePage:
        if self.reference is not None:
            _refuse_empty(self.reference, "the path of the reference")
            if REFERENCE in self.conditions:
                raise ValueError(
                    f"a condition is named {REFERENCE!r} like the page's reference; expected another name"
                )
        return self

    def sounds(self) -> dict[str, str]:
        """Return the page's sounds, by condition; the reference, if there is one, is `reference`."""
        reference = {} if self.reference is None else {REFERENCE: self.reference}
        return {**self.conditions, **reference}


def _refuse_empty(path: str, what: str) -> None:
    if not path.strip():
        raise ValueError(f"{what} is empty; expected a file in the study's folder")

"""The pages of a study, typed: every page type and key that webMUSHRA has, under this project's names.

A default is what webMUSHRA does where the key is absent, so that leaving a key out and writing its default
mean the same. `webmushra.py` holds the other names that the same keys have in a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

REFERENCE = "reference"
LOW_ANCHOR = "anchor35"
MID_ANCHOR = "anchor70"


def _as_text(value: Any) -> Any:
    """Read a number or a truth value where text is meant as text: YAML made it one, its author did not."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_as_text)]
Number = int | float
Point = tuple[Number, Number, Number]


class Model(BaseModel):
    """A record that is never changed and takes no key that it does not know."""

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


class GenericPage(BasePage):
    """Any text."""

    type: Literal["generic"] = "generic"
    language: Text | None = None


class ConsentPage(BasePage):
    """Information for participants, with a box to tick."""

    type: Literal["consent"] = "consent"
    must_consent: bool = False


class VolumePage(BasePage):
    """A sound to set the volume with."""

    type: Literal["volume"] = "volume"
    stimulus: Text
    default_volume: Annotated[float, Field(ge=0, le=1)] = 0.5

    def sounds(self) -> dict[str, str]:
        """Return the one sound, as `volume`."""
        return {"volume": self.stimulus}


class RatingPage(BasePage):
    """A page that plays conditions and asks for scores or choices."""

    rates: ClassVar[bool] = True

    conditions: dict[Text, Text] = Field(min_length=1)

    @field_validator("conditions")
    @classmethod
    def _paths_inside_the_study(cls, conditions: dict[str, str]) -> dict[str, str]:
        for name, path in conditions.items():
            _check_path(path, f"the path of condition '{name}'")
        return conditions

    def sounds(self) -> dict[str, str]:
        """Return the page's sounds, by condition."""
        return dict(self.conditions)


class ReferencePage(RatingPage):
    """A rating page with a reference beside its conditions."""

    reference: Text | None = None
    show_waveform: bool = False
    enable_looping: bool = False

    @model_validator(mode="after")
    def _reference_is_apart(self) -> ReferencePage:
        if self.reference is not None:
            _check_path(self.reference, "the path of the reference")
            if REFERENCE in self.conditions:
                raise ValueError(
                    f"a condition is named '{REFERENCE}' beside the page's reference; expected another name"
                )
        return self

    def sounds(self) -> dict[str, str]:
        """Return the page's sounds, by condition; the reference, where there is one, is `reference`."""
        reference = {} if self.reference is None else {REFERENCE: self.reference}
        return {**self.conditions, **reference}


class MushraPage(ReferencePage):
    """A trial as BS.1534 has it: all conditions of an item, each rated against the others.

    `create_anchor35` and `create_anchor70` ask webMUSHRA to filter the reference in the browser; studies made
    here hold rendered anchors as ordinary conditions instead.
    """

    type: Literal["mushra"] = "mushra"
    strict: bool = True
    create_anchor35: bool = False
    create_anchor70: bool = False
    randomize: bool = True
    show_condition_names: bool = False
    switch_back: bool = False

    @property
    def created_anchors(self) -> tuple[str, ...]:
        """Names of the conditions that webMUSHRA would make in the browser."""
        wanted = {LOW_ANCHOR: self.create_anchor35, MID_ANCHOR: self.create_anchor70}
        return tuple(name for name, create in wanted.items() if create and name not in self.conditions)


class Bs1116Page(ReferencePage):
    """A page per stimulus as BS.1116 has it: reference and stimulus, hidden, against the open reference."""

    one_page_per_stimulus: ClassVar[bool] = True

    type: Literal["bs1116"] = "bs1116"
    create_anchor35: bool | None = None
    create_anchor70: bool | None = None


class PairedComparisonPage(ReferencePage):
    """A page per stimulus: which of two is the reference (AB, ABX, ABN)."""

    one_page_per_stimulus: ClassVar[bool] = True

    type: Literal["paired_comparison"] = "paired_comparison"
    unforced: Text | None = None


class LikertPoint(Model):
    """One answer of a Likert scale; the images are paths."""

    value: Text
    label: Text | None = None
    img: Text | None = None
    img_selected: Text | None = None
    img_higher_response_selected: Text | None = None


LikertScale = tuple[LikertPoint, ...]


class LikertPage(RatingPage):
    """What both Likert pages have: scales of named points."""

    must_rate: bool = False
    must_playback: Literal["ended", "processUpdate"] | bool = False
    response: tuple[LikertScale, ...] = Field(min_length=1)

    @field_validator("response", mode="before")
    @classmethod
    def _one_scale_or_several(cls, value: Any) -> Any:
        if isinstance(value, list | tuple) and value and all(isinstance(point, Mapping) for point in value):
            return [value]
        return value


class LikertSingleStimulusPage(LikertPage):
    """A page per stimulus, each rated on Likert scales: absolute category rating, MOS."""

    one_page_per_stimulus: ClassVar[bool] = True

    type: Literal["likert_single_stimulus"] = "likert_single_stimulus"
    max_stimuli: Annotated[int, Field(ge=1)] | None = None
    randomize: bool | None = None


class LikertMultiStimulusPage(LikertPage):
    """All stimuli on one page, each rated on a Likert scale."""

    type: Literal["likert_multi_stimulus"] = "likert_multi_stimulus"


class SpatialView(Model):
    """A camera of a spatial page."""

    view: Text
    position: Point | None = None
    rotation: Point | None = None


class SpatialObject(Model):
    """A thing that is shown in the room of a spatial page."""

    type: Text
    path: Text | None = None
    position: Point | None = None
    rotation: Point | None = None
    scale: Number | Point | None = None


class SpatialResponse(Model):
    """What a listener moves on a spatial page: a location, a width, an envelopment, height-width-depth."""

    type: Literal["localization", "asw", "lev", "hwd"]
    name: Text
    label: Text | None = None
    color: int | str | None = None
    stimulus: Text
    position: Point | None = None
    size: Number | Point | None = None
    bezier_outer_left: Point | None = None
    bezier_inner_left: Point | None = None
    bezier_inner_right: Point | None = None
    bezier_outer_right: Point | None = None
    height: Number | None = None
    depth: Number | None = None


class SpatialPage(RatingPage):
    """Where sounds are, and how wide, in a room that is drawn."""

    type: Literal["spatial"] = "spatial"
    framerate: Number | None = None
    room_measurements: Point | None = None
    number_of_loc_obj: int | None = None
    views: tuple[SpatialView, ...] = ()
    objects: tuple[SpatialObject, ...] = ()
    responses: tuple[SpatialResponse, ...] = ()


class Question(Model):
    """A question of the questionnaire."""

    type: Literal["text", "number", "likert", "long_text"]
    name: Text
    label: Text | None = None
    optional: bool = False
    min: Number | None = None
    max: Number | None = None
    default: Number | Text | None = None
    response: LikertScale | None = None


class FinishPage(BasePage):
    """The last page: questionnaire, thanks, and the sending of the results."""

    type: Literal["finish"] = "finish"
    popup_content: Text | None = None
    show_results: bool = False
    show_errors: bool = False
    write_results: bool | None = None
    questionnaire: tuple[Question, ...] = ()

    @model_validator(mode="after")
    def _question_names_differ(self) -> FinishPage:
        names = [question.name for question in self.questionnaire]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"the questionnaire asks '{name}' {names.count(name)} times; expected different names"
                )
        return self


RatedPage = (
    MushraPage
    | Bs1116Page
    | PairedComparisonPage
    | LikertSingleStimulusPage
    | LikertMultiStimulusPage
    | SpatialPage
)
Page = GenericPage | ConsentPage | VolumePage | RatedPage | FinishPage

PAGE_TYPES: dict[str, type[Page]] = {
    "generic": GenericPage,
    "consent": ConsentPage,
    "volume": VolumePage,
    "mushra": MushraPage,
    "bs1116": Bs1116Page,
    "paired_comparison": PairedComparisonPage,
    "likert_single_stimulus": LikertSingleStimulusPage,
    "likert_multi_stimulus": LikertMultiStimulusPage,
    "spatial": SpatialPage,
    "finish": FinishPage,
}


class Block(Model):
    """Pages that stay together; `random` says that their order is drawn anew for each session."""

    random: bool = False
    pages: tuple[Page | Block, ...] = ()


def walk(pages: tuple[Page | Block, ...]) -> Iterator[Page]:
    """Yield the pages of a tree of blocks in the order of the file."""
    for page in pages:
        if isinstance(page, Block):
            yield from walk(page.pages)
        else:
            yield page


def _check_path(path: str, what: str) -> None:
    if not path.strip():
        raise ValueError(f"{what} is empty; expected a file in the study's folder")

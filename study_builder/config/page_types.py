"""The pages of a study, typed: every page type and key that webMUSHRA has, under this project's names.

Those of `choice_pages` exist only here.

A default is what webMUSHRA does if the key is absent, so that leaving a key out and writing its default
mean the same. `webmushra.py` has the other names that the same keys have in a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from study_builder.config.choice_pages import AbPage, AbxPage, BestWorstPage, CcrPage, DcrPage
from study_builder.config.page_models import BasePage, Model, Number, RatingPage, ReferencePage, Text
from study_builder.config.roles import LOW_ANCHOR, MID_ANCHOR
from study_builder.config.spatial_page import SpatialPage


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


class MushraPage(ReferencePage):
    """A trial as BS.1534 has it: all conditions of an item, each rated against the others.

    `create_anchor35` and `create_anchor70` ask webMUSHRA to filter the reference in the browser; studies made
    here have rendered anchors as ordinary conditions instead.
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


class ComparedPage(ReferencePage):
    """One page per stimulus, which is distinguished from the reference."""

    one_page_per_stimulus: ClassVar[bool] = True

    @model_validator(mode="after")
    def _has_a_reference(self) -> ComparedPage:
        if self.reference is None:
            raise ValueError(
                f"page {self.id or self.name!r} has no 'reference'; expected the sound that its stimuli are "
                "compared with"
            )
        return self


class Bs1116Page(ComparedPage):
    """A page per stimulus as BS.1116 has it: reference and stimulus, hidden, against the open reference."""

    type: Literal["bs1116"] = "bs1116"
    create_anchor35: bool | None = None
    create_anchor70: bool | None = None


class PairedComparisonPage(ComparedPage):
    """A page per stimulus: which of two is the reference (AB, ABX, ABN)."""

    type: Literal["paired_comparison"] = "paired_comparison"
    unforced: Text | None = None


class LikertPoint(Model):
    """One answer of a Likert scale; the images are paths."""

    value: Text
    label: Text | None = None
    img: Text | None = None
    img_selected: Text | None = None
    img_higher_response_selected: Text | None = None

    @property
    def pictures(self) -> tuple[str, ...]:
        """The paths of the pictures that the point has."""
        paths = (self.img, self.img_selected, self.img_higher_response_selected)
        return tuple(path for path in paths if path)


LikertScale = tuple[LikertPoint, ...]


class LikertPage(RatingPage):
    """What both Likert pages have: scales of named points."""

    must_rate: bool = False
    must_playback: Literal["ended", "processUpdate"] | bool = False
    response: tuple[LikertScale, ...] = Field(min_length=1)

    @field_validator("response", mode="before")
    @classmethod
    def _wrap_single_scale(cls, value: Any) -> Any:
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

    @model_validator(mode="after")
    def _can_be_answered(self) -> Question:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(
                f"question {self.name!r} has min {self.min:g} and max {self.max:g}; expected min <= max"
            )
        return self


class FinishPage(BasePage):
    """The last page: questionnaire, thanks, and the sending of the results."""

    type: Literal["finish"] = "finish"
    popup_content: Text | None = None
    show_results: bool = False
    show_errors: bool = False
    write_results: bool | None = None
    questionnaire: tuple[Question, ...] = ()

    def html(self) -> tuple[str, ...]:
        """Return the page's text and what is said after it."""
        return (self.content, self.popup_content or "")

    @model_validator(mode="after")
    def _question_names_differ(self) -> FinishPage:
        names = [question.name for question in self.questionnaire]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"the questionnaire asks {name!r} {names.count(name)} times; expected different names"
                )
        return self


RatedPage = (
    MushraPage
    | Bs1116Page
    | PairedComparisonPage
    | LikertSingleStimulusPage
    | LikertMultiStimulusPage
    | SpatialPage
    | AbPage
    | AbxPage
    | CcrPage
    | DcrPage
    | BestWorstPage
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
    "ab": AbPage,
    "abx": AbxPage,
    "ccr": CcrPage,
    "dcr": DcrPage,
    "best_worst": BestWorstPage,
    "finish": FinishPage,
}


class Block(Model):
    """Pages that stay together; `random` means that their order is drawn again for each session."""

    random: bool = False
    pages: tuple[Page | Block, ...] = ()


def walk(pages: tuple[Page | Block, ...]) -> Iterator[Page]:
    """Yield the pages of a tree of blocks in the order of the file."""
    for page in pages:
        if isinstance(page, Block):
            yield from walk(page.pages)
        else:
            yield page

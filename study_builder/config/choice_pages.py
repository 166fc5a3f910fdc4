"""Pages that webMUSHRA does not have: pairs without a reference, ABX, degradation and best-worst."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import model_validator

from study_builder.config.page_models import RatingPage, ReferencePage, Text

LEAST_OF_A_BLOCK = 3


class PairPage(RatingPage):
    """Two conditions of an item, compared with each other.

    Without a `question`, the page asks its own in the listener's language; so it is for the pages below.
    """

    question: Text | None = None
    enable_looping: bool = False

    @model_validator(mode="after")
    def _has_two_conditions(self) -> PairPage:
        if len(self.conditions) != 2:
            raise ValueError(
                f"page {self.id or self.name!r} has {len(self.conditions)} 'stimuli'; expected 2, the pair "
                "that it compares"
            )
        return self


class AbPage(PairPage):
    """Which of two sounds is preferred; `ties` adds the answer that neither is."""

    type: Literal["ab"] = "ab"
    ties: bool = False


class AbxPage(PairPage):
    """Two sounds, and a third that is one of them: which?"""

    type: Literal["abx"] = "abx"


class CcrPage(PairPage):
    """The second sound compared with the first, from much worse to much better (P.800, annex E)."""

    type: Literal["ccr"] = "ccr"


class DcrPage(ReferencePage):
    """The reference and then a sound: how audible and annoying is what differs (P.800, annex D)."""

    one_page_per_stimulus: ClassVar[bool] = True

    type: Literal["dcr"] = "dcr"
    question: Text | None = None

    @model_validator(mode="after")
    def _has_a_reference(self) -> DcrPage:
        if self.reference is None:
            raise ValueError(
                f"page {self.id or self.name!r} has no 'reference'; expected the sound that is heard first"
            )
        return self


class BestWorstPage(RatingPage):
    """Which of several sounds is best, and which is worst."""

    type: Literal["best_worst"] = "best_worst"
    question: Text | None = None
    enable_looping: bool = False

    @model_validator(mode="after")
    def _has_enough_conditions(self) -> BestWorstPage:
        if len(self.conditions) < LEAST_OF_A_BLOCK:
            raise ValueError(
                f"page {self.id or self.name!r} has {len(self.conditions)} 'stimuli'; expected "
                f"{LEAST_OF_A_BLOCK} or more, of which one is best and one is worst"
            )
        return self


ChoicePage = AbPage | AbxPage | CcrPage | DcrPage | BestWorstPage

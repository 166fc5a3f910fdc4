"""The rating pages of one listening test: which conditions each page plays, and what it asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from study_builder.building import default_texts as texts
from study_builder.building.choices import Choices
from study_builder.config.choice_pages import (
    LEAST_OF_A_BLOCK,
    AbPage,
    AbxPage,
    BestWorstPage,
    CcrPage,
    DcrPage,
)
from study_builder.config.listening_tests import TESTS, ListeningTest
from study_builder.config.page_types import (
    Bs1116Page,
    LikertPoint,
    LikertScale,
    LikertSingleStimulusPage,
    MushraPage,
    RatedPage,
)
from study_builder.config.roles import REFERENCE
from study_builder.config.scales import P835_BACKGROUND, P835_SIGNAL, QUALITY
from study_builder.design.incomplete_blocks import balanced_blocks
from study_builder.errors import BuildError
from study_builder.identifiers import ids_by_name, resolve_ids

BLOCK_SIZE = 4
"""Sounds on a best-worst page: enough to choose from, few enough to remember."""
MOST_PAGES = 10_000
"""Of a test that has several pages for each item."""


@dataclass(frozen=True)
class Presented:
    """What one page plays of an item.

    Attributes:
        name: tells the pages of an item apart; empty if an item has one page.
        conditions: that are rated, compared or chosen from.
    """

    name: str
    conditions: tuple[str, ...]


def presentations(
    test: ListeningTest, names: Sequence[str], labels: Mapping[str, str | None], choices: Choices
) -> list[Presented]:
    """Return the pages that a test has for each item.

    Args:
        test: the test.
        names: of the conditions that it rates.
        labels: what people call them, by name.
        choices: which pairs are compared.

    Raises:
        BuildError: there are too few conditions, or a pair names one that does not exist.
    """
    if test.presents == "all":
        return [Presented("", tuple(names))]
    if test.presents == "one":
        return [Presented(name, (name,)) for name in names]
    if test.presents == "pair":
        return [Presented(f"{a}-{b}", (a, b)) for a, b in _pairs(names, labels, choices)]
    if len(names) < LEAST_OF_A_BLOCK:
        raise BuildError(
            f"a {test.name} test of {len(names)} conditions has nothing to choose from; expected "
            f"{LEAST_OF_A_BLOCK} or more (--test ab compares two)"
        )
    blocks = balanced_blocks(len(names), min(BLOCK_SIZE, len(names)))
    return [
        Presented(f"set{number}" if len(blocks) > 1 else "", tuple(names[at] for at in block))
        for number, block in enumerate(blocks, start=1)
    ]


def _pairs(names: Sequence[str], labels: Mapping[str, str | None], choices: Choices) -> list[tuple[str, str]]:
    if len(names) < 2:
        raise BuildError(
            f"there is only {', '.join(names) or 'nothing'} to compare; expected two conditions or more"
        )
    known = {name: labels.get(name) for name in names}
    if choices.against is not None:
        (other,) = resolve_ids([choices.against], known, "against")
        return [(name, other) for name in names if name != other]
    if choices.pairs is None:
        refuse_many_pages(len(names) * (len(names) - 1) // 2)
        return list(combinations(names, 2))
    refuse_many_pages(len(choices.pairs))
    by_name = ids_by_name(known)
    found: dict[tuple[str, str], None] = {}
    for pair in choices.pairs:
        a, b = resolve_ids(pair.split(":"), known, "pairs", known=by_name)
        if (a, b) in found or (b, a) in found:
            raise BuildError(f"pairs lists {pair!r} twice; expected each pair once (orders are balanced)")
        found[a, b] = None
    return list(found)


def refuse_many_pages(count: int) -> None:
    """Refuse a test of more pages than any study needs: some hundred conditions have thousands of pairs.

    Raises:
        BuildError: there are too many.
    """
    if count > MOST_PAGES:
        raise BuildError(
            f"the test would have {count} pages; expected at most {MOST_PAGES} (--items and --conditions "
            "leave some out; of a test of pairs, --pairs or --against names those to compare)"
        )


@dataclass(frozen=True)
class RatingPageMaker:
    """Makes the pages of one test.

    Attributes:
        test: the test.
        choices: of the study.
        question: asked on every page; None leaves it to the page, which speaks the listener's language.
        strict: whether MUSHRA pages are within webMUSHRA's limits.
    """

    test: ListeningTest
    choices: Choices
    question: str | None
    strict: bool = True

    def page(
        self, name: str, title: str, content: str, sounds: dict[str, str], reference: str | None
    ) -> RatedPage:
        """Return one page.

        Args:
            name: its id.
            title: shown to participants.
            content: HTML above the sounds.
            sounds: file of each condition that is presented.
            reference: file of the reference, if the study has one.
        """
        test, choices = self.test, self.choices
        common = {"id": name, "name": title, "content": content, "conditions": sounds}
        loop = {"enable_looping": choices.loop}
        if test.page_type == "mushra":
            return MushraPage(
                **common,
                **loop,
                reference=None if test.name == "mushra-nmr" else reference,
                strict=self.strict,
                show_waveform=choices.show_waveform,
                switch_back=choices.switch_back,
            )
        if test.page_type == "likert_single_stimulus":
            scales = _p835_scales() if test.name == "p835" else (_points(QUALITY),)
            return LikertSingleStimulusPage(**common, response=scales, must_rate=choices.must_rate)
        if test.name == "bs1116":
            return Bs1116Page(**common, **loop, reference=reference, show_waveform=choices.show_waveform)
        asked = {"question": self.question}
        if test.name == "dcr":
            return DcrPage(**common, **asked, **loop, reference=reference)
        if test.name == "ab":
            return AbPage(**common, **asked, **loop, ties=choices.ties)
        kinds: dict[str, type[AbxPage | CcrPage | BestWorstPage]] = {"abx": AbxPage, "ccr": CcrPage}
        return kinds.get(test.name, BestWorstPage)(**common, **asked, **loop)

    def content(self, prediction: str | None, asked: str | None = None) -> str:
        """Return the text above the sounds: the predicted class, if there is one, and the question."""
        if not (self.test.original or self.test.page_type == "mushra"):
            # The page has a place for its question.
            return texts.trial_content(None, prediction, self.choices.language)
        return texts.trial_content(asked or self.question, prediction, self.choices.language)


def list_rated_names(
    test: ListeningTest, names: Sequence[str], anchors: Sequence[str], choices: Choices
) -> list[str]:
    """Return the conditions that a test rates, the hidden reference last.

    Args:
        test: the test.
        names: of methods and anchors, in order.
        anchors: those of them that are anchors.
        choices: of the study.
    """
    made_for_another = any(TESTS[name].anchors for name in choices.chosen_tests) and not test.anchors
    apart = made_for_another and "anchors" not in choices.model_fields_set
    rated = [name for name in names if not (apart and name in anchors)]
    against_open = test.name in ("mushra", "dcr", "bs1116")
    return rated + ([REFERENCE] if choices.reference == "hidden" and not against_open else [])


def _points(labels: Sequence[str]) -> LikertScale:
    """Return a scale of five points from 1 to 5; the labels are those of the standard, lowest first."""
    return tuple(
        LikertPoint(value=str(score), label=label) for score, label in reversed(list(enumerate(labels, 1)))
    )


def _p835_scales() -> tuple[LikertScale, ...]:
    return tuple(_points(labels) for labels in (P835_SIGNAL, P835_BACKGROUND, QUALITY))

"""What adaptive tests share: a state that names the next page, and becomes another with its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

from study_builder.config import AbPage, AbxPage
from study_builder.config.listening_tests import TestName
from study_builder.config.page_types import RatedPage
from study_builder.errors import BuildError

ACTIVE = "active-"
"""How rules begin that choose pairs; others are staircases."""
FEWEST = 3
"""Pairs that are enough to choose from."""


class AdaptiveState(Protocol):
    """A track between two trials. States are plain values: the same answers lead to equal ones."""

    @property
    def place(self) -> int:
        """Which page of the track's series comes next, from 0."""

    @property
    def finished(self) -> bool:
        """Whether no page comes next."""

    def answer(self, outcome: float) -> Self:
        """Return the state after an answer: 1 for right, or for the first condition of the page; else 0.

        One half is the answer that neither is preferred.
        """


def chooses_pairs(rule: str) -> bool:
    """Whether a rule chooses pairs for an `ab` test; others are staircases for `abx`."""
    return rule.startswith(ACTIVE)


def count_pairs(rule: str) -> int:
    """Return how many pairs each session hears."""
    return int(rule.removeprefix(ACTIVE))


def find_test(rule: str) -> TestName:
    """Return the test that a rule is for."""
    return "ab" if chooses_pairs(rule) else "abx"


def page_type_of(rule: str) -> type[RatedPage]:
    """Return the pages that a rule hands out."""
    return AbPage if chooses_pairs(rule) else AbxPage


def refuse_short_series(rule: str, pairs: Sequence[tuple[str, ...]]) -> None:
    """Refuse an adaptive test with too little to choose from.

    Args:
        rule: of the test.
        pairs: the conditions of each page of an item.

    Raises:
        BuildError: there are fewer than three pairs, or so few are heard that conditions stay unconnected.
    """
    if not chooses_pairs(rule):
        if len(pairs) < FEWEST:
            raise BuildError(
                f"the series of the adaptive test has {len(pairs)} pairs; expected {FEWEST} or more, the "
                "hardest first"
            )
        return
    conditions = {name for pair in pairs for name in pair}
    needed = len(conditions) - 1
    if len(pairs) < FEWEST:
        raise BuildError(f"there are {len(pairs)} pairs to choose from; expected {FEWEST} or more")
    if count_pairs(rule) < needed:
        raise BuildError(
            f"adaptive is {rule!r}, but {len(conditions)} conditions are connected by {needed} pairs at "
            f"least; expected {ACTIVE}{needed} or more"
        )

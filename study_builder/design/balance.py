"""The balance that a study's orders reach with so many listeners, counted on the plans themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, pairwise

from study_builder.config import StudyConfig
from study_builder.design.adaptive import chooses_pairs
from study_builder.design.orders import trial_pages
from study_builder.design.planned_pages import PlannedPage
from study_builder.design.sessions import session_plan
from study_builder.design.staircase import LONGEST_TRACK
from study_builder.errors import BuildError


@dataclass(frozen=True)
class Count:
    """How often something happens, over everything that it can happen to: least, most and mean."""

    what: str
    least: int
    most: int
    mean: float

    @classmethod
    def of(cls, what: str, counts: Iterable[int]) -> Count | None:
        """Summarise counts; None if there is nothing to count."""
        values = list(counts)
        return cls(what, min(values), max(values), sum(values) / len(values)) if values else None


@dataclass(frozen=True)
class Balance:
    """What `listeners` sessions of a study have in common.

    Attributes:
        listeners: number of sessions, in the slots 0 and up.
        counts: summary rows.
        heard: by item, how many sessions hear it.
        mean_position: by item, its mean place among the trials, from 1.
    """

    listeners: int
    counts: tuple[Count, ...]
    heard: dict[str, int]
    mean_position: dict[str, float]


def balance(config: StudyConfig, listeners: int) -> Balance:
    """Count how balanced the first `listeners` sessions are.

    Counted are, over the pages of kind `trial`: how often each item is heard, each pair of items within one
    session, each item in each position, each item directly after each other; and on the pages, each condition
    in each position, and each condition directly after each other, per item. Of a staircase, whose pages
    follow from the answers, the items' tracks are counted, and no conditions.

    Raises:
        BuildError: the study chooses pairs by the answers, so that nothing of their order is known.
    """
    rule = config.options.adaptive
    if rule is not None and chooses_pairs(rule):
        raise BuildError(
            "the pairs of an active test follow from the answers, so that there is no balance to count; "
            "`listenable study simulate` shows which pairs are heard"
        )
    sessions = [_trials(config, slot) for slot in range(listeners)]
    if rule is None:
        items = [page.id or "" for page in trial_pages(config)]
        ids = [[page.page.id or "" for page in trials] for trials in sessions]
    else:
        items = list(dict.fromkeys(config.trial(page).item for page in trial_pages(config)))
        ids = [list(dict.fromkeys(config.trial(page.page).item for page in trials)) for trials in sessions]
    heard = Counter(name for names in ids for name in names)
    pairs = Counter(pair for names in ids for pair in combinations(sorted(set(names)), 2))
    places = Counter((name, place) for names in ids for place, name in enumerate(names))
    after = Counter(pair for names in ids for pair in pairwise(names))
    longest = max(map(len, ids), default=0)
    rows = [
        Count.of("an item is heard", (heard[name] for name in items)),
        Count.of("two items are heard by one listener", (pairs[p] for p in combinations(sorted(items), 2))),
        Count.of("an item is at one place", (places[n, place] for n in items for place in range(longest))),
        Count.of("an item comes just after another", (after[a, b] for a in items for b in items if a != b)),
        *([] if rule else _conditions(config, [page for trials in sessions for page in trials])),
    ]
    mean_position = {
        name: sum(names.index(name) + 1 for names in ids if name in names) / heard[name]
        for name in items
        if heard[name]
    }
    counts = tuple(row for row in rows if row is not None)
    return Balance(listeners, counts, {name: heard[name] for name in items}, mean_position)


def _trials(config: StudyConfig, slot: int) -> list[PlannedPage]:
    longest = LONGEST_TRACK * len(trial_pages(config)) if config.options.adaptive else 0
    pages = session_plan(config, slot, (1,) * longest).pages  # the order of tracks is that of any answers
    return [page for page in pages if page.kind == "trial"]


def _conditions(config: StudyConfig, pages: list[PlannedPage]) -> Iterable[Count | None]:
    """Count places and sequences of conditions, item by item, over everything that could have happened."""
    places: Counter[tuple[str, str, int]] = Counter()
    after: Counter[tuple[str, str, str]] = Counter()
    names: dict[str, tuple[str, ...]] = {}
    for page in pages:
        names[page.id] = tuple(sorted(page.conditions))
        places.update((page.id, name, place) for place, name in enumerate(page.conditions))
        after.update((page.id, a, b) for a, b in pairwise(page.conditions))
    yield Count.of(
        "a condition of an item is at one place",
        (
            places[item, n, place]
            for item, found in names.items()
            for n in found
            for place in range(len(found))
        ),
    )
    yield Count.of(
        "a condition of an item comes just after another",
        (after[item, a, b] for item, found in names.items() for a in found for b in found if a != b),
    )

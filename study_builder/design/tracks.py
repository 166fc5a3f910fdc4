"""The tracks of an adaptive test: which page comes next, by the answers so far."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

from study_builder.config import AbPage, StudyConfig
from study_builder.config.page_models import RatingPage
from study_builder.config.page_types import Page, RatedPage
from study_builder.design.active_pairs import ActivePairs
from study_builder.design.adaptive import AdaptiveState, chooses_pairs, count_pairs, page_type_of
from study_builder.design.orders import Entry, Orders
from study_builder.design.planned_pages import PlannedPage, expand_page
from study_builder.design.staircase import LONGEST_TRACK, parse_rule

Numbers = TypeVar("Numbers", bound=Hashable)
Series = list[tuple[str, RatedPage]]
Track = tuple[Series, AdaptiveState, int]
"""The pages to choose from, the first state, and the most trials."""


def is_adaptive(config: StudyConfig, page: Page | None) -> bool:
    """Return whether the answers so far decide if and when a page is heard."""
    rule = config.options.adaptive
    if rule is None or not isinstance(page, page_type_of(rule)):
        return False
    return config.trial(page).kind == "trial"


def follow_tracks(orders: Orders, entries: Sequence[Entry], key: str) -> Iterator[PlannedPage]:
    """Yield the trials of all tracks, up to the first that has no answer.

    A page that comes again is another hearing, with its own order of the sounds and its own X.
    """
    series = [(entry.id, entry.page) for entry in entries if isinstance(entry.page, RatingPage)]
    rule, count = orders.config.options.adaptive or "", 0
    begin = _begin_pairs if chooses_pairs(rule) else _begin_staircases
    for pages, state, longest in begin(orders, series, key, rule):
        for _ in range(longest):
            if state.finished:
                break
            name, page = pages[state.place]
            (planned,) = expand_page(orders, f"{name}@{count + 1}", page)
            yield replace(planned, adaptive=state)
            if count == len(orders.answers):
                return
            state = state.answer(_outcome(planned, orders.answers[count]))
            count += 1


def _begin_staircases(orders: Orders, series: Series, key: str, rule: str) -> Iterator[Track]:
    """Yield one track per item: its pages are its levels, in the order of the file."""
    by_item: dict[str, Series] = {}
    for name, page in series:
        by_item.setdefault(orders.config.trial(page).item, []).append((name, page))
    items = list(by_item)
    for at in orders.order(len(items), orders.slot, key, "tracks"):
        levels = by_item[items[at]]
        yield levels, parse_rule(rule, len(levels)), LONGEST_TRACK


def _begin_pairs(orders: Orders, series: Series, key: str, rule: str) -> Iterator[Track]:
    """Yield the only track: the pairs of all items."""
    conditions = list(dict.fromkeys(name for _, page in series for name in page.conditions))
    items = list(dict.fromkeys(orders.config.trial(page).item for _, page in series))
    order = orders.order(len(series), orders.slot, key, "pairs")
    ranks = [0] * len(series)
    for rank, page in enumerate(order):
        ranks[page] = rank
    numbered = [[conditions.index(name) for name in page.conditions] for _, page in series]
    count = count_pairs(rule)
    state = ActivePairs(
        pairs=_share(tuple((a, b) for a, b in numbered)),
        items=_share(tuple(items.index(orders.config.trial(page).item) for _, page in series)),
        ranks=_share(tuple(ranks)),
        stop_after=count,
    )
    yield series, state, count


@lru_cache(maxsize=1024)
def _share(numbers: Numbers) -> Numbers:
    """Return the first of equal tuples: thousands of states are kept, and each has all pages of the study."""
    return numbers


def _outcome(planned: PlannedPage, answer: float) -> float:
    """Return an answer about the page's first condition, which is not always the sound that came first."""
    swapped = isinstance(planned.page, AbPage) and planned.conditions[0] != next(
        iter(planned.page.conditions)
    )
    return 1 - answer if swapped else answer


def is_open(entry: PlannedPage, answers: Sequence[float], count: int) -> bool:
    """Return whether a page, the `count`th of the tracks, waits for its answer."""
    return entry.adaptive is not None and count > len(answers)

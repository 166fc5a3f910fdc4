"""What a session hears, in which order: a pure function of the study's config and the session's slot."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from study_builder.config import StudyConfig
from study_builder.config.page_models import RatingPage
from study_builder.config.page_types import Block, Page
from study_builder.design.orders import Entry, Orders
from study_builder.design.planned_pages import PlannedPage, expand_page
from study_builder.design.put_between import is_put_between, put_between
from study_builder.design.tracks import follow_tracks, is_adaptive, is_open


@dataclass(frozen=True)
class SessionPlan:
    """The pages of one session, in order.

    Attributes:
        slot: of the session.
        pages: in their order.
        open: whether more pages follow that depend on the answer to the last of these.
    """

    slot: int
    pages: tuple[PlannedPage, ...]
    open: bool = False


def session_plan(config: StudyConfig, slot: int, answers: Sequence[float] = ()) -> SessionPlan:
    """Plan session `slot`: which pages, in which order, and the order of the conditions on each.

    The same config, slot and answers give the same plan on every machine, at any time. Slots are meant to be
    handed out from 0 upwards (`next_slot`): orders are balanced over rounds of consecutive slots.

    Args:
        config: the study.
        slot: of the session.
        answers: to the trials of an adaptive test so far; each decides on the next. For a staircase, 1 is
            right and 0 wrong; for pairs, 1 is the sound that was presented first, 0 the other, 0.5 neither.

    Raises:
        ValueError: `slot` is below 0.
    """
    if slot < 0:
        raise ValueError(f"slot is {slot}; expected 0 or more")
    planned: list[PlannedPage] = []
    trials = tracked = 0
    orders = Orders.of(config, slot, answers)
    for entry in _order_entries(orders, _number_pages(config), "pages", random=False):
        trial_position = None
        if entry.trial is not None:
            trial_position, trials = trials, trials + 1
        planned.append(replace(entry, position=len(planned), trial_position=trial_position))
        tracked += entry.adaptive is not None
        if is_open(entry, answers, tracked):
            return SessionPlan(slot, tuple(planned), open=True)
    return SessionPlan(slot, tuple(planned))


def next_slot(taken: Collection[int]) -> int:
    """Return the lowest slot that no running or finished session has; a drop-out frees theirs."""
    used = set(taken)
    return next(slot for slot in range(len(used) + 1) if slot not in used)


def _number_pages(config: StudyConfig) -> tuple[Entry, ...]:
    seen: Counter[str] = Counter()
    places = itertools.count(1)

    def number(entries: Sequence[Page | Block], path: str) -> tuple[Entry, ...]:
        numbered: list[Entry] = []
        for index, entry in enumerate(entries):
            if isinstance(entry, Block):
                here = f"{path}.{index}"
                numbered.append(Entry(here, None, entry.random, number(entry.pages, here)))
                continue
            place = next(places)
            name = entry.id or f"{entry.type}-{place}"
            seen[name] += 1
            numbered.append(Entry(name if seen[name] == 1 else f"{name}#{seen[name]}", entry))
        return tuple(numbered)

    return number(config.pages, "pages")


def _order_entries(orders: Orders, entries: Sequence[Entry], key: str, random: bool) -> Iterator[PlannedPage]:
    """Yield the planned pages of a block.

    In a random block, trials are ordered by the design; attention checks and repeats are then put between
    them.
    """
    kept = [entry for entry in entries if entry.page is None or id(entry.page) not in orders.left_out]
    if not random:
        for entry in kept:
            yield from _expand(orders, entry)
        return
    if any(is_adaptive(orders.config, entry.page) for entry in kept):
        yield from follow_tracks(orders, kept, key)
        return
    apart = [entry for entry in kept if is_put_between(orders.config, entry)]
    main = [entry for entry in kept if not is_put_between(orders.config, entry)]
    pages = [page for index in orders.order_of_entries(main, key) for page in _expand(orders, main[index])]
    for entry in apart:
        pages = put_between(orders, pages, list(_expand(orders, entry)))
    yield from pages


def _expand(orders: Orders, entry: Entry) -> Iterator[PlannedPage]:
    page = entry.page
    if page is None:
        yield from _order_entries(orders, entry.children, entry.id, entry.random)
    elif isinstance(page, RatingPage):
        yield from expand_page(orders, entry.id, page)
    else:
        yield PlannedPage(entry.id, page)


def planned_ids(config: StudyConfig) -> list[str]:
    """Return the ids that pages can have in a plan, in the order of the file."""
    orders = Orders(_fix_order(config), 0)  # every page once, also those of an adaptive test
    return [planned.id for planned in _order_entries(orders, _number_pages(config), "pages", random=False)]


def _fix_order(config: StudyConfig) -> StudyConfig:
    update = {"order": "fixed", "items_per_session": None, "adaptive": None}
    options = config.options.model_copy(update=update)
    return config.model_copy(update={"options": options})

"""The tracks of an adaptive test: which level of an item comes next, by the answers so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from study_builder.config import StudyConfig
from study_builder.config.choice_pages import AbxPage
from study_builder.config.page_models import RatingPage
from study_builder.config.page_types import Page, RatedPage
from study_builder.design.orders import Entry, Orders
from study_builder.design.planned_pages import PlannedPage, expand_page
from study_builder.design.staircase import follow_track


def is_adaptive(config: StudyConfig, page: Page | None) -> bool:
    """Return whether the answers so far decide if and when a page is heard."""
    if config.options.adaptive is None or not isinstance(page, AbxPage):
        return False
    return config.trial(page).kind == "trial"


def follow_tracks(orders: Orders, entries: Sequence[Entry], key: str) -> Iterator[PlannedPage]:
    """Yield the trials of one track per item, up to the first that has no answer.

    The pages of an item are its levels, in the order of the file. A page that comes again is another hearing,
    with its own order of the sounds and its own X.
    """
    tracks: dict[str, list[tuple[str, RatedPage]]] = {}
    for entry in entries:
        if isinstance(entry.page, RatingPage):
            tracks.setdefault(orders.config.trial(entry.page).item, []).append((entry.id, entry.page))
    items, count = list(tracks), 0
    for at in orders.order(len(items), orders.slot, key, "tracks"):
        levels = tracks[items[at]]
        rule = orders.config.options.adaptive or ""
        for staircase in follow_track(rule, len(levels), orders.answers[count:]):
            if count > len(orders.answers):
                return
            count += 1
            name, page = levels[round(staircase.level) - 1]
            for planned in expand_page(orders, f"{name}@{count}", page):
                yield replace(planned, staircase=staircase)


def is_open(entry: PlannedPage, answers: Sequence[bool], count: int) -> bool:
    """Return whether a page, the `count`th of the tracks, waits for its answer."""
    return entry.staircase is not None and count > len(answers)

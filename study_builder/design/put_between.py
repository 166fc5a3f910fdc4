"""Attention checks and repeats, which are put between the trials of a random block."""

from __future__ import annotations

from study_builder.config import StudyConfig
from study_builder.config.page_models import RatingPage
from study_builder.design.orders import Entry, Orders
from study_builder.design.planned_pages import PlannedPage
from study_builder.design.williams import below


def is_put_between(config: StudyConfig, entry: Entry) -> bool:
    """Return whether a page is an attention check or a repeat."""
    return isinstance(entry.page, RatingPage) and config.trial(entry.page).kind in ("attention", "repeat")


def put_between(orders: Orders, pages: list[PlannedPage], extra: list[PlannedPage]) -> list[PlannedPage]:
    """Insert `extra` at a drawn place: not first, and a repeat at least two pages after what it repeats."""
    if not extra:
        return pages
    trial = extra[0].trial
    repeated = None if trial is None else trial.repeat_of
    earliest = next((at + 2 for at, page in enumerate(pages) if page.page.id == repeated), 1)
    places = range(min(earliest, len(pages)), len(pages) + 1)
    options = orders.config.options
    if options.order == "fixed":
        at = len(pages)
    else:
        at = places[below(len(places), options.seed, "between", extra[0].id, orders.slot)]
    return [*pages[:at], *extra, *pages[at:]]

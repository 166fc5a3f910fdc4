"""One page of one session, with the order of its sounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from study_builder.config import Kind, LikertSingleStimulusPage, MushraPage, TrialInfo
from study_builder.config.choice_pages import AbPage, AbxPage, BestWorstPage
from study_builder.config.page_types import ComparedPage, Page, RatedPage
from study_builder.config.roles import REFERENCE
from study_builder.design.adaptive import AdaptiveState
from study_builder.design.orders import Orders


@dataclass(frozen=True)
class PlannedPage:
    """One page of one session.

    Attributes:
        id: unique within the study; the page's own id, or made of its type and place in the file.
        page: the page as the config has it. A page type that webMUSHRA shows once per stimulus comes once per
            stimulus, each time with the same `page`.
        conditions: the conditions that are scored here, in the order of presentation, from left to right; on
            bs1116 and paired comparison pages the stimulus and the reference; empty on pages that do not
            rate.
        position: place in the session, from 0.
        trial: what is known about a rating page, else None.
        trial_position: place among the session's rating pages, from 0, else None.
        hidden: on an ABX page, the condition that X is, else None.
        adaptive: in an adaptive test, its state before this page, else None.
    """

    id: str
    page: Page
    conditions: tuple[str, ...] = ()
    position: int = 0
    trial: TrialInfo | None = None
    trial_position: int | None = None
    hidden: str | None = None
    adaptive: AdaptiveState | None = None

    @property
    def kind(self) -> Kind | None:
        """What the page counts for, or None if it does not rate."""
        return None if self.trial is None else self.trial.kind


def expand_page(orders: Orders, name: str, page: RatedPage) -> Iterator[PlannedPage]:
    """Yield a rating page with the order of its sounds; once per stimulus if it is shown so."""
    if page.one_page_per_stimulus:
        yield from _split_by_stimulus(orders, name, page)
        return
    names, trial = orders.config.presented(page), orders.config.trial(page)
    still = isinstance(page, MushraPage) and not page.randomize
    if trial.kind == "attention" and isinstance(page, AbPage | AbxPage | BestWorstPage):
        still = True  # it asks for an answer by its place
    order = range(len(names)) if still else orders.order_of_conditions(page, len(names), name)
    shown = tuple(names[at] for at in order)
    x = (trial.x or shown[orders.place_of_x(page, name)]) if isinstance(page, AbxPage) else None
    yield PlannedPage(name, page, shown, trial=trial, hidden=x)


def _split_by_stimulus(orders: Orders, name: str, page: RatedPage) -> Iterator[PlannedPage]:
    stimuli = tuple(page.conditions)
    order = orders.order_of_conditions(page, len(stimuli), name)
    if isinstance(page, LikertSingleStimulusPage) and page.max_stimuli is not None:
        order = order[: page.max_stimuli]
    planned = partial(PlannedPage, page=page, trial=orders.config.trial(page))
    for stimulus in (stimuli[at] for at in order):
        shown: tuple[str, ...] = (stimulus,)
        if isinstance(page, ComparedPage):
            both = (stimulus, REFERENCE)
            shown = tuple(both[at] for at in orders.order_of_conditions(page, 2, name, stimulus))
        yield planned(f"{name}:{stimulus}", conditions=shown)

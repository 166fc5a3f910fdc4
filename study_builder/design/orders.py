"""Which pages a session hears, and the orders of these and of their sounds: one round of the design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from study_builder.config import StudyConfig
from study_builder.config.page_models import RatingPage
from study_builder.config.page_types import Page, RatedPage
from study_builder.design.incomplete_blocks import block_of
from study_builder.design.williams import below, row_of, shuffled, williams_row


def trial_pages(config: StudyConfig) -> list[RatedPage]:
    """Return the rating pages of kind `trial`, which `items_per_session` chooses from."""
    return [
        page for page in config.walk() if isinstance(page, RatingPage) and config.trial(page).kind == "trial"
    ]


def groups_of_pages(config: StudyConfig) -> list[list[RatedPage]]:
    """Return the pages of kind `trial` that `items_per_session` chooses or leaves out together.

    In a study that is built for other tests than MUSHRA, an item has several pages. In others a page is an
    item, also where several say the same item.
    """
    trials = trial_pages(config)
    if config.options.tests is None:
        return [[page] for page in trials]
    groups: dict[str, list[RatedPage]] = {}
    for page in trials:
        groups.setdefault(config.trial(page).item, []).append(page)
    return list(groups.values())


@dataclass(frozen=True)
class Entry:
    """A page, or a block of them, with the ids that pages have in a plan."""

    id: str
    page: Page | None = None
    random: bool = False
    children: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Orders:
    """What is known about a session before its pages are put in order.

    Attributes:
        config: the study.
        slot: of the session.
        places: by identity of a page that was chosen among more, its place among those chosen.
        turns: by identity of such a page, how many earlier sessions hear it.
        left_out: identities of the pages that the session does not hear.
        answers: to the trials of an adaptive test so far.
    """

    config: StudyConfig
    slot: int
    places: Mapping[int, int] = field(default_factory=dict)
    turns: Mapping[int, int] = field(default_factory=dict)
    left_out: frozenset[int] = frozenset()
    answers: Sequence[float] = ()

    @classmethod
    def of(cls, config: StudyConfig, slot: int, answers: Sequence[float]) -> Orders:
        """Choose the pages of a session."""
        trials = trial_pages(config)
        pages = config.options.pages_per_session
        groups = [[page] for page in trials] if pages is not None else groups_of_pages(config)
        k = pages if pages is not None else config.options.items_per_session
        if k is None or k >= len(groups):
            return cls(config, slot, answers=answers)
        heard = block_of(len(groups), k, slot, config.options.seed, "items" if pages is None else "pages")
        turns = {
            id(page): before
            for thing, before in zip(heard.things, heard.before, strict=True)
            for page in groups[thing]
        }
        out: list[Page] = [page for page in trials if id(page) not in turns]
        gone = {page.id for page in out if page.id is not None}
        rated = [page for page in config.walk() if isinstance(page, RatingPage)]
        out += [page for page in rated if config.trial(page).repeat_of in gone]
        alone = all(len(group) == 1 for group in groups)  # else the design places items, not pages
        places = {page: place for place, page in enumerate(turns)} if alone else {}
        return cls(config, slot, places, turns, frozenset(map(id, out)), answers)

    def order_of_entries(self, entries: Sequence[Entry], key: str) -> list[int]:
        """Return the order of a random block's entries, as indices."""
        places = [self.places.get(id(entry.page)) for entry in entries]
        if self.config.options.order == "williams" and entries and None not in places:
            return sorted(range(len(entries)), key=lambda at: places[at] or 0)
        return self.order(len(entries), self.slot, key)

    def order_of_conditions(self, page: Page, count: int, *key: object) -> list[int]:
        """Return the order of the conditions of a page, as indices."""
        return self.order(count, self.turns.get(id(page), self.slot), *key)

    def place_of_x(self, page: Page, name: str) -> int:
        """Return which sound X is on an ABX page: 0 for A, 1 for B.

        Every four sessions that hear the page, X is once each of the two in each order of them.
        """
        round_number, pair = divmod(self.turns.get(id(page), self.slot) // 2, 2)
        condition = below(2, self.config.options.seed, "x", name, round_number) ^ pair
        return condition ^ self.order_of_conditions(page, 2, name)[0]

    def order(self, count: int, turn: int, *key: object) -> list[int]:
        """Return an order of `count` elements for the session that is number `turn` to see them."""
        options = self.config.options
        if options.order == "fixed" or count < 2:
            return list(range(count))
        if options.order == "random":
            return shuffled(range(count), options.seed, "random", *key, turn)
        return list(williams_row(count, row_of(count, turn, options.seed, "williams", *key)))

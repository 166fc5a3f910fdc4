"""What a session hears, in which order: a pure function of the study's config and the session's slot."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from study_builder.config import Kind, LikertSingleStimulusPage, MushraPage, StudyConfig, TrialInfo
from study_builder.config.choice_pages import AbxPage
from study_builder.config.page_models import RatingPage
from study_builder.config.page_types import Block, ComparedPage, Page, RatedPage
from study_builder.config.roles import REFERENCE
from study_builder.design.incomplete_blocks import block_of
from study_builder.design.staircase import Staircase, follow_track
from study_builder.design.williams import below, row_of, shuffled, williams_row


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
        staircase: in an adaptive test, its state before this page, else None.
    """

    id: str
    page: Page
    conditions: tuple[str, ...] = ()
    position: int = 0
    trial: TrialInfo | None = None
    trial_position: int | None = None
    hidden: str | None = None
    staircase: Staircase | None = None

    @property
    def kind(self) -> Kind | None:
        """What the page counts for, or None if it does not rate."""
        return None if self.trial is None else self.trial.kind


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


def session_plan(config: StudyConfig, slot: int, answers: Sequence[bool] = ()) -> SessionPlan:
    """Plan session `slot`: which pages, in which order, and the order of the conditions on each.

    The same config, slot and answers give the same plan on every machine, at any time. Slots are meant to be
    handed out from 0 upwards (`next_slot`): orders are balanced over rounds of consecutive slots.

    Args:
        config: the study.
        slot: of the session.
        answers: to the trials of an adaptive test so far, right or wrong; each decides on the next.

    Raises:
        ValueError: `slot` is below 0.
    """
    if slot < 0:
        raise ValueError(f"slot is {slot}; expected 0 or more")
    planned: list[PlannedPage] = []
    trials = 0
    plan = _Plan.of(config, slot, answers)
    for entry in _order_entries(plan, _number_pages(config), "pages", random=False):
        trial_position = None
        if entry.trial is not None:
            trial_position, trials = trials, trials + 1
        planned.append(replace(entry, position=len(planned), trial_position=trial_position))
        if _is_open(entry, answers, sum(page.staircase is not None for page in planned)):
            return SessionPlan(slot, tuple(planned), open=True)
    return SessionPlan(slot, tuple(planned))


def next_slot(taken: Collection[int]) -> int:
    """Return the lowest slot that no running or finished session has; a drop-out frees theirs."""
    used = set(taken)
    return next(slot for slot in range(len(used) + 1) if slot not in used)


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
class _Numbered:
    """A page, or a block of them, with the ids that pages have in a plan."""

    id: str
    page: Page | None = None
    random: bool = False
    children: tuple[_Numbered, ...] = ()


@dataclass(frozen=True)
class _Plan:
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
    answers: Sequence[bool] = ()

    @classmethod
    def of(cls, config: StudyConfig, slot: int, answers: Sequence[bool]) -> _Plan:
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

    def order_of_entries(self, entries: Sequence[_Numbered], key: str) -> list[int]:
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


def _number_pages(config: StudyConfig) -> tuple[_Numbered, ...]:
    seen: dict[str, int] = {}

    def number(entries: Sequence[Page | Block], path: str) -> tuple[_Numbered, ...]:
        numbered: list[_Numbered] = []
        for index, entry in enumerate(entries):
            if isinstance(entry, Block):
                here = f"{path}.{index}"
                numbered.append(_Numbered(here, None, entry.random, number(entry.pages, here)))
                continue
            name = entry.id or f"{entry.type}-{sum(seen.values()) + 1}"
            seen[name] = seen.get(name, 0) + 1
            numbered.append(_Numbered(name if seen[name] == 1 else f"{name}#{seen[name]}", entry))
        return tuple(numbered)

    return number(config.pages, "pages")


def _order_entries(
    plan: _Plan, entries: Sequence[_Numbered], key: str, random: bool
) -> Iterator[PlannedPage]:
    """Yield the planned pages of a block.

    In a random block, trials are ordered by the design; attention checks and repeats are then put between
    them.
    """
    kept = [entry for entry in entries if entry.page is None or id(entry.page) not in plan.left_out]
    if not random:
        for entry in kept:
            yield from _expand(plan, entry)
        return
    if any(is_adaptive(plan.config, entry.page) for entry in kept):
        yield from _follow_tracks(plan, kept, key)
        return
    apart = [entry for entry in kept if _is_put_between(plan.config, entry)]
    main = [entry for entry in kept if not _is_put_between(plan.config, entry)]
    pages = [page for index in plan.order_of_entries(main, key) for page in _expand(plan, main[index])]
    for entry in apart:
        pages = _put_between(plan, pages, list(_expand(plan, entry)))
    yield from pages


def is_adaptive(config: StudyConfig, page: Page | None) -> bool:
    """Return whether the answers so far decide if and when a page is heard."""
    if config.options.adaptive is None or not isinstance(page, AbxPage):
        return False
    return config.trial(page).kind == "trial"


def _follow_tracks(plan: _Plan, entries: Sequence[_Numbered], key: str) -> Iterator[PlannedPage]:
    """Yield the trials of one track per item, up to the first that has no answer.

    The pages of an item are its levels, in the order of the file. A page that comes again is another hearing,
    with its own order of the sounds and its own X.
    """
    tracks: dict[str, list[_Numbered]] = {}
    for entry in entries:
        if entry.page is not None:
            tracks.setdefault(plan.config.trial(entry.page).item, []).append(entry)
    items, count = list(tracks), 0
    for at in plan.order(len(items), plan.slot, key, "tracks"):
        levels = tracks[items[at]]
        rule = plan.config.options.adaptive or ""
        for staircase in follow_track(rule, len(levels), plan.answers[count:]):
            if count > len(plan.answers):
                return
            count += 1
            level = levels[round(staircase.level) - 1]
            for planned in _expand(plan, replace(level, id=f"{level.id}@{count}")):
                yield replace(planned, staircase=staircase)


def _is_open(entry: PlannedPage, answers: Sequence[bool], count: int) -> bool:
    return entry.staircase is not None and count > len(answers)


def _is_put_between(config: StudyConfig, entry: _Numbered) -> bool:
    return isinstance(entry.page, RatingPage) and config.trial(entry.page).kind in ("attention", "repeat")


def _put_between(plan: _Plan, pages: list[PlannedPage], extra: list[PlannedPage]) -> list[PlannedPage]:
    """Insert `extra` at a drawn place: not first, and a repeat at least two pages after what it repeats."""
    if not extra:
        return pages
    trial = extra[0].trial
    repeated = None if trial is None else trial.repeat_of
    earliest = next((at + 2 for at, page in enumerate(pages) if page.page.id == repeated), 1)
    places = range(min(earliest, len(pages)), len(pages) + 1)
    options = plan.config.options
    if options.order == "fixed":
        at = len(pages)
    else:
        at = places[below(len(places), options.seed, "between", extra[0].id, plan.slot)]
    return [*pages[:at], *extra, *pages[at:]]


def _expand(plan: _Plan, entry: _Numbered) -> Iterator[PlannedPage]:
    page = entry.page
    if page is None:
        yield from _order_entries(plan, entry.children, entry.id, entry.random)
    elif not isinstance(page, RatingPage):
        yield PlannedPage(entry.id, page)
    elif page.one_page_per_stimulus:
        yield from _split_by_stimulus(plan, entry.id, page)
    else:
        names = plan.config.presented(page)
        still = isinstance(page, MushraPage) and not page.randomize
        order = range(len(names)) if still else plan.order_of_conditions(page, len(names), entry.id)
        shown = tuple(names[at] for at in order)
        x = shown[plan.place_of_x(page, entry.id)] if isinstance(page, AbxPage) else None
        yield PlannedPage(entry.id, page, shown, trial=plan.config.trial(page), hidden=x)


def _split_by_stimulus(plan: _Plan, name: str, page: RatedPage) -> Iterator[PlannedPage]:
    stimuli = tuple(page.conditions)
    order = plan.order_of_conditions(page, len(stimuli), name)
    if isinstance(page, LikertSingleStimulusPage) and page.max_stimuli is not None:
        order = order[: page.max_stimuli]
    planned = partial(PlannedPage, page=page, trial=plan.config.trial(page))
    for stimulus in (stimuli[at] for at in order):
        shown: tuple[str, ...] = (stimulus,)
        if isinstance(page, ComparedPage):
            both = (stimulus, REFERENCE)
            shown = tuple(both[at] for at in plan.order_of_conditions(page, 2, name, stimulus))
        yield planned(f"{name}:{stimulus}", conditions=shown)


def planned_ids(config: StudyConfig) -> list[str]:
    """Return the ids that pages can have in a plan, in the order of the file."""
    plan = _Plan(_fix_order(config), 0)  # every page once, also those of an adaptive test
    return [planned.id for planned in _order_entries(plan, _number_pages(config), "pages", random=False)]


def _fix_order(config: StudyConfig) -> StudyConfig:
    update = {"order": "fixed", "items_per_session": None, "adaptive": None}
    options = config.options.model_copy(update=update)
    return config.model_copy(update={"options": options})

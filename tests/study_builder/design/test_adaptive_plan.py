"""Plans of an adaptive test: each page follows from the answers so far, as a slower writing says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from study_builder.config import AbxPage, GenericPage, StudyConfig
from study_builder.config.options import StudyOptions, TrialInfo
from study_builder.config.page_types import Block
from study_builder.design import session_plan
from study_builder.design.balance import balance
from study_builder.design.staircase import LONGEST_TRACK, Staircase
from study_builder.errors import BuildError

LEVELS = 6


def make_config(items: int = 2, rule: str = "2-down-1-up") -> StudyConfig:
    pages, trials = [], {}
    for item in range(items):
        for level in range(1, LEVELS + 1):
            name = f"i{item}.q{level}"
            sounds = {f"q{level}": f"{item}-{level}.wav", "reference": f"{item}.wav"}
            pages.append(AbxPage(id=name, conditions=sounds))
            trials[name] = TrialInfo(item=f"i{item}", test="abx")
    options = StudyOptions(adaptive=rule, tests=("abx",), trials=trials, seed=3)
    closing = GenericPage(id="end", name="End", content="")
    return StudyConfig(pages=(Block(random=True, pages=tuple(pages)), closing), options=options)


def follow(answers: Sequence[bool], down: int, up: int) -> tuple[list[int], float | None]:
    """Return the levels of one track and its threshold, read off the whole history again at each step."""
    levels, turns, streak, last = [LEVELS], [], 0, ""
    for right in answers:
        streak = streak + 1 if right else 0
        here = levels[-1]
        if right and streak % down:
            levels.append(here)
            continue
        way = "down" if right else "up"
        if last not in ("", way):
            turns.append(here)
            if len(turns) == 8:
                return levels, float(np.mean(turns[2:]))
        last, streak = way, 0
        levels.append(max(here - 1, 1) if right else min(here + up, LEVELS))
    return levels, None


@pytest.mark.parametrize(("rule", "down", "up"), [("2-down-1-up", 2, 1), ("1-down-1-up-x3", 1, 3)])
def test_each_page_follows_from_the_answers(rule: str, down: int, up: int) -> None:
    config = make_config(rule=rule)
    rng = np.random.default_rng(4)
    answers: list[bool] = []
    while (plan := session_plan(config, 5, answers)).open:
        level = int(plan.pages[-1].page.id[-1])
        answers.append(bool(rng.random() < 0.5 + 0.1 * level))
    trials = [page for page in plan.pages if page.trial is not None]
    assert len(trials) == len(answers)
    assert plan.pages[-1].id == "end"
    items = [page.trial.item for page in trials if page.trial is not None]
    counts = Counter(items)
    assert len(counts) == 2
    assert items == [
        item for item in dict.fromkeys(items) for _ in range(counts[item])
    ]  # one after the other
    done = 0
    for item in dict.fromkeys(items):
        part = answers[done : done + counts[item]]
        levels, threshold = follow(part, down, up)
        assert [int(page.page.id[-1]) for page in trials[done : done + counts[item]]] == levels
        last = trials[done + counts[item] - 1].adaptive
        assert isinstance(last, Staircase)
        assert last.answer(part[-1]).threshold == pytest.approx(threshold)
        done += counts[item]
    # What was heard stays as it was, whatever follows; each hearing has its own id, order and X.
    for count in range(len(answers)):
        assert session_plan(config, 5, answers[:count]).pages == plan.pages[: count + 1]
    assert len({page.id for page in plan.pages}) == len(plan.pages)
    again = [page for page in trials if page.page.id == trials[0].page.id]
    assert len({(page.conditions, page.hidden) for page in again}) > 1


def test_sessions_begin_with_different_items() -> None:
    config = make_config(items=4)
    firsts = Counter(session_plan(config, slot).pages[-1].page.id for slot in range(8))
    assert firsts == {f"i{item}.q{LEVELS}": 2 for item in range(4)}


def test_a_track_of_somebody_who_always_hears_it_ends() -> None:
    config = make_config(items=1)
    plan = session_plan(config, 0, [True] * LONGEST_TRACK)
    assert not plan.open
    assert sum(page.trial is not None for page in plan.pages) == LONGEST_TRACK
    assert plan.pages[-2].page.id == "i0.q1"


def test_the_order_of_tracks_is_balanced_and_counted() -> None:
    found = balance(make_config(items=4), 8)
    counts = {row.what: (row.least, row.most) for row in found.counts}
    assert counts["an item is at one place"] == (2, 2)
    assert counts["an item comes just after another"] == (2, 2)
    assert found.heard == {f"i{item}": 8 for item in range(4)}
    assert set(found.mean_position.values()) == {2.5}
    assert not any("condition" in what for what in counts)  # which pages are heard follows from the answers


def test_there_is_no_balance_of_active_pairs_to_count() -> None:
    config = make_config(rule="active-20")
    with pytest.raises(BuildError, match=r"^the pairs of an active test follow from the answers"):
        balance(config, 4)

from __future__ import annotations

from collections.abc import Callable

from study_builder.config import StudyConfig
from study_builder.design import session_plan
from study_builder.design.balance import balance

MakeConfig = Callable[..., StudyConfig]


def test_a_whole_round_is_perfectly_balanced(make_config: MakeConfig) -> None:
    reached = balance(make_config(items=6, conditions=5), 6)
    assert {row.what: (row.least, row.most) for row in reached.counts} == {
        "an item is heard": (6, 6),
        "two items are heard by one listener": (6, 6),
        "an item is at one place": (1, 1),
        "an item comes just after another": (1, 1),
        "a condition of an item is at one place": (1, 1),
        "a condition of an item comes just after another": (1, 1),
    }
    assert set(reached.mean_position.values()) == {3.5}


def test_counts_agree_with_counting_by_hand(make_config: MakeConfig) -> None:
    config = make_config(items=7, items_per_session=3)
    reached = balance(config, 10)
    plans = [[p.id for p in session_plan(config, slot).pages if p.kind == "trial"] for slot in range(10)]
    assert reached.heard == {f"t{n}": sum(f"t{n}" in ids for ids in plans) for n in range(1, 8)}
    pairs = [
        sum({f"t{a}", f"t{b}"} <= set(ids) for ids in plans) for a in range(1, 8) for b in range(a + 1, 8)
    ]
    row = next(row for row in reached.counts if row.what == "two items are heard by one listener")
    assert (row.least, row.most, row.mean) == (min(pairs), max(pairs), sum(pairs) / len(pairs))


def test_items_that_nobody_hears_are_counted_too(make_config: MakeConfig) -> None:
    reached = balance(make_config(items=6, items_per_session=1), 2)
    assert sorted(reached.heard.values()) == [0, 0, 0, 0, 1, 1]
    assert len(reached.mean_position) == 2


def test_a_study_without_trials_has_no_balance() -> None:
    assert balance(StudyConfig(), 5).counts == ()

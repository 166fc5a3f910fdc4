from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import combinations, pairwise

import pytest

from study_builder.config import StudyConfig, TrialInfo
from study_builder.config.page_types import (
    Block,
    Bs1116Page,
    FinishPage,
    GenericPage,
    LikertMultiStimulusPage,
    LikertPoint,
    LikertSingleStimulusPage,
    MushraPage,
    Page,
    PairedComparisonPage,
)
from study_builder.design import next_slot, planned_ids, session_plan, trial_pages

MakeConfig = Callable[..., StudyConfig]
POINTS = (tuple(LikertPoint(value=str(value)) for value in range(1, 6)),)


def trials_of(config: StudyConfig, slot: int) -> list[str]:
    return [page.id for page in session_plan(config, slot).pages if page.kind == "trial"]


def study(*pages: Page | Block, **options: object) -> StudyConfig:
    return StudyConfig.model_validate({"pages": pages, "options": options})


def mushra(name: str, **keys: object) -> MushraPage:
    conditions = {c: f"{name}/{c}.wav" for c in ("a", "b", "c")}
    return MushraPage.model_validate(
        {"id": name, "reference": f"{name}/r.wav", "conditions": conditions} | keys
    )


@pytest.mark.parametrize("items", [2, 3, 6, 9])
def test_items_are_balanced_for_place_and_sequence(make_config: MakeConfig, items: int) -> None:
    config = make_config(items)
    rounds = items if items % 2 == 0 else 2 * items
    orders = [trials_of(config, slot) for slot in range(rounds)]
    places = Counter((name, place) for order in orders for place, name in enumerate(order))
    after = Counter(pair for order in orders for pair in pairwise(order))
    assert len(set(places.values())) == 1
    assert len(set(after.values())) == 1
    assert len(after) == items * (items - 1)


def test_conditions_are_balanced_on_every_page_and_not_coupled_to_the_pages_place(
    make_config: MakeConfig,
) -> None:
    config = make_config(items=6, conditions=5)
    plans = [session_plan(config, slot) for slot in range(36)]
    for name in ("t1", "t4"):
        pages = [page for plan in plans for page in plan.pages if page.id == name]
        places = Counter((c, place) for page in pages for place, c in enumerate(page.conditions))
        assert set(places.values()) == {6}
        assert len({(page.position, page.conditions) for page in pages}) > 12


def test_each_session_hears_every_condition_and_the_hidden_reference(make_config: MakeConfig) -> None:
    for page in session_plan(make_config(), 3).pages[1:]:
        assert sorted(page.conditions) == ["c1", "c2", "c3", "c4", "reference"]


def test_an_open_reference_is_not_rated(make_config: MakeConfig) -> None:
    page = session_plan(make_config(hidden_reference=False), 0).pages[1]
    assert sorted(page.conditions) == ["c1", "c2", "c3", "c4"]
    assert page.page.sounds()["reference"].endswith("reference.wav")


@pytest.mark.parametrize(("items", "k"), [(7, 3), (12, 6), (9, 4), (6, 2)])
def test_sessions_of_k_items_meet_every_pair_equally_often(
    make_config: MakeConfig, items: int, k: int
) -> None:
    config = make_config(items, items_per_session=k)
    for rounds in range(1, 500):
        heard = [frozenset(trials_of(config, slot)) for slot in range(rounds)]
        pairs = Counter(pair for names in heard for pair in combinations(sorted(names), 2))
        if len(pairs) == items * (items - 1) // 2 and len(set(pairs.values())) == 1:
            break
    assert rounds < 40
    assert {len(names) for names in heard} == {k}
    assert len(set(Counter(name for names in heard for name in names).values())) == 1


def test_chosen_items_and_their_conditions_stand_in_every_place_equally_often(
    make_config: MakeConfig,
) -> None:
    config = make_config(items=9, conditions=3, items_per_session=4)
    plans = [session_plan(config, slot).pages[1:] for slot in range(18)]
    places = Counter((page.id, place) for pages in plans for place, page in enumerate(pages))
    assert set(places.values()) == {2}
    for item in ("t1", "t7"):
        heard = [page.conditions for pages in plans for page in pages if page.id == item]
        assert len(heard) == 8
        assert set(Counter((c, place) for shown in heard for place, c in enumerate(shown)).values()) == {2}


def test_a_plan_follows_from_seed_and_slot(make_config: MakeConfig) -> None:
    config = make_config(seed=5)
    assert session_plan(config, 4) == session_plan(make_config(seed=5), 4)
    assert session_plan(config, 4) != session_plan(config, 5)
    assert session_plan(config, 4) != session_plan(make_config(seed=6), 4)


def test_a_plan_never_changes_between_versions(make_config: MakeConfig) -> None:
    # Ratings that are stored belong to these orders.
    plan = session_plan(make_config(items=4, conditions=2, seed=1), 2)
    assert [(page.id, page.conditions) for page in plan.pages] == [
        ("hello", ()),
        ("t2", ("reference", "c2", "c1")),
        ("t3", ("reference", "c1", "c2")),
        ("t1", ("reference", "c2", "c1")),
        ("t4", ("c2", "reference", "c1")),
    ]


@pytest.mark.parametrize("order", ["williams", "random"])
def test_orders_differ_between_sessions(make_config: MakeConfig, order: str) -> None:
    orders = {tuple(trials_of(make_config(order=order), slot)) for slot in range(6)}
    assert len(orders) > 3


def test_random_orders_put_every_item_everywhere(make_config: MakeConfig) -> None:
    config = make_config(items=4, order="random")
    places = Counter(
        (name, place) for slot in range(400) for place, name in enumerate(trials_of(config, slot))
    )
    assert len(places) == 16
    assert all(70 < count < 135 for count in places.values())


def test_fixed_means_the_order_of_the_file(make_config: MakeConfig) -> None:
    config = make_config(order="fixed")
    plan = session_plan(config, 7)
    assert [page.id for page in plan.pages] == ["hello", "t1", "t2", "t3", "t4", "t5", "t6"]
    assert plan.pages[1].conditions == ("c1", "c2", "c3", "c4", "reference")


def test_a_page_that_says_randomize_false_keeps_its_conditions() -> None:
    config = study(mushra("still", randomize=False), mushra("moving"))
    stills = {session_plan(config, slot).pages[0].conditions for slot in range(8)}
    assert stills == {("a", "b", "c", "reference")}
    assert len({session_plan(config, slot).pages[1].conditions for slot in range(8)}) == 4


def test_pages_outside_random_blocks_stay_where_they_are() -> None:
    inner = Block(pages=(GenericPage(id="intro"), mushra("x")))
    config = study(
        GenericPage(id="first"), Block(random=True, pages=(inner, mushra("y"))), FinishPage(id="last")
    )
    orders = {tuple(page.id for page in session_plan(config, slot).pages) for slot in range(4)}
    assert orders == {("first", "intro", "x", "y", "last"), ("first", "y", "intro", "x", "last")}


def test_blocks_are_shuffled_within_blocks() -> None:
    inner = Block(random=True, pages=(mushra("a"), mushra("b")))
    config = study(Block(random=True, pages=(inner, mushra("c"))))
    orders = {tuple(page.id for page in session_plan(config, slot).pages) for slot in range(12)}
    assert orders == {("a", "b", "c"), ("b", "a", "c"), ("c", "a", "b"), ("c", "b", "a")}


def test_single_stimulus_pages_come_once_per_stimulus() -> None:
    three = {"a": "a.wav", "b": "b.wav", "c": "c.wav"}
    config = study(
        Bs1116Page(id="bs", reference="r.wav", conditions=three),
        PairedComparisonPage(id="pc", reference="r.wav", conditions=three),
        LikertSingleStimulusPage(id="lss", conditions=three, response=POINTS),
        LikertMultiStimulusPage(id="lms", conditions=three, response=POINTS),
    )
    plan = session_plan(config, 1)
    assert sorted(page.id for page in plan.pages[:3]) == ["bs:a", "bs:b", "bs:c"]
    assert all(sorted(page.conditions) == sorted([page.id[-1], "reference"]) for page in plan.pages[:6])
    assert [len(page.conditions) for page in plan.pages[6:]] == [1, 1, 1, 3]
    assert sorted(plan.pages[-1].conditions) == ["a", "b", "c"]
    assert [page.trial_position for page in plan.pages] == list(range(10))
    assert len(planned_ids(config)) == 10
    orders = {tuple(page.id for page in session_plan(config, slot).pages[6:9]) for slot in range(6)}
    assert len(orders) == 6


def test_reference_and_stimulus_change_sides_equally_often() -> None:
    config = study(Bs1116Page(id="bs", reference="r.wav", conditions={"a": "a.wav"}))
    first = Counter(session_plan(config, slot).pages[0].conditions[0] for slot in range(10))
    assert first == {"a": 5, "reference": 5}


def test_max_stimuli_limits_how_many_are_heard() -> None:
    page = LikertSingleStimulusPage(
        id="l", conditions={c: f"{c}.wav" for c in "abcd"}, response=POINTS, max_stimuli=2
    )
    heard = Counter(p.conditions[0] for slot in range(4) for p in session_plan(study(page), slot).pages)
    assert heard == dict.fromkeys("abcd", 2)


def test_a_repeat_comes_at_least_two_pages_after_what_it_repeats(make_config: MakeConfig) -> None:
    repeat = {"again": TrialInfo(item="t2", kind="repeat", repeat_of="t2")}
    for slot in range(40):
        ids = [page.id for page in session_plan(make_config(items=5, trials=repeat), slot).pages]
        last = ids.index("t2") == len(ids) - 2
        assert ids.index("again") >= ids.index("t2") + (1 if last else 2)


def test_a_repeat_of_an_item_that_is_not_heard_is_left_out(make_config: MakeConfig) -> None:
    repeat = {"again": TrialInfo(item="t2", kind="repeat", repeat_of="t2")}
    config = make_config(items=6, items_per_session=2, trials=repeat)
    for slot in range(15):
        ids = [page.id for page in session_plan(config, slot).pages]
        assert ("again" in ids) == ("t2" in ids)


def test_attention_checks_do_not_disturb_the_balance_and_never_come_first(make_config: MakeConfig) -> None:
    check = {"attention": TrialInfo(item="t1", kind="attention", expected={"c1": (20, 30)})}
    config = make_config(items=6, trials=check)
    plans = [session_plan(config, slot) for slot in range(6)]
    assert all(plan.pages[1].id != "attention" for plan in plans)
    orders = [[page.id for page in plan.pages if page.kind == "trial"] for plan in plans]
    assert set(Counter((n, p) for order in orders for p, n in enumerate(order)).values()) == {1}
    assert len(trial_pages(config)) == 6


def test_pages_are_numbered_and_known(make_config: MakeConfig) -> None:
    trial = TrialInfo(item="dog", label="dog", prediction="cat", probability=0.5)
    plan = session_plan(make_config(items=3, trials={"t9": trial}), 0)
    assert [page.position for page in plan.pages] == list(range(5))
    assert [page.trial_position for page in plan.pages] == [None, 0, 1, 2, 3]
    assert next(page.trial for page in plan.pages if page.id == "t9") == trial
    assert next(page.trial for page in plan.pages if page.id == "t1") == TrialInfo(item="t1")


def test_pages_with_the_same_id_or_none_have_different_ids_in_a_plan() -> None:
    config = study(GenericPage(), GenericPage(), mushra("x"), mushra("x"))
    assert planned_ids(config) == ["generic-1", "generic-2", "x", "x#2"]


@pytest.mark.parametrize("order", ["williams", "random", "fixed"])
def test_the_ids_of_all_pages_are_in_the_order_of_the_file(make_config: MakeConfig, order: str) -> None:
    repeat = {"again": TrialInfo(item="t2", kind="repeat", repeat_of="t2")}
    config = make_config(items=7, items_per_session=2, order=order, seed=3, trials=repeat)
    assert planned_ids(config) == ["hello", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "again"]


def test_slots_of_drop_outs_are_handed_out_again() -> None:
    assert next_slot([]) == 0
    assert next_slot([0, 1, 3]) == 2
    assert next_slot({0, 1, 2}) == 3


def test_a_negative_slot_is_refused(make_config: MakeConfig) -> None:
    with pytest.raises(ValueError, match="slot is -1; expected 0 or more"):
        session_plan(make_config(), -1)


def test_a_study_of_a_thousand_items_is_planned_at_once(make_config: MakeConfig) -> None:
    config = make_config(items=1000, items_per_session=20)
    plans = [trials_of(config, slot) for slot in range(50)]
    assert Counter(len(set(order)) for order in plans) == {20: 50}
    assert set(Counter(name for order in plans for name in order).values()) == {1}

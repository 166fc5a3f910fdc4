from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study_builder.design.williams import below, row_of, shuffled, williams_row


@pytest.mark.parametrize("size", range(1, 14))
def test_a_williams_design_is_balanced_for_position_and_for_what_comes_before(size: int) -> None:
    times = 2 if size % 2 and size > 1 else 1
    rows = [williams_row(size, row) for row in range(times * size)]
    assert all(sorted(row) == list(range(size)) for row in rows)
    places = Counter((thing, place) for row in rows for place, thing in enumerate(row))
    assert {places[t, p] for t in range(size) for p in range(size)} == {times}
    after = Counter(pair for row in rows for pair in pairwise(row))
    assert {after[a, b] for a in range(size) for b in range(size) if a != b} <= {times}
    assert len(after) == size * (size - 1)


def test_the_square_of_four_is_williams_own() -> None:
    # The square of Williams (1949) for four treatments, numbered from 0.
    assert [williams_row(4, row) for row in range(4)] == [
        (0, 1, 3, 2),
        (1, 2, 0, 3),
        (2, 3, 1, 0),
        (3, 0, 2, 1),
    ]


def test_an_empty_design_has_one_empty_order() -> None:
    assert williams_row(0, 0) == ()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.integers(0, 5), st.integers(-5, 5))
def test_each_row_comes_once_a_round(size: int, round_number: int, seed: int) -> None:
    rows = 2 * size if size % 2 and size > 1 else size
    slots = range(round_number * rows, (round_number + 1) * rows)
    assert sorted(row_of(size, slot, seed, "x") for slot in slots) == list(range(rows))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 15), st.integers(0, 5), st.integers(-5, 5))
def test_as_many_sessions_as_things_have_everything_once_in_every_place(
    size: int, round_number: int, seed: int
) -> None:
    slots = range(round_number * size, (round_number + 1) * size)
    orders = [williams_row(size, row_of(size, slot, seed)) for slot in slots]
    assert all(sorted(column) == list(range(size)) for column in zip(*orders, strict=True))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(), max_size=20), st.integers())
def test_a_shuffle_keeps_what_it_shuffles(things: list[int], seed: int) -> None:
    assert sorted(shuffled(things, seed)) == sorted(things)
    assert shuffled(things, seed) == shuffled(things, seed)


def test_a_shuffle_never_changes_between_versions() -> None:
    # Sessions are recomputed from the seed for as long as their ratings are kept.
    assert shuffled("abcdef", 0, "items", 3) == ["f", "e", "d", "b", "a", "c"]
    assert [below(10, 1, "x", slot) for slot in range(6)] == [8, 4, 2, 9, 9, 2]


def test_all_orders_of_three_occur_about_equally_often() -> None:
    counts = Counter(tuple(shuffled("abc", seed)) for seed in range(6000))
    assert len(counts) == 6
    assert all(850 < count < 1150 for count in counts.values())

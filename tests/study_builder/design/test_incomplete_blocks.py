from __future__ import annotations

from itertools import combinations, count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study_builder.design.block_positions import balance_places
from study_builder.design.incomplete_blocks import balanced_blocks, block_of


def brute_force_pairs(blocks: list[tuple[int, ...]], size: int) -> list[int]:
    return [sum(a in block and b in block for block in blocks) for a, b in combinations(range(size), 2)]


def brute_force_items(blocks: list[tuple[int, ...]], size: int) -> list[int]:
    return [sum(thing in block for block in blocks) for thing in range(size)]


def fewest_blocks(size: int, k: int) -> int:
    """No balanced design has fewer: b and r must be whole numbers for some lambda (R. A. Fisher, 1940)."""
    for together in count(1):
        replications, rest = divmod(together * (size - 1), k - 1)
        if rest == 0 and replications * size % k == 0:
            return replications * size // k
    raise AssertionError


KNOWN = [
    (4, 2),
    (4, 3),
    (5, 2),
    (6, 3),
    (7, 3),
    (7, 4),
    (8, 4),
    (9, 4),
    (10, 5),
    (11, 5),
    (12, 4),
    (12, 6),
    (13, 4),
]


@pytest.mark.parametrize(("size", "k"), KNOWN)
def test_designs_are_found_with_the_fewest_blocks(size: int, k: int) -> None:
    found = list(balanced_blocks(size, k))
    assert len(found) == fewest_blocks(size, k)
    assert len(set(brute_force_pairs(found, size))) == 1
    assert len(set(brute_force_items(found, size))) == 1


@pytest.mark.parametrize(
    ("size", "k"),
    [(8, 4), (9, 3), (9, 4), (10, 4), (12, 4), (12, 6), (12, 8), (15, 7), (16, 6), (9, 8), (5, 1)],
)
def test_every_pair_is_heard_equally_often_where_it_can(size: int, k: int) -> None:
    found = list(balanced_blocks(size, k))
    assert len(set(brute_force_pairs(found, size))) == 1
    assert {len(set(block)) for block in found} == {k}


@pytest.mark.parametrize(("size", "k", "spread"), [(14, 6, 2), (18, 5, 1), (20, 8, 2), (24, 6, 2)])
def test_elsewhere_pairs_differ_little_and_items_not_at_all(size: int, k: int, spread: int) -> None:
    found = list(balanced_blocks(size, k))
    pairs = brute_force_pairs(found, size)
    assert max(pairs) - min(pairs) <= spread
    assert len(set(brute_force_items(found, size))) == 1


@pytest.mark.parametrize(("size", "k"), [(12, 6), (9, 4), (7, 3), (20, 8)])
def test_every_beginning_of_a_round_is_nearly_even(size: int, k: int) -> None:
    found = list(balanced_blocks(size, k))
    for blocks in range(1, len(found) + 1):
        heard = brute_force_items(found[:blocks], size)
        assert max(heard) - min(heard) <= 2


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.data())
def test_a_session_hears_k_different_items_and_knows_how_often_they_were_heard(
    size: int, data: st.DataObject
) -> None:
    k, slot = data.draw(st.integers(1, size)), data.draw(st.integers(0, 60))
    heard = [block_of(size, k, one, "seed") for one in range(slot + 1)]
    things = heard[slot].things
    assert len(set(things)) == k
    assert set(things) <= set(range(size))
    rounds = len(balanced_blocks(size, k))
    for thing, before in zip(things, heard[slot].before, strict=True):
        counted = sum(thing in one.things for one in heard[:slot])
        # Names change from round to round, so counting by hand agrees within a round and at its end.
        assert abs(before - counted) <= (0 if slot < rounds else k + 1)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.data())
def test_a_thing_stands_in_every_place_once_in_each_k_of_its_blocks(size: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, size))
    one_block = st.lists(st.integers(0, size - 1), min_size=k, max_size=k, unique=True).map(tuple)
    blocks = data.draw(st.lists(one_block, max_size=30))
    placed = balance_places(blocks)
    assert [sorted(block) for block in placed] == [sorted(block) for block in blocks]
    for thing in range(size):
        places = [block.index(thing) for block in placed if thing in block]
        for begin in range(0, len(places), k):
            together = places[begin : begin + k]
            assert len(set(together)) == len(together)


@pytest.mark.parametrize(("size", "k"), [(5, 4), (9, 4), (12, 6), (20, 8)])
def test_a_round_has_every_thing_equally_often_in_every_place(size: int, k: int) -> None:
    rounds = len(balanced_blocks(size, k))
    heard = [block_of(size, k, slot, 7).things for slot in range(rounds, 2 * rounds)]
    counts = [sum(things[place] == thing for things in heard) for thing in range(size) for place in range(k)]
    assert max(counts) - min(counts) <= 1


def test_a_thousand_items_are_as_even_as_few() -> None:
    found = list(balanced_blocks(1000, 20))
    assert len(found) == 2000
    assert set(brute_force_items(found[:50], 1000)) == {1}


def test_more_items_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="k is 4; expected 1 to 3, the number of items"):
        balanced_blocks(3, 4)

"""Balanced incomplete blocks: which k of n items a session hears.

Where a design exists that a bounded search finds, every pair of items is heard by equally many sessions after
one round of it. For other sizes a greedy choice keeps items and pairs as even as it can.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations, islice

import numpy as np
import numpy.typing as npt

from study_builder.design.block_positions import balance_places
from study_builder.design.williams import shuffled

Block = tuple[int, ...]

_MAX_BASES = 4
_MAX_CANDIDATES = 20_000
_MAX_PROFILES = 300
_MAX_COMPLETE = 200
_MAX_SEARCHED = 40
_MAX_SWAPPED = 60
_MAX_SWEEPS = 30
_HEARD_FIRST = 1_000_000
MOST_PLACES = 100_000
"""Of things and of those that one session hears, multiplied: 50 of 2,000. The work grows faster than that,
and thousands of thousands would take hours, in which a listener waits to begin."""


@lru_cache(maxsize=16)
def balanced_blocks(size: int, k: int) -> tuple[Block, ...]:
    """Return one round of a design: blocks of `k` of the elements 0 to `size - 1`.

    Every element occurs equally often in a round. Every pair does too if such a design was found among all
    subsets (when they are few), those that turn in a circle (difference families), and those that turn around
    a fixed point. The blocks are in an order that keeps every beginning of the round as even as it can be.

    Raises:
        ValueError: `k` is not 1 to `size`.
    """
    if not 1 <= k <= size:
        raise ValueError(f"k is {k}; expected 1 to {size}, the number of items")
    if k == size:
        return (tuple(range(size)),)
    found = (
        _turn_blocks(size, k, fixed_point=False) or _turn_blocks(size, k, fixed_point=True)
        if size <= _MAX_SEARCHED
        else []
    )
    complete = _choose_subsets(size, k)
    if complete and (not found or len(complete) <= len(found)):
        found = complete
    return tuple(_order_evenly(found, size)) if found else tuple(_greedy(size, k))


def is_too_large(size: int, k: int) -> bool:
    """Tell whether a session of `k` of `size` things takes too long to be balanced."""
    return k < size and size * k > MOST_PLACES


@dataclass(frozen=True)
class Heard:
    """What one session hears.

    Attributes:
        things: elements in the order of their places.
        before: how many earlier sessions hear each of them.
    """

    things: Block
    before: tuple[int, ...]


def block_of(size: int, k: int, slot: int, *key: object) -> Heard:
    """Return what session `slot` hears; the names of the elements and the places are re-drawn each round."""
    blocks = _place_blocks(size, k)
    round_number, at = divmod(slot, len(blocks))
    names = shuffled(range(size), *key, round_number)
    places = shuffled(range(k), *key, "places", round_number)
    things = [blocks[at][place] for place in places]
    earlier = round_number * len(blocks) * k // size
    so_far = Counter(chain.from_iterable(blocks[:at]))
    before = tuple(earlier + so_far[thing] for thing in things)
    return Heard(tuple(names[thing] for thing in things), before)


@lru_cache(maxsize=16)
def _place_blocks(size: int, k: int) -> tuple[Block, ...]:
    return tuple(balance_places(balanced_blocks(size, k)))


def _choose_subsets(size: int, k: int) -> list[Block]:
    subsets = list(islice(combinations(range(size), k), _MAX_COMPLETE + 1))
    return subsets if len(subsets) <= _MAX_COMPLETE else []


def _turn_blocks(size: int, k: int, fixed_point: bool) -> list[Block]:
    """Return a design made of a few base blocks, each turned through every step of a circle; or nothing.

    With `fixed_point`, the last element stays where it is while the others turn.
    """
    circle = size - 1 if fixed_point else size
    bases: dict[tuple[int, ...], Block] = {}
    for block in islice(_bases(circle, size, k, fixed_point), _MAX_CANDIDATES):
        bases.setdefault(_profile(block, circle, fixed_point), block)
    profiles = list(bases)[:_MAX_PROFILES]
    chosen = _constant_sum(profiles)
    return [
        tuple(sorted(thing if thing >= circle else (thing + step) % circle for thing in bases[profile]))
        for profile in chosen
        for step in range(circle)
    ]


def _bases(circle: int, size: int, k: int, fixed_point: bool) -> Iterator[Block]:
    if circle < 2:
        return
    for rest in combinations(range(1, circle), k - 1):
        yield (0, *rest)
    if fixed_point and k >= 2:
        for rest in combinations(range(1, circle), k - 2):
            yield (0, *rest, size - 1)


def _profile(block: Block, circle: int, fixed_point: bool) -> tuple[int, ...]:
    """Count how often each pair will occur once the block has been turned all the way round, by distance."""
    turning = [thing for thing in block if thing < circle]
    counts = [0] * (circle // 2)
    for a, b in combinations(turning, 2):
        distance = min((a - b) % circle, (b - a) % circle)
        counts[distance - 1] += 2 if 2 * distance == circle else 1
    if fixed_point:
        counts.append(len(turning) if len(turning) < len(block) else 0)
    return tuple(counts)


def _constant_sum(profiles: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return the fewest profiles, at most four, whose sum is the same everywhere; or nothing."""
    if not profiles:
        return []
    sums: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for chosen in _one_or_two(profiles):
        total = tuple(map(sum, zip(*chosen, strict=True)))
        if len(set(total)) == 1:
            return chosen
        sums.setdefault(tuple(value - total[0] for value in total), chosen)
    both: list[tuple[int, ...]] = []
    for shape, chosen in sums.items():
        other = sums.get(tuple(-value for value in shape))
        if other and (not both or len(chosen) + len(other) < len(both)):
            both = [*chosen, *other]
    return both if len(both) <= _MAX_BASES else []


def _one_or_two(profiles: list[tuple[int, ...]]) -> Iterator[list[tuple[int, ...]]]:
    for profile in profiles:
        yield [profile]
    for index, profile in enumerate(profiles):
        for other in profiles[index:]:
            yield [profile, other]


def _order_evenly(blocks: list[Block], size: int) -> list[Block]:
    """Order blocks so that every beginning has items, then pairs, as even as a greedy choice keeps them."""
    heard, met = [0] * size, Counter[tuple[int, int]]()
    left, ordered = list(blocks), []
    while left:
        block = min(left, key=lambda one: _measure_crowding(one, heard, met))
        left.remove(block)
        ordered.append(block)
        _add(block, heard, met)
    return ordered


def _greedy(size: int, k: int) -> list[Block]:
    """Choose blocks one element at a time: the least heard first, then the one that met the others least."""
    heard = np.zeros(size, dtype=np.int64)
    met = np.zeros((size, size), dtype=np.int64)
    blocks: list[Block] = []
    for _ in range(2 * size):
        block: list[int] = []
        crowding = heard * _HEARD_FIRST
        for _ in range(k):
            block.append(int(crowding.argmin()))
            crowding += met[block[-1]] ** 2
            crowding[block] = np.iinfo(np.int64).max
        heard[block] += 1
        met[np.ix_(block, block)] += 1
        blocks.append(tuple(sorted(block)))
    return _order_evenly(_even_out_pairs(blocks, met), size) if size <= _MAX_SWAPPED else blocks


def _even_out_pairs(blocks: list[Block], met: npt.NDArray[np.int64]) -> list[Block]:
    """Swap elements between two blocks while that evens out the pairs; how often each is heard stays."""
    sets = [set(block) for block in blocks]
    for _ in range(_MAX_SWEEPS):
        improved = [_swap(one, other, met) for one, other in combinations(sets, 2)]
        if not any(improved):
            break
    return [tuple(sorted(block)) for block in sets]


def _swap(one: set[int], other: set[int], met: npt.NDArray[np.int64]) -> bool:
    """Make the swap between two blocks that lowers the sum of the squared pair counts most; or none."""
    a, b = sorted(one - other), sorted(other - one)
    if len(a) < 2:
        return False
    between = met[np.ix_(a, b)]
    within_a = met[np.ix_(a, a)].sum(axis=1) - met[a, a]
    within_b = met[np.ix_(b, b)].sum(axis=1) - met[b, b]
    gain = (within_a - between.sum(axis=1))[:, None] + (within_b - between.sum(axis=0))[None, :] + 2 * between
    gain -= len(a) + len(b) - 2
    x, y = np.unravel_index(int(gain.argmax()), gain.shape)
    if gain[x, y] <= 0:
        return False
    for block, leaves, comes in ((one, a[x], b[y]), (other, b[y], a[x])):
        block.remove(leaves)
        rest = sorted(block)
        met[leaves, rest] -= 1
        met[rest, leaves] -= 1
        met[comes, rest] += 1
        met[rest, comes] += 1
        block.add(comes)
    return True


def _measure_crowding(block: Block, heard: list[int], met: Counter[tuple[int, int]]) -> tuple[int, int]:
    return sum(heard[thing] for thing in block), sum(met[pair] for pair in combinations(block, 2))


def _add(block: Block, heard: list[int], met: Counter[tuple[int, int]]) -> None:
    for thing in block:
        heard[thing] += 1
    met.update(combinations(block, 2))

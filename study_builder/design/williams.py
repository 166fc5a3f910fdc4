"""Orders: Williams squares and shuffles that never change with a library's version."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def williams_row(size: int, row: int) -> tuple[int, ...]:
    """Return one order of a design that is balanced for position and for what comes just before.

    An even size needs `size` orders: each element is once in every position, and directly after every other
    element once. An odd size needs twice as many, and everything comes twice (Williams, 1949).
    """
    mirrored, shift = divmod(row, max(size, 1))
    order = [0][:size]
    for step in range(1, size):
        order.append((order[-1] + (step if step % 2 else -step)) % size)
    order = [(start + shift) % size for start in order]
    return tuple(reversed(order) if mirrored else order)


def shuffled(things: Sequence[T], *key: object) -> list[T]:
    """Return `things` in an order that follows only from `key`, on every machine and in every version.

    Sorts by a hash of key and index, because a random generator's stream may change with its library, and a
    session's order must be recomputable for as long as its ratings are kept.
    """
    return [things[index] for index in sorted(range(len(things)), key=lambda index: _digest(*key, index))]


def below(limit: int, *key: object) -> int:
    """Return a number from 0 to `limit - 1` that follows only from `key`."""
    return int.from_bytes(_digest(*key), "big") % limit


def row_of(size: int, slot: int, *key: object) -> int:
    """Return the row of the Williams design of `size` elements that session `slot` gets.

    Every `size` sessions in a row use each row of a Latin square once, so that everything is once in
    every place; with an odd size, the square and its mirror image take turns. The order of the rows is
    re-drawn for each round and each key, so that designs of equal size (pages and the conditions on them) are
    not coupled.
    """
    if size < 2:
        return 0
    round_number, place = divmod(slot, size)
    row = shuffled(range(size), *key, round_number)[place]
    if size % 2 == 0:
        return row
    pair, second = divmod(round_number, 2)
    mirrored = second ^ below(2, *key, "mirror", pair)
    return mirrored * size + row


def _digest(*key: object) -> bytes:
    return blake2b("\x1f".join(map(str, key)).encode(), digest_size=16).digest()

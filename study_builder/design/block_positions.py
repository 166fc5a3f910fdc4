"""Places within blocks: who comes first, so that nobody is always last."""

from __future__ import annotations

from collections.abc import Sequence

Block = tuple[int, ...]
Copy = tuple[int, int]


def balance_places(blocks: Sequence[Block]) -> list[Block]:
    """Order the elements of each block so that each is once in every place in each k of its blocks.

    Each k appearances of an element are one vertex, each block another, and each appearance an edge between
    them. No vertex has more than k edges, so k colours, the places, are enough for edges that meet to differ
    (König, 1916); the colours are found by his alternating paths.

    Args:
        blocks: of one size, k, in the order of their sessions.
    """
    k = len(blocks[0]) if blocks else 0
    at_block: list[list[Copy | None]] = [[None] * k for _ in blocks]
    at_copy: dict[Copy, list[int | None]] = {}
    seen: dict[int, int] = {}
    for index, block in enumerate(blocks):
        for thing in block:
            copy = (thing, seen.get(thing, 0) // k)
            seen[thing] = seen.get(thing, 0) + 1
            places = at_copy.setdefault(copy, [None] * k)
            free = [place for place in range(k) if at_block[index][place] is None]
            both = [place for place in free if places[place] is None]
            if not both:
                _swap_along(copy, free[0], places.index(None), at_block, at_copy)
            place = both[0] if both else free[0]
            at_block[index][place], places[place] = copy, index
    return [tuple(copy[0] for copy in row if copy is not None) for row in at_block]


def _swap_along(
    copy: Copy, one: int, other: int, at_block: list[list[Copy | None]], at_copy: dict[Copy, list[int | None]]
) -> None:
    """Exchange two places along the path of both that begins at `copy`, which frees place `one` there."""
    path: list[tuple[Copy, int, int]] = []
    here: Copy | None = copy
    while here is not None and (block := at_copy[here][one]) is not None:
        path.append((here, block, one))
        here = at_block[block][other]
        if here is not None:
            path.append((here, block, other))
    for thing, block, place in path:
        at_copy[thing][place], at_block[block][place] = None, None
    for thing, block, place in path:
        new = other if place == one else one
        at_copy[thing][new], at_block[block][new] = block, thing

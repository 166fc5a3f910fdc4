"""Seeds: the integers that every random generator in use accepts."""

from __future__ import annotations

from stimuli.errors import SeedError

MAX_SEED = 2**64 - 1
"""The highest that torch's generators accept; NumPy's would accept any that is not negative."""


def refuse_seed(seed: int) -> None:
    """Refuse, before any work begins, a seed that a generator would refuse in the middle of it.

    Raises:
        SeedError: the seed is negative or has more than 64 bits.
    """
    if not 0 <= seed <= MAX_SEED:
        raise SeedError(f"the seed is {seed}; expected 0 to {MAX_SEED}")

"""Seeds: the whole numbers that every random generator in use takes."""

from __future__ import annotations

from stimuli.errors import SeedError

MAX_SEED = 2**64 - 1
"""The highest that torch's generators take; NumPy's would take any that is not negative."""


def refuse_seed(seed: int) -> None:
    """Refuse a seed before any work begins that a generator would refuse in the midst of it.

    Raises:
        SeedError: the seed is negative or has more than 64 bits.
    """
    if not 0 <= seed <= MAX_SEED:
        raise SeedError(f"the seed is {seed}; expected 0 to {MAX_SEED}")

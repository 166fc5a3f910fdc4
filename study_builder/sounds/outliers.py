"""Sounds of one trial that should be alike in something: which of them deviates, and from what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from study_builder.config.roles import REFERENCE


@dataclass(frozen=True)
class Deviation:
    """What is unlike in a trial.

    Attributes:
        odd: the conditions that deviate, in their order.
        usual: one of the conditions that they deviate from.
        by: the conditions that they deviate from, in words.
    """

    odd: tuple[str, ...]
    usual: str
    by: str

    def sentence(self, value: Callable[[str], str]) -> str:
        """Return what the first odd condition has and what the others have.

        Args:
            value: what a condition has, in words.
        """
        first, *others = self.odd
        names = " and ".join(f"'{name}'" for name in others)
        more = f", and {names} {'deviates' if len(others) == 1 else 'deviate'} as well" if others else ""
        return f"has {value(first)}, {self.by} {value(self.usual)}{more}"


def deviation(values: Mapping[str, int]) -> Deviation | None:
    """Return which conditions of a trial deviate: those outside the majority.

    Without a majority, those that differ from the reference are odd; without a reference, the first replaces
    it.

    Args:
        values: by condition, what should be equal.
    """
    counts = Counter(values.values())
    if len(counts) < 2:
        return None
    value, count = counts.most_common(1)[0]
    if 2 * count > len(values):
        usual = next(name for name, found in values.items() if found == value)
        by = f"{count} of the trial's {len(values)} sounds have"
    else:
        usual = REFERENCE if REFERENCE in values else next(iter(values))
        by = "the reference has" if usual == REFERENCE else f"'{usual}' has"
    odd = tuple(name for name, found in values.items() if found != values[usual])
    return Deviation(odd, usual, by)

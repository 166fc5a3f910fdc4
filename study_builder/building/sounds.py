"""What the pages of a study need to know about its sounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stimuli import Condition, Item


@dataclass(frozen=True)
class Sounds:
    """What the pages need to know about the sounds.

    Attributes:
        items: in their order.
        conditions: the methods and anchors, in their order; not the reference.
        paths: file of each item and condition (`reference` too), relative to the study's folder.
        files: SHA-256 of each file, by path, once they are written.
        longest_s: duration of the longest sound, in seconds.
        item_names: what files or folders call each item, by its id, if that is known.
    """

    items: Sequence[Item]
    conditions: Sequence[Condition]
    paths: Mapping[tuple[str, str], str]
    files: Mapping[str, str] = field(default_factory=dict)
    longest_s: float = 0.0
    item_names: Mapping[str, str] = field(default_factory=dict)

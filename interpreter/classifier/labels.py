"""The classes that a classifier knows, in words: one of AudioSet has 527, too many to list."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

_LISTED = 8


def name_known(labels: Sequence[str], wanted: str) -> str:
    """Return which classes a classifier knows, and which of them a misspelt one may be.

    Args:
        labels: the classifier's, not `wanted`.
        wanted: the class that it does not know.
    """
    listed = ", ".join(labels[:_LISTED])
    others = f" and {len(labels) - _LISTED} others" if len(labels) > _LISTED else ""
    folded = {_fold(label): label for label in reversed(labels)}
    near = get_close_matches(_fold(wanted), list(folded), n=1)
    return f"it knows {listed}{others}" + (f" (did you mean {folded[near[0]]!r}?)" if near else "")


def _fold(label: str) -> str:
    return label.casefold().replace("_", " ")

"""Two people who edit at once: what differs between their versions of the choices, and who has changed it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from mushra_server.studio.choices.labels import LABELS

__all__ = ["Difference", "find_differences", "read_base", "settle"]

PREFIX = "take-"
PART_LABELS = {"completion": "Completion", "lab": "Lab"}


@dataclass(frozen=True)
class Difference:
    """A choice that two versions make differently.

    Attributes:
        key: of the file of choices.
        label: as the form calls it.
        theirs, mine: what is stored, and what was sent.
        keep_theirs: whether only they have changed it.
        both: whether both have changed it.
    """

    key: str
    label: str
    theirs: str
    mine: str
    keep_theirs: bool
    both: bool


def read_base(text: str) -> dict[str, Any]:
    """Return the choices that a form was loaded with; none if it does not say."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):  # nobody's form
        return {}
    return found if isinstance(found, dict) else {}


def find_differences(
    base: Mapping[str, Any], theirs: Mapping[str, Any], mine: Mapping[str, Any]
) -> list[Difference]:
    """Return what differs, in the order of the versions.

    Args:
        base: The choices that both began with.
        theirs: Those that are stored.
        mine: Those that were sent.
    """
    found = []
    for key in dict.fromkeys([*theirs, *mine]):
        if theirs.get(key) != mine.get(key):
            only_theirs = mine.get(key) == base.get(key)
            only_mine = theirs.get(key) == base.get(key)
            label = LABELS.get(key) or PART_LABELS.get(key, key)
            texts = _show(theirs, key), _show(mine, key)
            found.append(Difference(key, label, *texts, only_theirs, not (only_theirs or only_mine)))
    return found


def settle(theirs: Mapping[str, Any], mine: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """Return my choices with those of theirs that a form takes: `take-KEY` is `theirs` or `mine`."""
    settled = dict(mine)
    for key in {*theirs, *mine}:
        if form.get(f"{PREFIX}{key}") == "theirs":
            settled.pop(key, None)
            if key in theirs:
                settled[key] = theirs[key]
    return settled


def _show(version: Mapping[str, Any], key: str) -> str:
    if key not in version:
        return "default"
    value = version[key]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True)).strip()
    return "none" if value in (None, "") else str(value)

"""A folder without folders: the names of its files say which item and which condition each is."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Literal

FlatLayout = Literal["item_condition", "condition_item"]


def detect_flat_layout(stems: Iterable[str], references: Sequence[str]) -> FlatLayout:
    """Return the layout of file names: the one in which a reference's name is at its place.

    Args:
        stems: file names without their endings.
        references: names that a reference may have, in lower case.
    """
    lowered = [stem.lower() for stem in stems]
    last = any(_ends(stem, references) for stem in lowered)
    first = any(stem.startswith(f"{name}_") for stem in lowered for name in references)
    return "condition_item" if first and not last else "item_condition"


def split_flat_names(
    stems: Sequence[str], layout: FlatLayout, references: Sequence[str]
) -> dict[str, tuple[str, str] | None]:
    """Return the item and the condition that each file name says; None if it has no underscore.

    Names may contain underscores themselves: what the references' names leave over are the items. A file that
    begins with none of these is parted at the underscore next to its condition.

    Args:
        stems: file names without their endings.
        layout: of the names.
        references: names that a reference may have, in lower case.
    """
    if layout == "condition_item":
        turned = {stem: _turn(stem) for stem in stems}
        names = split_flat_names([*turned.values()], "item_condition", [_turn(name) for name in references])
        found = {stem: names[turned[stem]] for stem in stems}
        return {
            stem: None if name is None else (_turn(name[0]), _turn(name[1])) for stem, name in found.items()
        }
    items = {stem[: -len(name) - 1] for stem in stems for name in _ends(stem.lower(), references)}
    return {stem: _split(stem, items) for stem in stems}


def _split(stem: str, items: Container[str]) -> tuple[str, str] | None:
    parts = stem.split("_")
    begins = ("_".join(parts[:count]) for count in range(len(parts) - 1, 0, -1))
    # Of the items `a` and `a_b`, the longer one is meant.
    item = next((one for one in begins if one in items), stem.rpartition("_")[0])
    condition = stem[len(item) + 1 :]
    return (item, condition) if item and condition else None


def _ends(stem: str, references: Sequence[str]) -> list[str]:
    return [name for name in references if stem.endswith(f"_{name}") and len(stem) > len(name) + 1]


def _turn(name: str) -> str:
    """Return a name with its parts between underscores in reverse order."""
    return "_".join(reversed(name.split("_")))

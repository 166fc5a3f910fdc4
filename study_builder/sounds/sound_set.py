"""Which sounds there are: a stimuli set with a manifest, or a folder of sound files in one of two layouts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from stimuli import Condition, Item, Manifest, sha256_of
from study_builder.errors import LayoutError
from study_builder.identifiers import describe_expected, safe_id, safe_ids, to_nfc
from study_builder.sounds.anchors import ANCHORS
from study_builder.sounds.files import EXPECTED, sound_files

Layout = Literal["item/condition", "condition/item"]

REFERENCE_NAMES = ("reference", "ref", "input", "original")
_ROLE_OF_NAME = {name: anchor.role for anchor in ANCHORS.values() for name in (anchor.name, anchor.role)}


@dataclass(frozen=True)
class SoundSet:
    """Sounds by item and condition.

    Attributes:
        name: of the set.
        items, conditions: in their order; one condition at most has the role `reference`.
        paths: the sound file of every item under every condition.
        command: how the set was made, as far as its manifest says.
        item_names: what files or folders call each item, by its id; empty if a manifest names the items.
    """

    name: str
    items: tuple[Item, ...]
    conditions: tuple[Condition, ...]
    paths: Mapping[tuple[str, str], Path]
    command: str = ""
    item_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def reference(self) -> str | None:
        """Name of the condition that is the reference."""
        return next((c.name for c in self.conditions if c.role == "reference"), None)


def read_sounds(folder: Path | str, layout: Layout | None = None, reference: str | None = None) -> SoundSet:
    """Read a stimuli set, or a folder of `item/condition.wav` or `condition/item.wav`.

    Args:
        folder: with a `manifest.json`, or with folders of sound files.
        layout: which of the two layouts; None detects it by where the reference's name is.
        reference: name or id of the reference; None takes `reference`, `ref`, `input` or `original`.

    Raises:
        FileNotFoundError: the folder does not exist.
        LayoutError: the layout is ambiguous, or an item lacks a condition.
        ManifestError: the manifest cannot be used.
    """
    folder = Path(folder)
    if folder.is_file():
        raise LayoutError(f"{folder}: is a file; expected a stimuli set, or a folder of {EXPECTED}")
    if not folder.is_dir():
        raise FileNotFoundError(2, "No such folder", str(folder))
    if (folder / "manifest.json").is_file():
        return _read_manifest(folder)
    return _read_folder(folder, layout, reference)


def _read_manifest(folder: Path) -> SoundSet:
    manifest = Manifest.load(folder)
    paths = {}
    for stimulus in manifest.stimuli:
        if stimulus.kind != "stimulus":
            continue
        path = folder / stimulus.path
        if not path.is_file():
            raise FileNotFoundError(2, "A sound of the manifest is missing", str(path))
        if sha256_of(path) != stimulus.sha256:
            raise LayoutError(
                f"{path}: has changed since {folder / 'manifest.json'} was written; render the set again"
            )
        paths[stimulus.item, stimulus.condition] = path
    sounds = SoundSet(manifest.name, manifest.items, manifest.conditions, paths, manifest.command)
    _refuse_gaps(folder, sounds)
    return sounds


def _read_folder(folder: Path, layout: Layout | None, reference: str | None) -> SoundSet:
    files = sound_files(folder)
    outer = sorted({to_nfc(path.parent.name) for path in files}, key=_natural)
    inner = sorted({to_nfc(path.stem) for path in files}, key=_natural)
    reference = None if reference is None else _find_reference(reference, layout, outer, inner)
    chosen = layout or _detect_layout(folder, outer, inner, reference)
    items, conditions = (outer, inner) if chosen == "item/condition" else (inner, outer)
    item_ids, condition_ids = safe_ids(items), safe_ids(conditions)
    paths: dict[tuple[str, str], Path] = {}
    for path in files:
        names = (to_nfc(path.parent.name), to_nfc(path.stem))
        item, condition = names if chosen == "item/condition" else names[::-1]
        key = (item_ids[item], condition_ids[condition])
        if key in paths:
            raise LayoutError(f"{path}: is next to {paths[key]}; expected one file of that name")
        paths[key] = path
    sounds = SoundSet(
        folder.resolve().name,
        tuple(Item(name=item_ids[item]) for item in items),
        tuple(_condition(condition_ids[name], name, reference) for name in conditions),
        paths,
        item_names={found: name for name, found in item_ids.items()},
    )
    _refuse_gaps(folder, sounds)
    return sounds


def _find_reference(given: str, layout: Layout | None, outer: Sequence[str], inner: Sequence[str]) -> str:
    """Return the name that a reference, given by its name or its id, has among the files or the folders."""
    names = [*(outer if layout != "item/condition" else ()), *(inner if layout != "condition/item" else ())]
    name = to_nfc(given)
    for found in names:
        if name in (found, safe_id(found)):
            return found
    raise LayoutError(f"reference_name is {name!r}; {describe_expected(name, list(dict.fromkeys(names)))}")


def _detect_layout(folder: Path, outer: Sequence[str], inner: Sequence[str], reference: str | None) -> Layout:
    usual = {*REFERENCE_NAMES, *_ROLE_OF_NAME}
    in_outer, in_inner = (
        any(name == reference if reference else name.lower() in usual for name in names)
        for names in (outer, inner)
    )
    if in_outer != in_inner:
        return "condition/item" if in_outer else "item/condition"
    why = "both as a folder and as a file" if in_outer else "neither as a folder nor as a file"
    raise LayoutError(
        f"{folder}: {reference or 'reference'!r} occurs {why}, so it may be read as item/condition "
        f"(items {_list_some(outer)}; conditions {_list_some(inner)}) or as condition/item "
        f"(conditions {_list_some(outer)}; items {_list_some(inner)}); say which with --layout, or name the "
        "reference with --reference-name"
    )


def _condition(name: str, label: str, reference: str | None) -> Condition:
    lowered = label.lower()
    if label == reference or (reference is None and lowered in REFERENCE_NAMES):
        return Condition(name=name, role="reference", label=label)
    role = _ROLE_OF_NAME.get(lowered, "method")
    return Condition.model_validate({"name": name, "role": role, "label": label})


def _refuse_gaps(folder: Path, sounds: SoundSet) -> None:
    gaps = [
        (item.name, condition)
        for item in sounds.items
        for condition in sounds.conditions
        if (item.name, condition.name) not in sounds.paths
    ]
    if gaps:
        item, condition = gaps[0]
        having = sum((one.name, condition.name) in sounds.paths for one in sounds.items)
        more = f" (and {len(gaps) - 1} more {'gap' if len(gaps) == 2 else 'gaps'})" if len(gaps) > 1 else ""
        raise LayoutError(
            f"{folder}: item {sounds.item_names.get(item, item)!r} has no condition "
            f"{condition.label or condition.name!r}, which {having} of {len(sounds.items)} items "
            f"{'has' if having == 1 else 'have'}{more}; expected every condition for every item"
        )
    if sum(condition.role == "reference" for condition in sounds.conditions) > 1:
        names = [condition.name for condition in sounds.conditions if condition.role == "reference"]
        raise LayoutError(
            f"{folder}: {' and '.join(names)} are both references; name one with --reference-name"
        )


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key under which item 10 follows item 9."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts]


def _list_some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

"""Which sounds there are: a stimuli set with a manifest, or a folder of files in one of four layouts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from stimuli import Condition, Item, Manifest
from stimuli.manifest import known_sha256_of
from study_builder.config.roles import REFERENCE_ROLES
from study_builder.errors import LayoutError
from study_builder.identifiers import describe_expected, resolve_ids, safe_id, safe_ids, to_nfc
from study_builder.sounds.anchors import ANCHORS
from study_builder.sounds.files import EXPECTED, sound_files
from study_builder.sounds.flat_folder import detect_flat_layout, split_flat_names
from study_builder.sounds.gaps import find_gaps

Layout = Literal["item/condition", "condition/item", "item_condition", "condition_item"]

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


def read_sounds(
    folder: Path | str,
    layout: Layout | None = None,
    reference: str | None = None,
    *,
    items: Sequence[str] | None = None,
    conditions: Sequence[str] | None = None,
) -> SoundSet:
    """Read a stimuli set, or a folder of `item/condition.wav`, `condition/item.wav` or `item_condition.wav`.

    Args:
        folder: with a `manifest.json`, with folders of sound files, or with sound files.
        layout: which of the layouts; None detects it by where the reference's name is.
        reference: name or id of the reference; None takes `reference`, `ref`, `input` or `original`.
        items: names or ids of the wanted ones; None takes all. What the others lack does not matter.
        conditions: names or ids of the wanted ones, in addition to the reference; None takes all.

    Raises:
        FileNotFoundError: the folder does not exist.
        LayoutError: the layout is ambiguous, or an item lacks a condition.
        ManifestError: the manifest cannot be used.
        BuildError: a name that is wanted does not exist.
    """
    folder = Path(folder)
    if folder.is_file():
        raise LayoutError(f"{folder}: is a file; expected a stimuli set, or a folder of {EXPECTED}")
    if not folder.is_dir():
        raise FileNotFoundError(2, "No such folder", str(folder))
    if (folder / "manifest.json").is_file():
        found = _read_manifest(folder)
    else:
        found = _read_folder(folder, layout, reference)
    chosen = _select(found, items, conditions)
    _refuse_gaps(folder, chosen)
    return chosen


def _select(sounds: SoundSet, items: Sequence[str] | None, conditions: Sequence[str] | None) -> SoundSet:
    """Return the wanted items under the wanted conditions and the reference."""
    if items is not None:
        by_name = {item.name: item for item in sounds.items}
        names = resolve_ids(items, {name: sounds.item_names.get(name) for name in by_name}, "items")
        sounds = replace(sounds, items=tuple(by_name[name] for name in names))
    if conditions is not None:
        labels = {c.name: c.label for c in sounds.conditions if c.role not in REFERENCE_ROLES}
        wanted = resolve_ids(conditions, labels, "conditions")
        kept = [c for c in sounds.conditions if c.role in REFERENCE_ROLES or c.name in wanted]
        sounds = replace(sounds, conditions=tuple(kept))
    return sounds


def _read_manifest(folder: Path) -> SoundSet:
    manifest = Manifest.load(folder)
    paths = {}
    for stimulus in manifest.stimuli:
        if stimulus.kind != "stimulus":
            continue
        path = folder / stimulus.path
        if not path.is_file():
            raise FileNotFoundError(2, "A sound of the manifest is missing", str(path))
        if known_sha256_of(path) != stimulus.sha256:
            raise LayoutError(
                f"{path}: has changed since {folder / 'manifest.json'} was written; render the set again"
            )
        paths[stimulus.item, stimulus.condition] = path
    return SoundSet(manifest.name, manifest.items, manifest.conditions, paths, manifest.command)


def _read_folder(folder: Path, layout: Layout | None, reference: str | None) -> SoundSet:
    files = sound_files(folder)
    if files[0].parent == folder:
        names = _read_flat_names(folder, files, layout, reference)
        items, conditions = (sorted({pair[at] for pair in names.values()}, key=_natural) for at in (0, 1))
        if reference is not None:
            reference = _find_reference(reference, "item/condition", (), conditions)
    else:
        outer = sorted({to_nfc(path.parent.name) for path in files}, key=_natural)
        inner = sorted({to_nfc(path.stem) for path in files}, key=_natural)
        reference = None if reference is None else _find_reference(reference, layout, outer, inner)
        by_item = (layout or _detect_layout(folder, outer, inner, reference)) == "item/condition"
        items, conditions = (outer, inner) if by_item else (inner, outer)
        pairs = {path: (to_nfc(path.parent.name), to_nfc(path.stem)) for path in files}
        names = pairs if by_item else {path: pair[::-1] for path, pair in pairs.items()}
    item_ids, condition_ids = safe_ids(items), safe_ids(conditions)
    paths: dict[tuple[str, str], Path] = {}
    for path, (item, condition) in names.items():
        key = (item_ids[item], condition_ids[condition])
        if key in paths:
            raise LayoutError(f"{path}: is next to {paths[key]}; expected one file of that name")
        paths[key] = path
    return SoundSet(
        folder.resolve().name,
        tuple(Item(name=item_ids[item]) for item in items),
        tuple(_condition(condition_ids[name], name, reference) for name in conditions),
        paths,
        item_names={found: name for name, found in item_ids.items()},
    )


def _read_flat_names(
    folder: Path, files: Sequence[Path], layout: Layout | None, reference: str | None
) -> dict[Path, tuple[str, str]]:
    """Return item and condition of each file of a folder without folders."""
    if layout == "item/condition" or layout == "condition/item":  # mypy narrows no membership
        raise LayoutError(
            f"{folder}: has no folders of sounds; expected --layout item_condition or condition_item"
        )
    stems = [to_nfc(path.stem) for path in files]
    references = REFERENCE_NAMES if reference is None else (to_nfc(reference).lower(),)
    chosen = layout or detect_flat_layout(stems, references)
    names = split_flat_names(stems, chosen, references)
    found = {}
    for path, stem in zip(files, stems, strict=True):
        pair = names[stem]
        if pair is None:
            raise LayoutError(f"{path}: names no item and condition; expected {EXPECTED} in {folder}")
        found[path] = pair
    return found


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
    labels = {condition.name: condition.label or condition.name for condition in sounds.conditions}
    first, count = find_gaps([item.name for item in sounds.items], list(labels), sounds.paths.keys(), 1)
    for item, condition in first:
        having = sum((one.name, condition) in sounds.paths for one in sounds.items)
        more = f" (and {count - 1} more {'gap' if count == 2 else 'gaps'})" if count > 1 else ""
        raise LayoutError(
            f"{folder}: item {sounds.item_names.get(item, item)!r} has no condition "
            f"{labels[condition]!r}, which {having} of {len(sounds.items)} items "
            f"{'has' if having == 1 else 'have'}{more}; expected every condition for every item (--items and "
            "--conditions choose what is complete)"
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

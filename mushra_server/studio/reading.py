"""How a folder of sounds was read: items, conditions, lengths, rates, levels, what is missing."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from mushra_server.studio.drafts import HEADERS_NAME, LOUDNESS_NAME, SOUNDS_NAME, find_sounds, load_fact
from mushra_server.studio.headers import Header, read_headers
from stimuli import StimuliError
from stimuli.files import temporary_name, write_text
from study_builder.errors import StudyError
from study_builder.identifiers import to_nfc
from study_builder.sounds.files import sound_files
from study_builder.sounds.gaps import find_gaps
from study_builder.sounds.sound_set import Layout, read_sounds

__all__ = ["Reading", "Table", "read_folder"]

LISTED = 12


@dataclass(frozen=True)
class Table:
    """One way to read the folders: which names are items, which conditions, and which pairs are missing."""

    layout: Layout
    items: tuple[str, ...]
    conditions: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """A set of sounds as it is shown.

    Attributes:
        items, conditions: names, in order, in the reading that was taken; empty if there is none.
        reference: name of the condition that is the reference, or None.
        tables: both readings of the folders, the other one second; empty for a stimuli set.
        problem: why the sounds cannot be used as they are, or None.
        files: number of sounds.
        seconds: shortest and longest sound.
        sound_seconds: of all sounds, each as often as it has channels.
        rates, channels: how many files have each sample rate (Hz) and number of channels.
        lufs: quietest and loudest sound, None until they are measured.
    """

    items: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    reference: str | None = None
    tables: tuple[Table, ...] = ()
    problem: str | None = None
    files: int = 0
    seconds: tuple[float, float] = (0.0, 0.0)
    sound_seconds: float = 0.0
    rates: dict[int, int] = field(default_factory=dict)
    channels: dict[int, int] = field(default_factory=dict)
    lufs: tuple[float, float] | None = None


def read_folder(draft: Path, layout: Layout | None = None, reference: str | None = None) -> Reading | None:
    """Return how the sounds of a draft are read; None if there are none yet.

    Args:
        draft: the draft's folder, with the sounds in `sounds`.
        layout: of the folders, as in `read_sounds`.
        reference: name of the reference, as in `read_sounds`.
    """
    folder = draft / SOUNDS_NAME
    if not folder.is_dir():
        return None
    known = _measure(draft)
    try:
        tables = () if (folder / "manifest.json").is_file() else _both_tables(folder)
    except (StudyError, OSError) as error:
        return replace(known, problem=_hide_folder(str(error), folder))
    try:
        found = read_sounds(folder, layout, reference)
    except (StudyError, StimuliError, OSError) as error:
        return replace(known, tables=tables, problem=_hide_folder(str(error), folder))
    names = {condition.name: condition.label or condition.name for condition in found.conditions}
    items = tuple(found.item_names.get(item.name, item.name) for item in found.items)
    return replace(
        known,
        items=items,
        conditions=tuple(names.values()),
        reference=names.get(found.reference or ""),
        tables=tuple(sorted(tables, key=lambda table: set(table.items) != set(items))),
    )


def _measure(draft: Path) -> Reading:
    """Return what the headers of the sounds say, and their loudness if it is known yet."""
    headers = _load_headers(draft)
    seconds = [header.seconds for header in headers] or [0.0]
    levels = load_fact(draft, LOUDNESS_NAME)
    return Reading(
        files=len(headers),
        seconds=(min(seconds), max(seconds)),
        sound_seconds=sum(header.channels * header.seconds for header in headers),
        rates=dict(Counter(header.rate for header in headers).most_common()),
        channels=dict(Counter(header.channels for header in headers).most_common()),
        lufs=(min(levels), max(levels)) if levels else None,
    )


def _load_headers(draft: Path) -> list[Header]:
    """Return the headers of the sounds as they were read when they came, or by another process now."""
    known = load_fact(draft / SOUNDS_NAME, HEADERS_NAME)
    if known is None:  # they came in an earlier release
        known = [header for header in read_headers(find_sounds(draft)) if header is not None]
        _keep_headers(draft, known)
    return [Header(*one) for one in known]


def _keep_headers(draft: Path, known: list[Header]) -> None:
    """Write the headers for the next look, unless an upload that came meanwhile has its own."""
    made = temporary_name(draft / HEADERS_NAME)
    try:
        write_text(made, json.dumps(known))
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            os.link(made, draft / SOUNDS_NAME / HEADERS_NAME)
    finally:
        made.unlink(missing_ok=True)


def _hide_folder(sentence: str, folder: Path) -> str:
    """Return a sentence without the server's path of the upload, which is nobody's business."""
    for path in (f"{folder}/", f"{folder}: "):
        sentence = sentence.replace(path, "")
    return sentence.replace(str(folder), "the upload")


def _both_tables(folder: Path) -> tuple[Table, ...]:
    files = sound_files(folder)
    if files[0].parent == folder:
        return ()  # the names of files, and no folders, say what they are
    pairs = {(to_nfc(path.parent.name), to_nfc(path.stem)) for path in files}
    outer, inner = sorted({pair[0] for pair in pairs}), sorted({pair[1] for pair in pairs})
    gaps, count = find_gaps(outer, inner, pairs, LISTED)
    missing = tuple(f"{one}/{other}" for one, other in gaps)
    missing += (f"and {count - LISTED} more",) if count > LISTED else ()
    return (
        Table("item/condition", tuple(outer), tuple(inner), missing),
        Table("condition/item", tuple(inner), tuple(outer), missing),
    )

"""Which files of a folder are the sounds of a study; sounds that would be passed over are refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stimuli.audio import READABLE
from study_builder.errors import LayoutError

UNREADABLE = (".m4a", ".aac", ".mp4", ".wma", ".amr", ".webm", ".mov", ".mka", ".ac3", ".caf", ".au", ".w64")
EXPECTED = "item/condition.wav, condition/item.wav or item_condition.wav"


def sound_files(folder: Path) -> list[Path]:
    """Return the sound files of a folder, or those one folder deep, in order; hidden files are ignored.

    Raises:
        LayoutError: there are none, or a study would lack one that is elsewhere or cannot be read.
    """
    found: list[Path] = []
    flat = [entry for entry in _iter_visible(folder) if not entry.is_dir() and _sounds(entry)]
    for entry in (entry for entry in _iter_visible(folder) if entry.is_dir()):
        for inner in _iter_visible(entry):
            if inner.is_dir():
                _refuse_deep(folder, inner)
            elif _sounds(inner):
                found.append(inner)
    if flat and found:
        raise LayoutError(
            f"{flat[0]}: is next to folders of sounds; expected all sounds in folders, or none of them"
        )
    found = found or flat
    for path in found:
        if path.suffix.lower() in UNREADABLE:
            raise LayoutError(f"{path}: its format cannot be read; expected WAV, FLAC, Ogg, MP3 or AIFF")
    if not found:
        raise LayoutError(f"{folder}: contains no sound files; expected {EXPECTED}")
    return found


def _refuse_deep(folder: Path, inner: Path) -> None:
    for path in sorted(inner.rglob("*")):
        if _sounds(path) and not path.name.startswith(".") and not path.is_dir():
            depth = len(path.relative_to(folder).parents) - 1
            raise LayoutError(f"{path}: is {depth} folders deep; expected {EXPECTED} in {folder}")


def _iter_visible(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.iterdir()) if not path.name.startswith("."))


def _sounds(path: Path) -> bool:
    return path.suffix.lower() in (*READABLE, *UNREADABLE)

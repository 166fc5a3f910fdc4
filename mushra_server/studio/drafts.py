"""The files of a draft: sounds as they were uploaded, choices, and what is known of both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stimuli.files import write_text

__all__ = [
    "BUILT_NAME",
    "CHECKS_NAME",
    "CHOICES_NAME",
    "HEADERS_NAME",
    "LOUDNESS_NAME",
    "SOUNDS_NAME",
    "UPLOAD_NAME",
    "find_sounds",
    "load_fact",
    "save_fact",
]

SOUNDS_NAME = "sounds"
HEADERS_NAME = ".headers.json"  # among the sounds, of each: frames, rate, channels
CHOICES_NAME = "choices.yaml"
UPLOAD_NAME = "upload.json"  # a name for the upload, and what was left out of it
LOUDNESS_NAME = "loudness.json"  # of every sound, in LUFS
BUILT_NAME = "built.json"  # of which upload and which choices the study was built
CHECKS_NAME = "check.json"  # what `study check` found in it


def find_sounds(draft: Path) -> list[Path]:
    """Return the uploaded sounds, sorted; a stimuli set's manifest is not one."""
    files = (draft / SOUNDS_NAME).rglob("*")
    return sorted(path for path in files if path.is_file() and path.suffix != ".json")


def load_fact(draft: Path, name: str) -> Any:
    """Return what a file of a draft says, or None if the file is missing."""
    try:
        return json.loads((draft / name).read_text("utf-8"))
    except FileNotFoundError:
        return None


def save_fact(draft: Path, name: str, fact: Any) -> None:
    """Write a file of a draft."""
    write_text(draft / name, json.dumps(fact))

"""Studies for the page: every page type, and what their databases hold."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import yaml

RATE = 16_000
QUICK_S = 0.3
"""Of a sound that has to be heard; a loop needs half a second."""
CONDITIONS = ("kestrel", "lapwing", "plover", "anchor35")
POINTS = [
    {"value": str(n), "label": label}
    for n, label in enumerate(("Bad", "Poor", "Fair", "Good", "Excellent"), 1)
]


def write_sound(path: Path, frequency: float, seconds: float = QUICK_S, rate: int = RATE) -> None:
    """Write three decaying bursts of a tone, so that the waveform has a shape."""
    time = np.arange(round(seconds * rate)) / rate
    envelope = np.exp(-6 * (time % (seconds / 3)))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.3 * envelope * np.sin(2 * np.pi * frequency * time), rate)


def trial(
    page_type: str, name: str, *, conditions: tuple[str, ...] = CONDITIONS, **keys: Any
) -> dict[str, Any]:
    """Return a rating page over the sounds of `item`."""
    return {
        "type": page_type,
        "id": name,
        "name": "Trial",
        "content": "How good is the quality of each sound, compared with the reference?",
        "stimuli": {condition: f"audio/item/{condition}.wav" for condition in conditions},
        **keys,
    }


REFERENCE = {"reference": "audio/item/reference.wav", "showWaveform": True, "enableLooping": True}
CONSENT = {
    "type": "consent",
    "id": "consent",
    "name": "Welcome",
    "content": "<p>Taking part is voluntary.</p>",
    "mustConsent": True,
}
VOLUME = {
    "type": "volume",
    "id": "volume",
    "name": "Volume",
    "content": "Set it.",
    "stimulus": "audio/item/reference.wav",
    "defaultVolume": 0.5,
}
GENERIC = {"type": "generic", "id": "told", "name": "Instructions", "content": "<p>Listen <b>well</b>.</p>"}
MUSHRA = trial("mushra", "mushra", **REFERENCE)
BS1116 = trial("bs1116", "bs1116", conditions=("kestrel",), **REFERENCE)
PAIRED = trial("paired_comparison", "paired", conditions=("kestrel",), unforced="Cannot tell", **REFERENCE)
LIKERT_SINGLE = trial(
    "likert_single_stimulus", "single", conditions=("kestrel",), mustRate=True, response=POINTS
)
LIKERT_MULTI = trial(
    "likert_multi_stimulus", "multi", conditions=CONDITIONS[:3], mustRate=True, response=POINTS
)
AB = trial("ab", "ab", conditions=CONDITIONS[:2], content="", ties=True, enableLooping=True)
ABX = trial("abx", "abx", conditions=CONDITIONS[:2], content="", enableLooping=True)
CCR = trial("ccr", "ccr", conditions=CONDITIONS[:2], content="", enableLooping=True)
DCR = trial("dcr", "dcr", conditions=CONDITIONS[:1], content="", **{**REFERENCE, "showWaveform": False})
BEST_WORST = trial("best_worst", "best_worst", content="", enableLooping=True)
COMPARISONS = [AB, ABX, CCR, DCR, BEST_WORST]
P835 = trial("likert_single_stimulus", "p835", conditions=("kestrel",), mustRate=True, response=[POINTS] * 3)
QUESTIONS = [
    {"type": "number", "label": "Your age", "name": "age", "min": 10, "max": 120},
    {
        "type": "likert",
        "label": "What did you listen with?",
        "name": "device",
        "response": [
            {"value": "headphones", "label": "Headphones"},
            {"value": "loudspeakers", "label": "Loudspeakers"},
        ],
    },
    {"type": "text", "label": "Your city", "name": "city", "optional": True},
    {"type": "long_text", "label": "Remarks", "name": "remarks", "optional": True},
]
FINISH = {
    "type": "finish",
    "id": "finish",
    "name": "Thank you",
    "content": "<p>A few questions are left.</p>",
    "popupContent": "Stored. Thank you.",
    "questionnaire": QUESTIONS,
}
EVERY_TYPE = [CONSENT, VOLUME, GENERIC, MUSHRA, BS1116, PAIRED, LIKERT_SINGLE, LIKERT_MULTI, FINISH]


def write_study(
    folder: Path,
    pages: list[dict[str, Any]],
    *,
    previous: bool = True,
    seconds: float = QUICK_S,
    **options: Any,
) -> Path:
    """Write a study folder with these pages and `listenable:` options."""
    for n, condition in enumerate(("reference", *CONDITIONS)):
        write_sound(folder / f"audio/item/{condition}.wav", 300.0 + 70 * n, seconds)
    rated = {page["id"]: {"item": "item", "kind": "trial"} for page in pages if "stimuli" in page}
    if P835["id"] in rated:
        rated[P835["id"]]["test"] = "p835"
    config = {
        "testname": "Sound quality study",
        "testId": "page",
        "bufferSize": 2048,
        "stopOnErrors": True,
        "showButtonPreviousPage": previous,
        "remoteService": "service/write.php",
        "pages": pages,
        "listenable": {"schema_version": 1, "seed": 3, "order": "fixed", "trials": rated, **options},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return folder


def stored(study: Path, view: str = "export_ratings") -> list[dict[str, Any]]:
    """Return the rows of a view of a study's database."""
    with contextlib.closing(sqlite3.connect(study / "ratings.sqlite3")) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {view}")]


def answers(study: Path) -> dict[str, str]:
    """Return a study's answers by the name of their question; no session has one twice."""
    rows = stored(study, "export_answers")
    assert len({(row["session"], row["name"]) for row in rows}) == len(rows)
    return {row["name"]: row["value"] for row in rows}

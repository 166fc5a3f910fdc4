"""Studies of every listening test for the fuzz tests, and what a listener would answer to their pages."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from study_builder import Choices, build_study
from study_builder.config import TEST_NAMES
from tests.mushra_server.conftest import write_tone
from tests.mushra_server.page import studies as pages

VERSIONS = ("reference", "new", "old", "codec")
SCREENS = ("transducer", "hearing", "environment")
ONE = {"items": ["dog"], "training_items": 0}
CHOICES: dict[str, dict[str, Any]] = {
    "every test": {
        **ONE, "conditions": ["new", "old"], "repeats": 1,
        "tests": [name for name in TEST_NAMES if name != "mushra-nmr"],
        "screens": SCREENS, "headphone_check": "huggins", "url_parameters": ["PROLIFIC_PID"],
    },
    # By itself, as its scores are called like those of MUSHRA.
    "no reference": {**ONE, "test": "mushra-nmr", "attention_checks": 1},
    "staircase": {**ONE, "test": "abx", "against": "reference", "adaptive": "2-down-1-up"},
    "active pairs": {**ONE, "test": "ab", "ties": True, "adaptive": "active-6"},
}  # fmt: skip
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PICTURED = [
    {**point, "img": "pictures/face.png", "imgSelected": "pictures/face.png"} for point in pages.POINTS
]
WORDS = [{"value": value, "label": value} for value in ("no", "perhaps", "yes")]
BEFORE = [{**question, "name": f"{question['name']}_before"} for question in pages.QUESTIONS]


def make_sounds(folder: Path) -> Path:
    for item in ("dog", "rain"):
        for place, version in enumerate(VERSIONS):
            write_tone(folder / item / f"{version}.wav", 300 + 70 * place, 0.15)
    return folder


def build_every(folder: Path) -> dict[str, Path]:
    """Build the studies of `CHOICES`, and one of pages that only webMUSHRA's configs have."""
    sounds = make_sounds(folder / "sounds")
    made = {
        name: build_study(sounds, folder / name, Choices.model_validate(chosen), jobs=1).folder
        for name, chosen in CHOICES.items()
    }
    return {**made, "webMUSHRA's": _write_webmushra(folder / "webmushra")}


def _write_webmushra(folder: Path) -> Path:
    (folder / "pictures").mkdir(parents=True)
    (folder / "pictures" / "face.png").write_bytes(PICTURE)
    words = pages.trial(
        "likert_multi_stimulus", "words", conditions=pages.CONDITIONS[:2], mustRate=False, response=WORDS
    )
    pictured = {**pages.P835, "response": [PICTURED] * 3}
    return pages.write_study(
        folder,
        [pages.CONSENT, pages.VOLUME, pages.GENERIC, pages.PAIRED, pages.LIKERT_MULTI, pictured, words,
         pages.FINISH],
        must_listen=False, questionnaires={"told": BEFORE},
    )  # fmt: skip


def answer_to(page: dict[str, Any]) -> dict[str, Any]:
    """Return what a listener might answer to a page of any type."""
    answers: dict[str, str] = {"consent": "true"} if page.get("must_consent") else {}
    if page["type"] == "volume":
        answers = {"volume": "0.5", "volume_played_ms": "900"}
    if page["type"].endswith("_check"):
        answers = {page["type"]: "passed", f"{page['type']}_correct": "6", f"{page['type']}_attempts": "1"}
    answers |= {question["name"]: _answer_question(question) for question in page.get("questionnaire") or ()}
    ratings = [
        {
            "key": sound["key"], "attribute": scale["name"], "comment": "fine", "listened_ms": 9000,
            "score": _SCORES.get(page["type"], _on_scale)(place, scale),
        }
        for place, sound in enumerate(page.get("stimuli", ()))
        for scale in page["scales"]
    ]  # fmt: skip
    body = {"page": page["id"], "attempt": str(uuid.uuid4()), "time_ms": 1200, "device": "phone"}
    return {**body, "waited_ms": 5, "given_at": 1_700_000_000_000, "ratings": ratings, "answers": answers}


def _on_scale(place: int, scale: dict[str, Any]) -> Any:
    points = scale.get("points")
    return points[place % len(points)] if points else min(scale["min"] + place, scale["max"])


def _nth(*scores: float) -> Callable[[int, dict[str, Any]], float]:
    return lambda place, scale: scores[place] if place < len(scores) else 0


_SCORES: dict[str, Callable[[int, dict[str, Any]], Any]] = {
    "ab": _nth(1), "abx": _nth(1), "paired_comparison": _nth(1),
    "ccr": _nth(2, -2), "best_worst": _nth(1, -1),
}  # fmt: skip


def _answer_question(question: dict[str, Any]) -> str:
    if question["type"] == "likert":
        return str(question["response"][0]["value"]) if question["response"] else ""
    return "30" if question["type"] == "number" else "a\ttext; with, marks"

"""The studies that are looked at: one per listening test, one of every other page, all from made sounds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import yaml
from PIL import Image, ImageDraw

from study_builder import Choices, build_study
from study_builder.config import TEST_NAMES, TESTS

__all__ = ["build_likert", "build_plain", "build_whole", "find_builders"]

RATE = 16_000
SECONDS = 1.2
METHODS = tuple(f"method{n:02}" for n in range(12))
SILENT = {"consent": "", "volume_text": "", "instructions": "", "training_items": 0, "questionnaire": ()}
MOODS = ("Schlecht", "Dürftig", "Ordentlich", "Gut", "Ausgezeichnet")
LAB = {
    "name": "Hearing Lab",
    "logo": "lab.png",
    "colour": "#a01c2d",
    "contact": '<a href="mailto:lab@example.org">lab@example.org</a>',
}


def _write_sound(path: Path, place: int) -> None:
    """Write bursts of a falling tone with some noise: a waveform that looks like something."""
    time = np.arange(round(SECONDS * RATE)) / RATE
    envelope = np.exp(-5 * (time % 0.3)) * (0.4 + 0.6 * np.sin(2 * np.pi * time / SECONDS) ** 2)
    noise = np.random.default_rng(place).normal(0, 0.02, time.size)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, envelope * (0.3 * np.sin(2 * np.pi * (300 + 40 * place) * time) + noise), RATE)


def _record(home: Path, items: int, methods: int) -> Path:
    folder = home / f"sounds-{items}-{methods}"
    for item in range(items):
        for place, name in enumerate(("reference", *METHODS[:methods])):
            _write_sound(folder / f"item{item}" / f"{name}.wav", place + 20 * item)
    return folder


def _build(home: Path, name: str, items: int, methods: int, **choices: Any) -> Path:
    sounds = _record(home, items, methods)
    return build_study(sounds, home / name, Choices.model_validate(choices), jobs=1).folder


def find_builders(language: str) -> dict[str, Callable[[Path], Path]]:
    """Return what builds a study of one item, by name: for each listening test, and with more on a page.

    Args:
        language: Of the pages.

    Returns:
        Functions of the folder to build in.
    """
    own = {"language": language, "title": "Quality of noise reduction", **SILENT}
    scales = (
        {"name": "speech", "question": "How natural is the speech?"},
        {
            "name": "noise",
            "question": "How intrusive is the noise?",
            "labels": ("Very", "Rather", "Somewhat", "Slightly", "Not at all"),
        },
    )
    studies: dict[str, tuple[int, dict[str, Any]]] = {
        name: (3 if TESTS[name].anchors or name == "best-worst" else 1, {"tests": (name,)})
        for name in TEST_NAMES
    }
    studies["ab"][1]["ties"] = True
    studies["mushra-two-scales"] = 3, {"scales": scales}
    studies["mushra-training"] = 2, {"training_items": 1, "must_listen": False}
    studies["mushra-twelve"] = 11, {"anchors": ()}
    studies["mushra-open"] = 2, {"reference": "open", "show_waveform": False}

    def builder(name: str, methods: int, choices: dict[str, Any]) -> Callable[[Path], Path]:
        return lambda home: _build(home, name, 1, methods, **{**own, **choices})

    return {name: builder(name, methods, choices) for name, (methods, choices) in studies.items()}


def build_whole(home: Path, language: str, **choices: Any) -> Path:
    """Build a study of two parts with every page around them: checks, questions, the lab's logo, a code."""
    Image.new("RGB", (240, 80), "#a01c2d").save(home / "lab.png")
    (home / "choices.yaml").write_text(yaml.safe_dump({"lab": LAB, **choices}, allow_unicode=True))
    own = Choices.load(
        home / "choices.yaml",
        tests=("abx", "mushra"),
        pairs=("method00:method01",),
        items=("item0",),
        training_items=0,
        headphone_check="antiphase",
        screens=("transducer", "hearing", "environment"),
        language=language,
        title="Quality of noise reduction",
        show_previous=True,
    )
    return build_study(_record(home, 2, 2), home / "study", own, pictures=home, jobs=1).folder


def build_plain(home: Path, name: str, **options: Any) -> Path:
    """Write a study of a consent page, a trial and questions, with options of its own."""
    trial = {
        "type": "mushra",
        "id": "trial",
        "name": "Trial",
        "content": "How good is each sound, compared with the reference?",
        "reference": "audio/reference.wav",
        "showWaveform": True,
        "enableLooping": True,
        "stimuli": {method: f"audio/{method}.wav" for method in METHODS[:3]},
    }
    pages: list[dict[str, Any]] = [
        {"type": "generic", "id": "told", "name": "Welcome", "content": "<p>Listen <b>well</b>.</p>"},
        trial,
        {"type": "finish", "id": "finish", "name": "Last questions", "content": "", "questionnaire": []},
    ]
    return _write(home / name, pages, must_listen=False, must_rate=False, **options)


def build_likert(home: Path) -> Path:
    """Write a study of webMUSHRA's Likert pages with pictures, and of questions between pages."""
    folder = home / "likert"
    points = [
        {
            "value": str(n),
            "label": mood,
            "img": f"faces/{n}.png",
            "imgSelected": f"faces/{n}-chosen.png",
            "imgHigherResponseSelected": f"faces/{n}-filled.png",
        }
        for n, mood in enumerate(MOODS, 1)
    ]
    for n in range(1, 6):
        for suffix, colour in (("", "#888888"), ("-chosen", "#d08000"), ("-filled", "#f0c060")):
            _draw_star(folder / f"faces/{n}{suffix}.png", colour)
    words = [{key: point[key] for key in ("value", "label")} for point in points]
    sound = {method: f"audio/{method}.wav" for method in METHODS[:3]}
    one = {METHODS[0]: sound[METHODS[0]]}
    asks = {"name": "Trial", "content": "How good is the quality?", "mustRate": True}
    pages: list[dict[str, Any]] = [
        {
            "type": "generic",
            "id": "about",
            "name": "About you",
            "content": "A few questions first.",
        },
        {"type": "likert_multi_stimulus", "id": "multi", "stimuli": sound, "response": points, **asks},
        {
            "type": "likert_multi_stimulus",
            "id": "twice",
            "stimuli": sound,
            "response": [words, words],
            "mustPlayback": "ended",
            **asks,
        },
        {"type": "likert_single_stimulus", "id": "single", "stimuli": one, "response": points, **asks},
        {
            "type": "paired_comparison",
            "id": "paired",
            "name": "Trial",
            "content": "",
            "reference": "audio/reference.wav",
            "stimuli": one,
            "unforced": "Cannot tell",
            "showWaveform": True,
            "enableLooping": True,
        },
        {"type": "finish", "id": "finish", "name": "Thank you", "content": "", "questionnaire": []},
    ]
    questions = [
        {"type": "number", "name": "years", "label": "Years of musical practice", "min": 0, "max": 80},
        {
            "type": "likert",
            "name": "hearing",
            "label": "How well do you hear?",
            "response": [{"value": "good", "label": "Well"}, {"value": "bad", "label": "Not well"}],
        },
        {"type": "text", "label": "Your city", "name": "city", "optional": True},
        {"type": "long_text", "label": "Remarks", "name": "remarks", "optional": True},
    ]
    return _write(folder, pages, questionnaires={"about": questions})


def _draw_star(path: Path, colour: str) -> None:
    picture = Image.new("RGBA", (64, 64))
    points = [
        (32 + radius * np.sin(np.pi * n / 5), 32 - radius * np.cos(np.pi * n / 5))
        for n, radius in enumerate((30, 13) * 5)
    ]
    ImageDraw.Draw(picture).polygon(points, fill=colour)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


def _write(folder: Path, pages: list[dict[str, Any]], **options: Any) -> Path:
    for place, name in enumerate(("reference", *METHODS[:3])):
        _write_sound(folder / f"audio/{name}.wav", place)
    rated = {page["id"]: {"item": "item", "kind": "trial"} for page in pages if "stimuli" in page}
    config = {
        "testname": "Quality of noise reduction",
        "testId": folder.name,
        "bufferSize": 2048,
        "stopOnErrors": True,
        "showButtonPreviousPage": True,
        "remoteService": "service/write.php",
        "pages": pages,
        "listenable": {"schema_version": 1, "order": "fixed", "trials": rated, **options},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    return folder

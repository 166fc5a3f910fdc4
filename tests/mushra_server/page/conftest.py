"""A study with every page type, the real server on a free port, and the system's Chromium."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml

RATE = 16_000
CONDITIONS = ("kestrel", "lapwing", "plover", "anchor35")
CHROMIUM = "/usr/bin/chromium"
PATIENCE_S = 30.0  # a machine that does much else is slow, not wrong: nothing here waits for less
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
POINTS = [
    {"value": str(n), "label": label}
    for n, label in enumerate(("Bad", "Poor", "Fair", "Good", "Excellent"), 1)
]


def write_sound(path: Path, frequency: float, seconds: float = 0.6, rate: int = RATE) -> None:
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


def write_study(folder: Path, pages: list[dict[str, Any]], *, previous: bool = True, **options: Any) -> Path:
    """Write a study folder with these pages and `listenable:` options."""
    for n, condition in enumerate(("reference", *CONDITIONS)):
        write_sound(folder / f"audio/item/{condition}.wav", 300.0 + 70 * n)
    rated = {page["id"]: {"item": "item", "kind": "trial"} for page in pages if "stimuli" in page}
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


@pytest.fixture
def make_study(tmp_path: Path) -> Callable[..., Path]:
    """Write a study folder: `make_study([page, ...], previous=True, **options)`."""
    count = iter(range(100))
    return lambda pages, **options: write_study(tmp_path / f"study{next(count)}", pages, **options)


def stored(study: Path, view: str = "export_ratings") -> list[dict[str, Any]]:
    """Return the rows of a view of a study's database."""
    with contextlib.closing(sqlite3.connect(study / "ratings.sqlite3")) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {view}")]


def eventually(read: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
    """Read again until `holds` what was read, or patience ends; return what was read last."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds(found := read()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


@pytest.fixture(scope="session")
def pages() -> dict[str, Any]:
    """The pages and helpers that several files use."""
    return {
        "consent": CONSENT,
        "volume": VOLUME,
        "generic": GENERIC,
        "mushra": MUSHRA,
        "bs1116": BS1116,
        "paired": PAIRED,
        "single": LIKERT_SINGLE,
        "multi": LIKERT_MULTI,
        "finish": FINISH,
        "every": EVERY_TYPE,
        "questions": QUESTIONS,
        "trial": trial,
        "reference": REFERENCE,
        "stored": stored,
        "eventually": eventually,
        "write_sound": write_sound,
    }


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serve a study on a free port and return its address: `serve(study, one_entry=True)`."""
    from werkzeug.serving import make_server

    from mushra_server import create_app
    from mushra_server.server import Options

    running = []

    def start(study: Path, **options: Any) -> str:
        app = create_app(study, options=Options(**options))
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        running.append((app, server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for app, server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()
        app.extensions["listenable"].database.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, without a window."""
    if not Path(CHROMIUM).exists() and shutil.which("chromium") is None:
        pytest.skip("chromium is not installed (Debian package `chromium`)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as tools:
        chromium = tools.chromium.launch(
            executable_path=CHROMIUM if Path(CHROMIUM).exists() else shutil.which("chromium"),
            args=BROWSER_ARGUMENTS,
        )
        yield chromium
        chromium.close()


class Participant:
    """A tab of the participant page, and what a participant does in it."""

    def __init__(self, tab: Any) -> None:
        self.tab = tab

    @property
    def next(self) -> Any:
        return self.tab.locator(".foot .primary")

    @property
    def hint(self) -> Any:
        return self.tab.locator("#hint")

    def at(self, number: int) -> str:
        """Wait until page `number` (from 1) is ready; return its type."""
        self.tab.wait_for_selector(f".progress-text:text-matches('^Page {number} of')")
        self.tab.wait_for_selector(".foot .primary:not([disabled])")
        return str(self.tab.locator("article").get_attribute("data-type"))

    def at_any_language(self) -> None:
        """Wait until the first page is ready, whatever language it speaks."""
        self.tab.wait_for_selector(".foot .primary:not([disabled])")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tab.keyboard.press(key)

    def wait_heard(self, selector: str) -> None:
        self.tab.wait_for_selector(f"{selector}.heard")

    def hear_by_mouse(self) -> None:
        """Play every sound of the page until it counts as heard."""
        buttons = self.tab.locator(".sound-button")
        for n in range(buttons.count()):
            buttons.nth(n).click()
            self.tab.locator(".sound-button.heard").and_(buttons.nth(n)).wait_for()

    def rate_by_mouse(self, *fractions: float) -> None:
        """Play each sound and press its slider at a fraction of its range."""
        lanes = self.tab.locator(".lane")
        for n, fraction in enumerate(fractions):
            lane = lanes.nth(n)
            if "playing" not in (lane.locator(".sound-button").get_attribute("class") or ""):
                lane.locator(".sound-button").click()
            lane.locator(".slider.enabled").wait_for()
            box = lane.locator(".slider-track").bounding_box()
            upright = box["height"] > box["width"]
            x = box["x"] + (box["width"] / 2 if upright else fraction * box["width"])
            y = box["y"] + ((1 - fraction) * box["height"] if upright else box["height"] / 2)
            self.tab.mouse.click(x, y)

    def scores(self) -> list[str]:
        return [str(text) for text in self.tab.locator(".lane .score b").all_text_contents()]


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open an address in a fresh profile; an error or a refused resource in the page fails the test."""
    contexts = []
    problems: list[str] = []

    def start(address: str, *, expect_errors: bool = False, **options: Any) -> Any:
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", **options}
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE_S)
        if not expect_errors:
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        page.goto(address)
        return Participant(page)

    yield start
    for context in contexts:
        context.close()
    assert problems == []

"""Every listening test, built from sounds, completed by mouse; every control, by keyboard and by finger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from study_builder import Choices, build_study
from study_builder.config import TEST_NAMES, TESTS

Serve = Callable[..., str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
ON_ITS_SIDE = {"width": 844, "height": 390}
FITS = "document.documentElement.scrollHeight <= innerHeight"
ROWS = {
    "mushra": 4, "mushra-nmr": 6, "acr": 2, "dcr": 1, "ccr": 2, "ab": 2, "abx": 4, "bs1116": 3, "p835": 6,
    "best-worst": 4,
}  # fmt: skip
"""Stored ratings of one item, of which there are a reference and one other version; three others where more
are needed, and for MUSHRA without a reference, which no study has beside MUSHRA."""
OF_FOUR = ("mushra-nmr", "best-worst")
QUICK_S = 0.15


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory, pages: dict[str, Any]) -> Callable[..., Path]:
    """Build a study of a folder of sounds: `build(name, tests, number of sounds)`."""
    home = tmp_path_factory.mktemp("sounds")
    empty = dict.fromkeys(("consent", "volume_text", "instructions"), "")

    def make(name: str, tests: tuple[str, ...], count: int) -> Path:
        sounds = home / f"of-{count}"
        for n, version in enumerate(("reference", "new", "old", "codec")[:count]):
            pages["write_sound"](sounds / "item" / f"{version}.wav", 300 + 70 * n, QUICK_S)
        choices = Choices.model_validate(
            {"tests": tests, "training_items": 0, "questionnaire": (), "show_previous": False, **empty}
        )
        return build_study(sounds, home / name, choices, jobs=1).folder

    return make


class Keyboard:
    """A participant without a mouse."""

    screen: ClassVar[dict[str, Any]] = {}
    tests: ClassVar[tuple[str, ...]] = ("mushra", "acr", "ccr", "abx", "best-worst")
    """One of sliders, of a scale, of sounds in turn, of sounds named by letters, of two choices."""

    def __init__(self, someone: Any) -> None:
        self.someone = someone

    def hear(self, button: Any, place: int) -> None:
        letter = str(button.locator(".sound-name").text_content())
        self.someone.press({"A": "1", "B": "2", "X": "x"}.get(letter, str(place + 1)))

    def score(self, place: int) -> None:
        self.someone.press("ArrowUp", *["Shift+ArrowUp"] * (place + 1))

    def choose(self, fieldset: Any, place: int) -> None:
        fieldset.locator("input").nth(place).focus()
        self.someone.press("Space")

    def go_on(self) -> None:
        self.someone.next.focus()
        self.someone.press("Enter")


class Mouse(Keyboard):
    """A participant at a desk."""

    tests = TEST_NAMES

    def hear(self, button: Any, place: int) -> None:
        button.click()

    def score(self, place: int) -> None:
        self.press(*self.at(place, 0.7))

    def at(self, place: int, along: float) -> tuple[float, float]:
        """Return a point of a slider, by the fraction of its length."""
        track = self.someone.tab.locator(".lane").nth(place).locator(".slider-track")
        track.scroll_into_view_if_needed()
        box = track.bounding_box()
        if box["height"] > box["width"]:
            return box["x"] + box["width"] / 2, box["y"] + (1 - along) * box["height"]
        return box["x"] + along * box["width"], box["y"] + box["height"] / 2

    def press(self, x: float, y: float) -> None:
        self.someone.tab.mouse.click(x, y)

    def choose(self, fieldset: Any, place: int) -> None:
        fieldset.locator("label").nth(place).click()

    def go_on(self) -> None:
        self.someone.next.click()


class Finger(Mouse):
    """A participant with a phone."""

    screen: ClassVar[dict[str, Any]] = PHONE
    tests = tuple(name for name in TEST_NAMES if name not in ("mushra-nmr", "bs1116"))
    """Those with sliders look like MUSHRA; each of the others has to fit a phone."""

    def hear(self, button: Any, place: int) -> None:
        button.tap()

    def press(self, x: float, y: float) -> None:
        self.someone.tab.touchscreen.tap(x, y)

    def choose(self, fieldset: Any, place: int) -> None:
        fieldset.locator("label").nth(place).tap()

    def go_on(self) -> None:
        self.someone.next.tap()


def answer(someone: Any, hand: Keyboard, shown: str) -> None:
    """Hear every sound of a page and say something about each."""
    lanes = someone.tab.locator(".lane").count()
    buttons = someone.tab.locator(".lane .sound-button" if lanes else ".sound-button")
    for place in range(buttons.count()):
        hand.hear(buttons.nth(place), place)
        someone.tab.locator(".sound-button.heard").and_(buttons.nth(place)).wait_for()
        if lanes:
            hand.score(place)
    for place, fieldset in enumerate(someone.tab.locator("fieldset").all()):
        hand.choose(fieldset, place if shown == "best_worst" else 0)


def complete(someone: Any, kind: type[Keyboard]) -> None:
    """Go through a study to its end; nothing but a phone's sliders has to be scrolled."""
    hand, number = kind(someone), 1
    while (shown := someone.at(number)) != "finish":
        questions = 3 if someone.tab.locator(".step").count() else 1
        reference = someone.tab.locator(".open-sound")
        if reference.count():
            hand.hear(reference, -1)
            someone.wait_heard(".open-sound")
        for _ in range(questions):
            answer(someone, hand, shown)
            has_sliders = shown in ("mushra", "bs1116")
            if kind is not Finger or not has_sliders:
                assert someone.tab.evaluate(FITS), shown
            if kind is Finger and not has_sliders:
                someone.tab.set_viewport_size(ON_ITS_SIDE)
                assert someone.tab.evaluate(FITS), f"{shown} on a phone's side"
                someone.tab.set_viewport_size(PHONE["viewport"])
            hand.go_on()
        number += 1
    hand.go_on()
    someone.tab.locator(".done-mark").wait_for()


@pytest.mark.parametrize("kind", [Mouse, Keyboard, pytest.param(Finger, marks=pytest.mark.release)])
def test_every_test_is_completed(
    build: Callable[..., Path],
    serve: Serve,
    open_page: OpenPage,
    pages: dict[str, Any],
    kind: type[Keyboard],
) -> None:
    of_two = tuple(name for name in TEST_NAMES if name in kind.tests and name not in OF_FOUR)
    of_four = tuple(name for name in OF_FOUR if name in kind.tests)
    stored = []
    for tests, count in ((of_two, 2), (of_four, 4)):
        study = build(f"{kind.__name__}-{count}", tests, count)
        complete(open_page(serve(study), **kind.screen), kind)
        stored += pages["stored"](study)
    assert set(ROWS) == set(TEST_NAMES) == set(Mouse.tests)
    expected = [TESTS[name].page_type for name in kind.tests for _ in range(ROWS[name])]
    assert Counter(row["page_type"] for row in stored) == Counter(expected)
    assert all(row["score"] is not None and row["finished"] for row in stored)
    spoken = [row["score"] for row in stored if row["attribute"] == "sig"]
    assert spoken == ([5, 5] if "p835" in kind.tests else [])
    graded = {row["score"] for row in stored if row["page_type"] == "mushra"}
    assert graded == ({60, 70, 80, 90} if kind is Keyboard else {70})

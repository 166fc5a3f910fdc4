"""Listening tests built from a folder of sounds, completed in the browser by keyboard and by finger.

The other tests of this folder go through the pages of a MUSHRA test, ABX, CCR and best-worst.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from study_builder import Choices, build_study

Serve = Callable[..., str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TESTS = ("acr", "dcr", "ab", "bs1116", "mushra-nmr", "p835")
ROWS = {"acr": 2, "dcr": 1, "ab": 2, "bs1116": 3, "mushra-nmr": 4, "p835": 6}
"""Ratings of one item, of which there are a reference and one other version."""


@pytest.fixture(scope="module")
def study_of_six(tmp_path_factory: pytest.TempPathFactory, pages: dict[str, Any]) -> Callable[[str], Path]:
    sounds = tmp_path_factory.mktemp("sounds")
    for n, name in enumerate(("reference", "new")):
        pages["write_sound"](sounds / "item" / f"{name}.wav", 300 + 70 * n)
    empty = dict.fromkeys(("consent", "volume_text", "instructions"), "")
    choices = Choices.model_validate({"tests": TESTS, "training_items": 0, "questionnaire": (), **empty})

    def make(name: str) -> Path:
        return build_study(sounds, sounds.parent / name, choices, jobs=1).folder

    return make


class Keyboard:
    """A participant without a mouse."""

    screen: ClassVar[dict[str, Any]] = {}

    def __init__(self, someone: Any) -> None:
        self.someone = someone

    def hear(self, button: Any, place: int) -> None:
        self.someone.press(str(place + 1))

    def score(self, place: int) -> None:
        self.someone.press("ArrowUp", *["Shift+ArrowUp"] * place)

    def choose(self, fieldset: Any) -> None:
        fieldset.locator("input").first.focus()
        self.someone.press("Space")

    def go_on(self) -> None:
        self.someone.next.focus()
        self.someone.press("Enter")


class Finger(Keyboard):
    """A participant with a phone."""

    screen: ClassVar[dict[str, Any]] = PHONE

    def hear(self, button: Any, place: int) -> None:
        button.tap()

    def score(self, place: int) -> None:
        track = self.someone.tab.locator(".lane").nth(place).locator(".slider-track")
        track.scroll_into_view_if_needed()
        box = track.bounding_box()
        self.someone.tab.touchscreen.tap(box["x"] + 0.7 * box["width"], box["y"] + box["height"] / 2)

    def choose(self, fieldset: Any) -> None:
        fieldset.locator("label").first.tap()

    def go_on(self) -> None:
        self.someone.next.tap()


def answer(someone: Any, hand: Keyboard) -> None:
    """Hear every sound of a page and say something about each."""
    lanes = someone.tab.locator(".lane").count()
    buttons = someone.tab.locator(".lane .sound-button" if lanes else ".sound-button")
    for place in range(buttons.count()):
        hand.hear(buttons.nth(place), place)
        someone.tab.locator(".sound-button.heard").and_(buttons.nth(place)).wait_for()
        if lanes:
            hand.score(place)
    for fieldset in someone.tab.locator("fieldset").all():
        hand.choose(fieldset)


@pytest.mark.parametrize("kind", [Keyboard, Finger])
def test_six_tests_are_completed(
    study_of_six: Callable[[str], Path],
    serve: Serve,
    open_page: OpenPage,
    pages: dict[str, Any],
    kind: type[Keyboard],
    tmp_path: Path,
) -> None:
    study = study_of_six(kind.__name__)
    someone = open_page(serve(study), **kind.screen)
    hand, number = kind(someone), 1
    while (shown := someone.at(number)) != "finish":
        questions = 3 if someone.tab.locator(".step").count() else 1
        reference = someone.tab.locator(".open-sound")
        if reference.count():
            hand.hear(reference, -1)
            someone.wait_heard(".open-sound")
        for _ in range(questions):
            answer(someone, hand)
            someone.tab.screenshot(path=tmp_path / f"{number:02d}-{shown}.png")
            if shown not in ("mushra", "bs1116"):
                assert someone.tab.evaluate("document.documentElement.scrollHeight <= innerHeight"), shown
            hand.go_on()
        number += 1
    hand.go_on()
    someone.tab.locator(".done-mark").wait_for()
    stored = pages["stored"](study)
    tests = [name for name, rows in ROWS.items() for _ in range(rows)]
    types = {"acr": "likert_single_stimulus", "p835": "likert_single_stimulus", "mushra-nmr": "mushra"}
    assert Counter(row["page_type"] for row in stored) == Counter(types.get(name, name) for name in tests)
    assert all(row["score"] is not None and row["finished"] for row in stored)
    assert [row["score"] for row in stored if row["attribute"] == "sig"] == [5, 5]

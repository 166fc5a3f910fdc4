"""Fingers on the sliders of a phone and of a tablet: tap, slide, scroll."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeStudy = Callable[..., Path]
Serve = Callable[..., str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow

PHONE = {"viewport": {"width": 390, "height": 640}, "has_touch": True, "is_mobile": True}
TABLET = {"viewport": {"width": 1024, "height": 1366}, "has_touch": True, "is_mobile": True}


class Finger:
    """One finger on the first lane of a MUSHRA page."""

    def __init__(self, someone: Any) -> None:
        self.someone = someone
        self.lane = someone.tab.locator(".lane").first
        self.touch = someone.tab.context.new_cdp_session(someone.tab)

    def at(self, along: float, across: float = 0.5) -> tuple[float, float]:
        """A place on the track, by fractions of its length and of its thickness."""
        box = self.lane.locator(".slider-track").bounding_box()
        if box["height"] > box["width"]:
            return box["x"] + across * box["width"], box["y"] + (1 - along) * box["height"]
        return box["x"] + along * box["width"], box["y"] + across * box["height"]

    def tap(self, along: float) -> None:
        self.someone.tab.touchscreen.tap(*self.at(along))

    def drag(self, start: tuple[float, float], x: float, y: float) -> None:
        """Land, move in small steps, and lift."""
        points = [(start[0] + x * n / 12, start[1] + y * n / 12) for n in range(13)]
        for n, (left, top) in enumerate(points):
            kind = "touchMove" if n else "touchStart"
            self.touch.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": left, "y": top}]}
            )
            self.someone.wait_frame()
        self.touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        self.someone.wait_still()

    @property
    def score(self) -> str:
        return str(self.someone.scores()[0])

    @property
    def playing(self) -> bool:
        return bool(self.lane.locator(".sound-button").get_attribute("aria-pressed") == "true")

    @property
    def scrolled(self) -> float:
        return float(self.someone.tab.evaluate("scrollY"))


@pytest.fixture
def make_finger(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> Callable[[dict[str, Any]], Finger]:
    def make(screen: dict[str, Any]) -> Finger:
        someone = open_page(serve(make_study([pages["mushra"], pages["finish"]])), **screen)
        someone.at(1)
        return Finger(someone)

    return make


def test_scroll_that_begins_on_a_slider_leaves_sound_and_score_alone(
    make_finger: Callable[[dict[str, Any]], Finger],
) -> None:
    finger = make_finger(PHONE)
    finger.drag(finger.at(0.2), 0, -150)
    assert finger.scrolled > 100 and not finger.playing
    finger.someone.tab.evaluate("scrollTo(0, 0)")
    finger.lane.locator(".sound-button").tap()
    finger.drag(finger.at(0.2), 0, -150)
    assert finger.scrolled > 100 and finger.score == "–"
    finger.someone.tab.evaluate("scrollTo(0, 0)")
    finger.tap(0.9)
    assert finger.score == "90"
    finger.drag(finger.at(0.2), 3, -150)
    assert finger.scrolled > 100 and finger.score == "90"


@pytest.mark.parametrize("screen", [PHONE, TABLET], ids=["phone", "tablet"])
def test_tap_plays_then_sets_and_a_slide_moves_the_score(
    make_finger: Callable[[dict[str, Any]], Finger], screen: dict[str, Any]
) -> None:
    finger = make_finger(screen)
    finger.tap(0.3)
    assert finger.playing and finger.score == "–"
    finger.tap(0.3)
    assert abs(int(finger.score) - 30) <= 1
    start, end = finger.at(0.3), finger.at(0.8)
    finger.drag(start, end[0] - start[0], end[1] - start[1])
    assert abs(int(finger.score) - 80) <= 1
    focused = finger.lane.locator(".slider-input").evaluate("(input) => input === document.activeElement")
    assert focused and finger.scrolled == 0


def test_slide_that_the_browser_takes_away_restores_the_score(
    make_finger: Callable[[dict[str, Any]], Finger],
) -> None:
    finger = make_finger(PHONE)
    finger.tap(0.5)
    finger.tap(0.5)
    x, y = finger.at(0.5)
    slider = finger.lane.locator(".slider")
    for kind, moved in (("pointerdown", 0), ("pointermove", 60)):
        init = {"pointerType": "touch", "isPrimary": True, "clientX": x + moved, "clientY": y}
        slider.evaluate(
            """(slider, [kind, init]) => {
              slider.setPointerCapture = () => {};  // no finger is really there
              slider.dispatchEvent(new PointerEvent(kind, { bubbles: true, ...init }));
            }""",
            [kind, init],
        )
    assert int(finger.score) > 60
    slider.evaluate(
        "(slider) => slider.dispatchEvent("
        "new PointerEvent('pointercancel', { isPrimary: true, pointerType: 'touch' }))"
    )
    assert finger.score == "50"

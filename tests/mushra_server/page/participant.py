"""A participant at a browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 30.0  # long, because a busy machine is slow and not wrong


def eventually(read: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
    """Repeat `read` until `holds` accepts its result, or for 30 s; return the last result."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds(found := read()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


# Resolves when the page has been drawn and has not scrolled for three frames.
STILL = """() => new Promise(done => {
    let last = NaN, same = 0;
    const look = () => {
        same = scrollY === last ? same + 1 : 0;
        last = scrollY;
        same < 3 ? requestAnimationFrame(look) : done();
    };
    look();
})"""


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
        self.tab.wait_for_selector(f".progress-text[data-page='{number}']")
        self.tab.wait_for_selector(".foot .primary:not([disabled])")
        return str(self.tab.locator("article").get_attribute("data-type"))

    def go_to(self, number: int) -> str:
        """Advance to page `number` through pages that ask for nothing; return its type."""
        for passed in range(1, number):
            if self.at(passed) == "volume":
                self.play_and_stop()
            self.next.click()
        return self.at(number)

    def play_and_stop(self) -> None:
        """Play the sound of a volume page, as the page requires, and stop it."""
        button = self.tab.locator(".volume .button")
        button.click()
        self.tab.wait_for_selector(".foot .primary:not(.waiting)")
        button.click()

    def agree(self) -> None:
        """Tick the box of a consent page and press *Next*."""
        self.tab.get_by_role("checkbox").check()
        self.next.click()

    def answer_questions(self, age: str) -> None:
        """Answer the last page's questions and press *Next*."""
        self.tab.get_by_label("Your age").fill(age)
        self.tab.get_by_label("Headphones").check()
        self.next.click()

    def at_any_language(self) -> None:
        """Wait until the first page is ready, whatever language it speaks."""
        self.tab.wait_for_selector(".foot .primary:not([disabled])")

    def wait_frame(self) -> None:
        """Wait until the browser draws again."""
        self.tab.evaluate("() => new Promise(requestAnimationFrame)")

    def wait_still(self) -> None:
        """Wait until a scroll that has begun has ended."""
        self.tab.evaluate(STILL)

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

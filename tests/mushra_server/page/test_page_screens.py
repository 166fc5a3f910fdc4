"""The checks of hearing and surroundings in the page: by mouse, keyboard and finger, and what is stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.axe import complaints, load_axe
from tests.mushra_server.page.test_page_headphones import HURRY

MakeStudy = Callable[..., Path]
Serve = Callable[..., str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

# What a listener's ears find out: the number of tones, and how loud the noise is where the voice pauses.
EARS = """
window.heard = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...when) {
  const { sampleRate, duration } = this.buffer;
  const channels = [0, 1].map((n) => this.buffer.getChannelData(n));
  let tones = 0, noise = 0;
  for (let slot = 0; slot + 0.25 <= duration; slot += 0.5) {
    const at = Math.round((slot + 0.125) * sampleRate);
    const loud = (samples) => samples.subarray(at, at + 100).some((x) => Math.abs(x) > 1e-3);
    if (channels.some(loud)) tones += 1;
  }
  channels[0].forEach((x, n) => {
    if (Math.sin(2 * Math.PI * 3 * (n / sampleRate)) < -0.1) noise += x * x;
  });
  window.heard.push([tones, noise]);
  return start.apply(this, when);
};
"""
ROUNDS = {"hearing": 6, "environment": 8}


def choose(someone: Any, screen: str, press: Callable[[Any], None], *, wrong: bool = False) -> None:
    """Go through the rounds of an attempt and choose what is right, or something else."""
    for n in range(ROUNDS[screen]):
        someone.tab.get_by_text(f"Round {n + 1} of {ROUNDS[screen]}").wait_for()
        press(someone.tab.get_by_role("button", name="Play"))
        if screen == "hearing":
            tones = someone.tab.evaluate("window.heard.at(-1)[0]")
            label = f"Number of tones: {(tones + wrong) % 5}"
        else:
            less, more = [noise for _, noise in someone.tab.evaluate("window.heard.slice(-2)")]
            label = f"Choose sound {1 + ((less > more) ^ wrong)}"
        button = someone.tab.get_by_role("button", name=label)
        button.and_(someone.tab.locator(":enabled")).wait_for()
        press(button)


def begin(someone: Any, address: str, press: Callable[[Any], None]) -> None:
    someone.tab.add_init_script(EARS + HURRY)
    someone.tab.goto(address)
    someone.at(1)
    press(someone.tab.get_by_role("button", name="Start"))


def results(pages: dict[str, Any], study: Path, check: str, view: str = "export_answers") -> dict[str, str]:
    """What is stored of a check; the table `answers` has those who are screened out, too."""

    def read() -> dict[str, str]:
        rows = pages["stored"](study, view)
        return {row["name"]: row["value"] for row in rows if row["name"].startswith(check)}

    return dict(pages["eventually"](read, bool))


@pytest.mark.parametrize("screen", ["hearing", "environment"])
def test_a_check_is_passed_by_keyboard_and_stored(
    make_study: MakeStudy,
    serve: Serve,
    open_page: OpenPage,
    pages: dict[str, Any],
    screen: str,
    tmp_path: Path,
) -> None:
    study = make_study([pages["mushra"], pages["finish"]], screens=[screen])
    someone = open_page("about:blank", color_scheme="dark" if screen == "hearing" else "light")

    def press(button: Any) -> None:
        button.focus()
        someone.press("Enter")

    begin(someone, serve(study), press)
    someone.next.click()
    assert "check" in str(someone.hint.text_content())
    assert complaints(someone.tab, load_axe()) == []
    someone.tab.screenshot(path=tmp_path / f"{screen}.png", full_page=True)
    choose(someone, screen, press)
    someone.tab.get_by_text("The check is done.").wait_for()
    assert complaints(someone.tab, load_axe()) == []
    press(someone.next)
    assert someone.at(2) == "mushra"
    check = f"{screen}_check"
    found = results(pages, study, check)
    assert found == {check: "passed", f"{check}_correct": str(ROUNDS[screen]), f"{check}_attempts": "1"}


def fail_twice(someone: Any, address: str, screen: str) -> None:
    """Go through both attempts by finger on a phone, which shows the whole of the check."""

    def press(button: Any) -> None:
        button.tap()

    begin(someone, address, press)
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert someone.tab.evaluate(fits)
    assert someone.tab.evaluate("document.documentElement.scrollHeight <= innerHeight")
    choose(someone, screen, press, wrong=True)
    press(someone.tab.get_by_role("button", name="Try again"))
    choose(someone, screen, press, wrong=True)
    someone.tab.get_by_text("The check is done.").wait_for()
    press(someone.next)


def failed(check: str) -> dict[str, str]:
    return {check: "failed", f"{check}_correct": "0", f"{check}_attempts": "2"}


def test_who_fails_twice_goes_on_by_finger_and_is_marked(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([pages["mushra"], pages["finish"]], screens=["environment"])
    someone = open_page("about:blank", **PHONE)
    fail_twice(someone, serve(study), "environment")
    assert someone.at(2) == "mushra"
    assert results(pages, study, "environment_check") == failed("environment_check")


def test_who_is_screened_out_is_not_told_of_a_check_that_was_not_made(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    completion = {"code": "C1A2", "screened_out_code": "D4E5F6"}
    study = make_study([pages["mushra"], pages["finish"]], screens=["hearing"], completion=completion)
    someone = open_page("about:blank", **PHONE)
    fail_twice(someone, serve(study), "hearing")
    someone.tab.get_by_text("D4E5F6").wait_for()
    told = someone.tab.locator(".message .content").text_content()
    assert (
        told == "One of the checks was not passed, so the study ends here for you. You can close this page."
    )
    assert results(pages, study, "hearing_check", "answers") == failed("hearing_check")

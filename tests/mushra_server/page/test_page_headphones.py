"""The headphone check in the page: its rounds, its two attempts, what is stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeStudy = Callable[..., Path]
Serve = Callable[..., str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow

# What a listener's ears find out about each sound: its energy, and how far its two channels are apart.
EARS = """
window.heard = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...when) {
  const left = this.buffer.getChannelData(0), right = this.buffer.getChannelData(1);
  let energy = 0, apart = 0;
  for (let n = 0; n < left.length; n += 1) {
    energy += left[n] * left[n];
    apart += (left[n] - right[n]) ** 2;
  }
  window.heard.push([energy, apart]);
  return start.apply(this, when);
};
"""


# The page waits with timers while three sounds play, 30 s for six rounds: tests need not sit through them.
HURRY = """
const wait = window.setTimeout;
window.setTimeout = (action, ms, ...rest) => wait(action, ms / 10, ...rest);
"""


def attempt(someone: Any, method: str, *, wrong: bool = False) -> list[int]:
    """Go through six rounds and choose the right sound, or the one after it; return the right ones."""
    right = []
    for n in range(6):
        someone.tab.get_by_text(f"Round {n + 1} of 6").wait_for()
        someone.tab.get_by_role("button", name="Play").click()
        heard = someone.tab.evaluate("window.heard.slice(-3)")
        column = [loud for loud, _ in heard] if method == "antiphase" else [-apart for _, apart in heard]
        right.append(column.index(min(column)))
        chosen = (right[-1] + wrong) % 3 + 1
        someone.tab.get_by_role("button", name=f"Choose sound {chosen}").click()
    return right


def results(pages: dict[str, Any], study: Path) -> dict[str, str]:
    def read() -> dict[str, str]:
        rows = pages["stored"](study, "answers")  # of those who are screened out, too
        return {row["name"]: row["value"] for row in rows if row["name"].startswith("headphone")}

    return dict(pages["eventually"](read, bool))


def test_headphone_check_is_done_and_stored(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    """By Huggins' pitch; of the other method's rounds the next test chooses none of the right ones."""
    method = "huggins"
    study = make_study([pages["generic"], pages["mushra"], pages["finish"]], headphone_check=method)
    someone = open_page("about:blank")
    someone.tab.add_init_script(EARS + HURRY)
    someone.tab.goto(serve(study))
    someone.at(1)
    someone.next.click()
    assert someone.at(2) == "headphone_check"
    someone.next.click()
    assert someone.hint.text_content() == "Please do the headphone check first."
    someone.tab.get_by_role("button", name="Start").click()
    attempt(someone, method)
    someone.tab.get_by_text("Your headphones work well.").wait_for()
    someone.next.click()
    someone.at(3)
    assert results(pages, study) == {
        "headphone_check": "passed",
        "headphone_check_correct": "6",
        "headphone_check_attempts": "1",
        "headphone_check_method": method,
    }


def test_loading_the_page_again_gives_no_further_attempt(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    """Who has failed twice is screened out at once, with the code for that, if the study has one."""
    completion = {"code": "DONE", "screened_out_code": "OUT"}
    study = make_study([pages["mushra"], pages["finish"]], headphone_check="antiphase", completion=completion)
    someone = open_page("about:blank")
    someone.tab.add_init_script(EARS + HURRY)
    someone.tab.goto(serve(study))
    someone.at(1)
    someone.tab.get_by_role("button", name="Start").click()
    first = attempt(someone, "antiphase", wrong=True)
    again = someone.tab.get_by_text("That did not sound like headphones.")
    again.wait_for()
    someone.tab.reload()
    again.wait_for()
    someone.next.click()
    assert someone.hint.text_content() == "Please do the headphone check first."
    someone.tab.get_by_role("button", name="Try again").click()
    assert attempt(someone, "antiphase", wrong=True) != first, "the rounds are other ones"
    someone.tab.get_by_text("The check is done.").wait_for()
    someone.tab.reload()
    someone.tab.get_by_text("The check is done.").wait_for()
    someone.next.click()
    assert results(pages, study) == {
        "headphone_check": "failed",
        "headphone_check_correct": "0",
        "headphone_check_attempts": "2",
        "headphone_check_method": "antiphase",
    }
    for _ in range(2):
        someone.tab.locator(".done-mark").wait_for()
        assert someone.tab.locator(".code").text_content() == "OUT"
        assert "the study ends here for you" in someone.tab.locator("section.message").inner_text()
        someone.tab.reload()

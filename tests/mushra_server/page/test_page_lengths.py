"""Sounds of different lengths on a Likert page: each begins at its beginning and ends at its own end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeStudy = Callable[..., Path]
Serve = Callable[..., str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow

SECONDS = {"kestrel": 3.0, "lapwing": 1.2, "plover": 0.4}
RATE = 16_000
# What is started: how long the sound is, where in it, and how loud it is from there on.
STARTS = """
window.starts = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when, offset) {
  const samples = this.buffer.getChannelData(0).subarray(Math.round(offset * this.buffer.sampleRate));
  window.starts.push([this.buffer.duration, offset, Math.max(...samples.subarray(0, 2000).map(Math.abs))]);
  return start.call(this, when, offset);
};
"""

GONE_BY = """(button, share) => new Promise(done => {
    const look = () => Number(button.style.getPropertyValue("--played")) > share
        ? done() : requestAnimationFrame(look);
    look();
})"""


class LikertPage:
    """A page with three sounds, found by their lengths: a listener cannot tell them apart."""

    def __init__(self, someone: Any) -> None:
        self.someone = someone
        someone.at(1)
        urls = someone.tab.evaluate(
            "fetch('api/session').then((a) => a.json()).then((s) => s.pages[0].stimuli.map((x) => x.url))"
        )
        sizes = someone.tab.evaluate(
            "(urls) => Promise.all(urls.map((url) => fetch(url).then((a) => a.arrayBuffer())"
            ".then((bytes) => bytes.byteLength)))",
            urls,
        )
        by_size = sorted(range(3), key=lambda n: -sizes[n])
        self.long, self.short, self.shortest = by_size

    def button(self, n: int) -> Any:
        return self.someone.tab.locator(".sound-button").nth(n)

    def may_rate(self, n: int) -> bool:
        field = self.someone.tab.locator("fieldset").nth(n)
        return not field.locator("input").first.is_disabled()

    def gone_by(self, n: int) -> float:
        """How much of a sound its line shows to have gone by."""
        return float(self.button(n).evaluate("(button) => button.style.getPropertyValue('--played')"))

    def wait_gone_by(self, n: int, share: float) -> None:
        """Wait until more than a share of a sound has gone by."""
        self.button(n).evaluate(GONE_BY, share)

    def wait_pressed(self, n: int, pressed: str) -> None:
        self.someone.tab.locator(f".sound-button[aria-pressed={pressed}]").and_(self.button(n)).wait_for()

    def starts(self) -> list[list[float]]:
        return list(self.someone.tab.evaluate("window.starts"))


@pytest.fixture
def page(make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]) -> LikertPage:
    study = make_study([{**pages["multi"], "mustPlayback": "ended"}, pages["finish"]])
    for condition, seconds in SECONDS.items():
        pages["write_sound"](study / f"audio/item/{condition}.wav", 400, seconds)
    someone = open_page("about:blank")
    someone.tab.add_init_script(STARTS)
    someone.tab.goto(serve(study))
    return LikertPage(someone)


def test_a_shorter_sound_begins_at_its_beginning_and_ends_at_its_end(page: LikertPage) -> None:
    rule = page.someone.tab.get_by_text("Each sound can be rated once you have heard it to its end.")
    assert rule.is_visible()
    page.button(page.long).click()
    page.wait_gone_by(page.long, 0.45)  # past the end of the shorter ones
    page.button(page.short).click()
    page.wait_pressed(page.short, "true")
    assert [page.may_rate(n) for n in range(3)] == [False] * 3
    page.wait_pressed(page.short, "false")  # it has ended by itself
    assert [n for n in range(3) if page.may_rate(n)] == [page.short]
    assert "(heard)" in str(page.button(page.short).get_attribute("aria-label"))
    (length, _, _), (short, offset, loudest) = page.starts()
    assert (length, short, offset) == (3.0, 1.2, 0) and loudest > 0.1


def test_an_interrupted_sound_goes_on_where_it_was(page: LikertPage) -> None:
    """So that what was listened to, added up, is the whole sound."""
    page.button(page.long).click()
    page.wait_gone_by(page.long, 0.45)
    page.button(page.shortest).click()
    page.wait_pressed(page.shortest, "false")
    assert 0.4 < page.gone_by(page.long) < 0.95 and page.gone_by(page.shortest) == 0
    assert "(heard)" in str(page.button(page.shortest).get_attribute("aria-label")), "less than a second long"
    assert [n for n in range(3) if page.may_rate(n)] == [page.shortest]
    page.button(page.long).click()
    page.wait_pressed(page.long, "false")
    assert [n for n in range(3) if page.may_rate(n)] == sorted((page.long, page.shortest))
    first, _, again = page.starts()
    assert first[:2] == [3.0, 0] and 1.3 < again[1] < 3.0
    page.button(page.long).click()
    page.wait_pressed(page.long, "true")
    assert page.starts()[-1][:2] == [3.0, 0], "after its end it begins anew"


def test_what_was_heard_of_each_sound_is_stored(page: LikertPage, pages: dict[str, Any]) -> None:
    for n in (page.shortest, page.short, page.long):
        page.button(n).click()
        page.wait_pressed(n, "true")
        page.wait_pressed(n, "false")
    page.someone.next.click()
    assert page.someone.hint.text_content() == "Still to rate: 1, 2, 3"
    for n in range(3):
        page.someone.tab.locator("fieldset").nth(n).get_by_label("Fair").check()
    with page.someone.tab.expect_request(
        lambda request: request.method == "PUT" and request.url.endswith("/pages/0")
    ) as sent:
        page.someone.next.click()
    listened = {
        rating["key"]: rating["listened_ms"] / 1000 for rating in sent.value.post_data_json["ratings"]
    }
    wanted = {page.long: 3.0, page.short: 1.2, page.shortest: 0.4}
    assert listened == pytest.approx({f"s{n + 1}": seconds for n, seconds in wanted.items()}, abs=0.03)

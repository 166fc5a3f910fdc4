"""Sounds in the page: loading, failures, sample rates, the loop on the waveform, volume, headphone check."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeStudy = Callable[..., Path]
Serve = Callable[[Path], str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow

ONE_RATE_ALONE = """
const Native = window.AudioContext;
window.AudioContext = class extends Native {
  constructor(options) {
    if (options && options.sampleRate) throw new DOMException('no', 'NotSupportedError');
    super({ sampleRate: 48000 });
  }
};
"""
NOTE_GAINS = """
window.gains = [];
const make = AudioContext.prototype.createGain;
AudioContext.prototype.createGain = function () {
  const node = make.call(this);
  window.gains.push(node);
  return node;
};
"""
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


@pytest.fixture
def trial_page(make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]) -> Any:
    someone = open_page(serve(make_study([pages["mushra"], pages["finish"]])))
    someone.at(1)
    return someone


def test_broken_sound_is_named_and_can_be_tried_again(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    address = serve(make_study([pages["mushra"], pages["finish"]]))
    someone = open_page("about:blank", expect_errors=True)
    state = someone.tab.context.request.post(f"{address}/api/session", data={"parameters": {}}).json()
    third = state["pages"][0]["stimuli"][2]["url"]
    someone.tab.route(f"**{third}", lambda route: route.fulfill(status=200, body=b"no sound at all" * 9))
    someone.tab.goto(address)
    someone.tab.get_by_text("Sound 3 could not be loaded: your browser cannot read it.").wait_for()
    assert someone.next.is_disabled()
    someone.tab.unroute_all()
    someone.tab.route(f"**{third}", lambda route: route.fulfill(status=404, body="gone"))
    someone.tab.get_by_role("button", name="Try again").click()
    someone.tab.get_by_text("Sound 3 could not be loaded: HTTP 404.").wait_for()
    someone.tab.unroute_all()
    someone.tab.get_by_role("button", name="Try again").click()
    assert someone.at(1) == "mushra"


def test_next_trial_is_loaded_while_this_one_is_rated(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page("about:blank")
    someone.tab.goto(
        serve(make_study([pages["mushra"], {**pages["mushra"], "id": "second"}, pages["finish"]]))
    )
    someone.at(1)
    state = someone.tab.evaluate("fetch('api/session').then((answer) => answer.json())")
    wanted = [sound["url"] for sound in state["pages"][1]["stimuli"]]
    someone.tab.wait_for_function(
        "(wanted) => wanted.every((url) => performance.getEntriesByType('resource').some("
        "(entry) => entry.responseEnd > 0 && entry.name.endsWith(url)))",
        arg=wanted,
    )
    assert someone.at(1) == "mushra"


def test_context_runs_at_the_sounds_own_rate(trial_page: Any) -> None:
    assert trial_page.tab.locator(".notice").count() == 0


def test_resampling_is_stated(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page("about:blank")
    someone.tab.add_init_script(ONE_RATE_ALONE)
    someone.tab.goto(serve(make_study([pages["mushra"], pages["finish"]])))
    someone.at(1)
    note = "The sounds were recorded at 16 kHz; your browser plays them at 48 kHz, so they are resampled."
    assert someone.tab.get_by_text(note).is_visible()


def region(someone: Any) -> tuple[float, float]:
    start, end = (
        float(someone.tab.locator(f".handle-{edge}").get_attribute("aria-valuenow"))
        for edge in ("start", "end")
    )
    return start, end


def test_loop_is_dragged_and_moved_by_keys(trial_page: Any, pages: dict[str, Any]) -> None:
    someone = trial_page
    assert region(someone) == (0, 0.6)
    handle = someone.tab.locator(".handle-end")
    handle.focus()
    someone.press("ArrowLeft")
    assert region(someone) == (0, 0.55)
    someone.press("ArrowLeft", "ArrowLeft", "ArrowLeft")
    assert region(someone) == (0, 0.5)  # never shorter than 500 ms
    someone.tab.get_by_role("button", name="Whole sound").click()
    assert region(someone) == (0, 0.6)
    strip = someone.tab.locator(".strip").bounding_box()
    start = someone.tab.locator(".handle-start").bounding_box()
    middle = strip["y"] + strip["height"] / 2
    someone.tab.mouse.move(start["x"] + start["width"] / 2, middle)
    someone.tab.mouse.down()
    someone.tab.mouse.move(strip["x"] + 0.1 * strip["width"], middle, steps=4)
    someone.tab.mouse.up()
    assert region(someone) == pytest.approx((0.06, 0.6), abs=0.01)
    someone.press("B", "A")
    assert region(someone) == (0, 0.6)


def test_region_is_drawn_with_the_mouse(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([pages["mushra"], pages["finish"]])
    for file in (study / "audio/item").iterdir():
        pages["write_sound"](file, 300, seconds=2.0)
    someone = open_page(serve(study))
    someone.at(1)
    strip = someone.tab.locator(".strip").bounding_box()
    middle = strip["y"] + strip["height"] / 2
    someone.tab.mouse.move(strip["x"] + 0.75 * strip["width"], middle)
    someone.tab.mouse.down()
    someone.tab.mouse.move(strip["x"] + 0.25 * strip["width"], middle, steps=5)
    someone.tab.mouse.up()
    assert region(someone) == pytest.approx((0.5, 1.5), abs=0.02)
    someone.press("1")
    someone.tab.wait_for_function(
        "() => document.querySelector('.playhead').style.getPropertyValue('--at') > 0.3"
    )
    someone.press("a")
    assert region(someone)[0] > 0.5  # a key sets the start where the sound now is


def test_volume_holds_for_later_pages(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page("about:blank")
    someone.tab.add_init_script(NOTE_GAINS)
    study = make_study([pages["volume"], pages["mushra"], pages["finish"]])
    someone.tab.goto(serve(study))
    someone.at(1)
    assert someone.tab.evaluate("window.gains[0].gain.value") == pytest.approx(0.5)
    someone.tab.get_by_label("Volume").fill("30")
    assert someone.tab.evaluate("window.gains[0].gain.value") == pytest.approx(0.3)
    someone.next.click()
    someone.at(2)
    assert someone.tab.evaluate("window.gains.at(-1).gain.value") == pytest.approx(0.3)
    rows = pages["eventually"](lambda: pages["stored"](study, "export_answers"), bool)
    assert [(row["name"], row["value"]) for row in rows] == [("volume", "30")]
    someone.tab.reload()
    someone.at(2)
    assert someone.tab.evaluate("window.gains[0].gain.value") == pytest.approx(0.3)


@pytest.mark.parametrize("method", ["antiphase", "huggins"])
def test_headphone_check_is_done_and_stored(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any], method: str
) -> None:
    study = make_study([pages["generic"], pages["mushra"], pages["finish"]], headphone_check=method)
    someone = open_page("about:blank")
    someone.tab.add_init_script(EARS)
    someone.tab.goto(serve(study))
    someone.at(1)
    someone.next.click()
    assert someone.at(2) == "headphone_check"
    someone.next.click()
    assert someone.hint.text_content() == "Please do the headphone check first."
    someone.tab.get_by_role("button", name="Start").click()
    for n in range(6):
        someone.tab.get_by_text(f"Round {n + 1} of 6").wait_for()
        someone.tab.get_by_role("button", name="Play").click()
        heard = someone.tab.evaluate("window.heard.slice(-3)")
        column = [loud for loud, _ in heard] if method == "antiphase" else [-apart for _, apart in heard]
        answer = column.index(min(column)) + 1
        someone.tab.get_by_role("button", name=f"Choose sound {answer}").click()
    someone.tab.get_by_text("Your headphones work well.").wait_for()
    someone.next.click()
    someone.at(3)

    def read() -> dict[str, str]:
        rows = pages["stored"](study, "export_answers")
        return {row["name"]: row["value"] for row in rows if row["name"].startswith("headphone")}

    assert pages["eventually"](read, bool) == {
        "headphone_check": "passed",
        "headphone_check_correct": "6",
        "headphone_check_attempts": "1",
        "headphone_check_method": method,
    }

"""Sounds in the page: loading, failures, sample rates, the loop on the waveform, volume."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

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
NOTE_DECODING = """
window.decoded = [];
const decode = BaseAudioContext.prototype.decodeAudioData;
BaseAudioContext.prototype.decodeAudioData = async function (bytes) {
  const buffer = await decode.call(this, bytes);
  const middle = buffer.getChannelData(0).subarray(buffer.length / 4, buffer.length / 2);
  window.decoded.push([this.sampleRate, Math.max(...middle.map(Math.abs))]);
  return buffer;
};
"""


COUNT_FRAMES = """
window.askedFrames = 0;
window.nextFrame = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (act) => { window.askedFrames += 1; return window.nextFrame(act); };
"""
FRAMES_OF_FIVE = """async () => {
  const before = window.askedFrames;
  for (let n = 0; n < 5; n += 1) await new Promise(window.nextFrame);
  return window.askedFrames - before;
}"""
# What happens below the trial until its clock has gone on five times.
CHANGES = """() => new Promise(done => {
  const kinds = [];
  const watch = new MutationObserver((records) => {
    kinds.push(...records.map(({ type, attributeName }) => attributeName ?? type));
    if (kinds.filter((kind) => kind === 'characterData').length < 5) return;
    watch.disconnect();
    done(kinds);
  });
  const all = { subtree: true, childList: true, characterData: true, attributes: true };
  watch.observe(document.querySelector('.trial'), all);
})"""


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


def test_resampling_is_stated(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page("about:blank")
    someone.tab.add_init_script(ONE_RATE_ALONE)
    someone.tab.goto(serve(make_study([pages["mushra"], pages["finish"]])))
    someone.at(1)
    note = "The sounds were recorded at 16 kHz; your browser plays them at 48 kHz, so they are resampled."
    assert someone.tab.get_by_text(note).is_visible()


def test_a_page_does_not_inherit_the_rate_of_the_one_before(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    """A volume page of 8 kHz, an Ogg file with a tone of 9 kHz, then sounds of different rates."""
    ogg = pages["trial"]("likert_single_stimulus", "ogg", conditions=("plover",), response=[{"value": "1"}])
    ogg["stimuli"] = {"plover": "audio/item/plover.ogg"}
    study = make_study([pages["volume"], ogg, {**pages["multi"], "id": "mixed"}, pages["finish"]])
    pages["write_sound"](study / "audio/item/reference.wav", 300, 0.6, 8_000)
    pages["write_sound"](study / "audio/item/kestrel.wav", 300, 0.6, 32_000)
    tone = 0.3 * np.sin(2 * np.pi * 9_000 * np.arange(44_100) / 44_100)
    soundfile.write(study / "audio/item/plover.ogg", tone, 44_100)
    someone = open_page("about:blank")
    someone.tab.add_init_script(NOTE_DECODING)
    someone.tab.goto(serve(study))
    someone.go_to(2)
    (volume_rate, _), (ogg_rate, peak) = someone.tab.evaluate("window.decoded")
    assert (volume_rate, ogg_rate) == (8_000, 44_100) and peak > 0.2
    someone.hear_by_mouse()
    someone.tab.locator("fieldset input").first.check()
    someone.next.click()
    someone.at(3)
    own = someone.tab.evaluate("new AudioContext().sampleRate")
    assert {rate for rate, _ in someone.tab.evaluate("window.decoded.slice(2)")} == {own}
    note = "The sounds of this page have different sample rates; your browser resamples them to"
    assert someone.tab.get_by_text(note).is_visible()


def region(someone: Any) -> tuple[float, float]:
    start, end = (
        float(someone.tab.locator(f".handle-{edge}").get_attribute("aria-valuenow"))
        for edge in ("start", "end")
    )
    return start, end


def test_loop_is_dragged_and_moved_by_keys(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(serve(make_study([pages["mushra"], pages["finish"]], seconds=0.6)))
    someone.at(1)
    assert someone.tab.locator(".notice").count() == 0  # the context runs at the sounds' own rate
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


def test_a_page_at_rest_asks_for_no_frames_and_one_that_plays_for_little(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page("about:blank")
    someone.tab.add_init_script(COUNT_FRAMES)
    someone.tab.goto(serve(make_study([pages["mushra"], pages["finish"]])))
    someone.at(1)
    assert someone.tab.evaluate(FRAMES_OF_FIVE) == 0
    someone.press("1")
    someone.wait_heard(".lane:nth-child(1) .sound-button")
    # The playhead and the clock's text; no element comes, goes or is described again.
    assert set(someone.tab.evaluate(CHANGES)) == {"style", "characterData"}


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
    someone.play_and_stop()
    someone.next.click()
    someone.at(2)
    assert someone.tab.evaluate("window.gains.at(-1).gain.value") == pytest.approx(0.3)
    rows = pages["eventually"](lambda: pages["stored"](study, "export_answers"), bool)
    told = {row["name"]: row["value"] for row in rows}
    assert told.pop("volume") == "30"
    assert float(told.pop("volume_played_ms")) > 0
    assert told == {}
    someone.tab.reload()
    someone.at(2)
    assert someone.tab.evaluate("window.gains[0].gain.value") == pytest.approx(0.3)

"""The listener's seat: where one is, room for twelve sounds, a phone on its side, typed loops."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.mushra_server.page import studies

MakeStudy = Callable[..., Path]
Serve = Callable[..., str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow

LANDSCAPE = {"viewport": {"width": 844, "height": 390}, "has_touch": True, "is_mobile": True}
NAMES = tuple(f"sound{n:02}" for n in range(11))


def training_study(make_study: MakeStudy) -> Path:
    """A volume page, a training page, a trial and a page of two questions; nothing has to be heard."""
    pages = [
        studies.VOLUME,
        {**studies.MUSHRA, "id": "practice", "name": "Training"},
        studies.MUSHRA,
        studies.FINISH,
    ]
    trials = {
        "practice": {"item": "item", "kind": "training"},
        "mushra": {"item": "item", "kind": "trial"},
    }
    return make_study(pages, trials=trials, must_listen=False)


def test_a_walk_says_where_one_is_and_what_is_missing(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage
) -> None:
    someone = open_page(serve(training_study(make_study)))
    assert someone.at(1) == "volume"
    someone.next.click()
    assert someone.hint.text_content() == "Please play the sound and set the volume first."
    someone.play_and_stop()
    someone.next.click()

    someone.at(2)  # training: one explanation for each press, and then it may be left as it is
    assert someone.tab.locator(".question-asked").text_content().endswith("compared with the reference?")
    someone.rate_by_mouse(0.2, 0.4, 0.5, 0.6, 0.7)
    someone.hear_by_mouse()
    someone.next.click()
    assert "give it 100, or press “Next” again" in someone.hint.text_content()
    someone.next.click()

    someone.at(3)
    progress = someone.tab.locator(".progress-text")
    assert progress.locator("span").all_text_contents() == ["Trial 1 of 1", "about 1 min left"]
    someone.rate_by_mouse(0.2, 0.4, 0.5, 0.6, 0.7)
    someone.next.click()

    someone.at(4)
    someone.tab.get_by_label("Your age").fill("34")
    someone.press("Enter")
    assert someone.tab.evaluate("document.activeElement.value") == "headphones"  # the next question
    assert someone.at(4) == "finish"


def test_a_loop_can_be_typed(make_study: MakeStudy, serve: Serve, open_page: OpenPage) -> None:
    someone = open_page(serve(make_study([studies.MUSHRA, studies.FINISH], seconds=0.6)))
    someone.at(1)
    start, end = (
        someone.tab.get_by_role("spinbutton", name=f"{edge} of the loop") for edge in ("Start", "End")
    )
    assert (start.input_value(), end.input_value()) == ("0.00", "0.60")
    start.fill("0.08")
    end.fill("9")  # longer than the sound: its end
    someone.press("Enter")
    assert (start.input_value(), end.input_value()) == ("0.08", "0.60")
    handle = someone.tab.get_by_role("slider", name="Start of the loop")
    assert handle.get_attribute("aria-valuetext") == "0.08 seconds"


def test_twelve_sounds_stand_in_equal_columns_and_numbers_on_the_scale(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage
) -> None:
    page = studies.trial("mushra", "mushra", conditions=NAMES, **studies.REFERENCE)
    study = make_study([page, studies.FINISH], language="de")
    for n, name in enumerate(NAMES):
        studies.write_sound(study / f"audio/item/{name}.wav", 300.0 + 20 * n)
    address = serve(study)
    someone = open_page(address)
    someone.at(1)
    assert someone.tab.locator(".axis b").all_text_contents() == ["0", "20", "40", "60", "80", "100"]
    lanes = [lane.bounding_box() for lane in someone.tab.locator(".lane").all()]
    assert len(lanes) == 12 and len({round(box["y"]) for box in lanes}) == 1
    assert lanes[-1]["x"] + lanes[-1]["width"] <= 1280
    for key, n in (("Shift+Digit1", 11), ("Shift+Digit2", 12)):
        someone.press(key)
        button = someone.tab.locator(f".lane:nth-child({n}) .sound-button")
        assert button.get_attribute("aria-pressed") == "true"
    someone.rate_by_mouse(*[n / 12 for n in range(12)])
    left = "(lanes) => lanes.map((lane) => lane.getBoundingClientRect().x)"
    lefts = someone.tab.locator(".lane").evaluate_all(left)
    widths = [right - left for left, right in itertools.pairwise(lefts)]
    assert max(widths) - min(widths) < 0.5
    shown = someone.tab.locator(".lane .score small:visible")
    assert shown.all_text_contents() == ["Ausgezeichnet"]  # of the current sound only
    page_size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert someone.tab.evaluate(page_size) == [1280, 800]  # nothing has to be scrolled

    sideways = open_page(address, **LANDSCAPE)
    sideways.at(1)
    in_view = """() => [...document.querySelectorAll(".slider-track")].filter((track) => {
        const box = track.getBoundingClientRect();
        return box.width > 300 && box.bottom < document.querySelector(".foot").getBoundingClientRect().top;
    }).length"""
    assert sideways.tab.evaluate(in_view) >= 3


def test_a_script_that_does_not_arrive_leaves_a_way_to_try_again(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, browser: Any
) -> None:
    address = serve(make_study([studies.MUSHRA, studies.FINISH]))
    context = browser.new_context(locale="de-DE", reduced_motion="reduce")  # which removes no message
    context.route("**/main.js*", lambda route: route.abort())
    tab = context.new_page()
    tab.goto(address)
    late = tab.locator(".boot-late")
    words = " ".join(late.text_content().split())
    assert words == "Diese Seite wurde nicht vollständig geladen. Noch einmal versuchen"
    assert not late.is_visible()  # a slow line gets its time
    tab.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
    assert late.is_visible() and late.get_by_role("link").get_attribute("href") == ""
    context.close()


SAME = """async () => {
    const state = await (await fetch("api/session")).json();
    const worst = [];
    for (const { url } of state.pages[0].stimuli) {
        const decoded = [];
        for (const Accept of ["*/*", "audio/flac"]) {
            const bytes = await (await fetch(url, { headers: { Accept }, cache: "no-store" })).arrayBuffer();
            decoded.push(new TextDecoder().decode(bytes.slice(0, 4)));
            const sound = await new OfflineAudioContext(2, 1, 16000).decodeAudioData(bytes);
            decoded.push(sound.getChannelData(0));
        }
        const [wave, one, flac, other] = decoded;
        const apart = Math.max(...one.map((x, n) => Math.abs(x - other[n])));
        worst.push([wave, flac, one.length - other.length, apart]);
    }
    return worst;
}"""


def test_flac_is_decoded_to_the_same_samples(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage
) -> None:
    study = make_study([studies.MUSHRA, studies.FINISH])
    for name, subtype in (("kestrel", "PCM_24"), ("lapwing", "PCM_16")):
        path = study / f"audio/item/{name}.wav"
        samples, rate = soundfile.read(path)
        soundfile.write(path, samples, rate, subtype=subtype)
    someone = open_page(serve(study))
    someone.at(1)
    assert someone.tab.evaluate(SAME) == [["RIFF", "fLaC", 0, 0]] * 5
    fetched = """performance.getEntriesByType("resource")
        .filter(({ name }) => name.includes("/audio/")).map((entry) => entry.decodedBodySize)"""
    whole = (study / "audio/item/plover.wav").stat().st_size
    assert min(someone.tab.evaluate(fetched)) < 0.9 * whole  # the page itself asked for FLAC


def test_a_browser_without_scripts_is_asked_for_them(
    make_study: MakeStudy, serve: Serve, browser: Any
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="fr-FR")
    tab = context.new_page()
    tab.goto(serve(make_study([studies.FINISH])))
    (shown,) = [text for text in tab.locator(".boot").all() if text.is_visible()]
    assert "JavaScript pour lire les sons" in shown.text_content()
    assert shown.bounding_box()["y"] < 720 / 2
    context.close()


def test_two_questions_on_each_of_three_sounds_fit_a_desk_and_stay_in_rows_on_a_phone(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage
) -> None:
    points = studies.LIKERT_MULTI["response"]
    asked_twice = {**studies.LIKERT_MULTI, "response": [points, points], "mustPlayback": "ended"}
    address = serve(make_study([asked_twice, studies.FINISH], language="de"))
    desk = open_page(address)
    desk.at(1)
    assert desk.tab.locator(".likert").count() == 6
    assert desk.tab.evaluate("document.documentElement.scrollHeight") == 800
    sideways = open_page(address, **LANDSCAPE)
    sideways.at(1)
    rows = sideways.tab.locator(".choices.row")
    tops = "(rows) => rows.map((row) => [...row.children].map((choice) => choice.offsetTop))"
    assert all(len(set(row)) == 1 and len(row) == 5 for row in rows.evaluate_all(tops))
    assert sideways.tab.evaluate("document.documentElement.scrollWidth") == 844

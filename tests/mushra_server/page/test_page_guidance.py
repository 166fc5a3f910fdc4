"""What a newcomer is told, where it is needed: what is missing, why a slider rests, how the page is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeStudy = Callable[..., Path]
Serve = Callable[..., str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


HAS_FOCUS = "(element) => element === document.activeElement"


def test_what_is_missing_shrinks_as_one_goes(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    """Untouched sliders are empty; whoever wants to go on is led to the first sound that is missing."""
    study = make_study([pages["mushra"], pages["finish"]])
    someone = open_page(serve(study))
    someone.at(1)
    assert someone.tab.locator(".slider.untouched").count() == 5
    assert not someone.tab.locator(".slider-thumb").first.is_visible()
    assert someone.tab.locator(".slider-input").first.get_attribute("aria-valuetext") == "not rated yet"

    def says(text: str) -> None:
        read = someone.hint.text_content
        assert pages["eventually"](read, lambda found: found == text) == text

    says("")
    someone.next.click()  # these sounds are shorter than the second that is enough of others
    says("Still to hear: Reference, 1, 2, 3, 4, 5")
    assert someone.hint.get_attribute("aria-live") == "polite"
    assert someone.tab.locator(".open-sound").evaluate(HAS_FOCUS)
    someone.press("0")
    says("Still to hear: 1, 2, 3, 4, 5")
    assert someone.hint.get_attribute("aria-live") == "off"  # nobody speaks into the next sound
    someone.press("2")
    says("Still to hear: 1, 3, 4, 5")
    someone.press("ArrowUp")
    someone.tab.reload()
    someone.at(1)
    assert someone.tab.locator(".lane .sound-button.heard .sound-name").all_text_contents() == ["2"]
    someone.next.click()
    someone.hear_by_mouse()
    says("Still to rate: 1, 3, 4, 5")
    someone.rate_by_mouse(0.2)
    says("Still to rate: 3, 4, 5")
    someone.next.click()
    says("Still to rate: 3, 4, 5")
    assert someone.tab.locator(".lane:nth-child(3) .sound-button").evaluate(HAS_FOCUS)
    assert pages["stored"](study) == []
    someone.rate_by_mouse(0.2, 0.4, 0.5, 0.6, 0.7)
    says("")


def test_how_much_has_to_be_heard_is_said_of_sounds_that_last_longer(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([pages["ab"], pages["single"], pages["finish"]])
    for sound in (study / "audio/item").iterdir():
        pages["write_sound"](sound, 300, 1.5)
    someone = open_page(serve(study))
    someone.at(1)
    someone.next.click()
    assert someone.hint.text_content() == "Still to hear (at least 1 second each): A, B"
    someone.press("1")
    left = pages["eventually"](someone.hint.text_content, lambda text: "A" not in text)
    assert left == "Still to hear: B"  # "each" of one sound would be odd


def test_a_press_on_a_slider_at_rest_says_what_to_do(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(serve(make_study([pages["mushra"], pages["finish"]])))
    someone.at(1)
    lanes = someone.tab.locator(".lane")
    notes = someone.tab.locator(".lane .score small")
    lanes.nth(1).locator(".slider").click()
    assert notes.all_text_contents() == ["Listen, then rate"]
    assert lanes.nth(1).locator(".score small").is_visible()
    lanes.nth(3).locator(".slider").click()
    assert notes.all_text_contents() == ["Listen, then rate"]
    lanes.nth(3).locator(".slider").click()
    assert notes.all_text_contents() == ["Fair"] and someone.scores() == ["–", "–", "–", "50", "–"]


@pytest.mark.parametrize("screen", [{}, PHONE], ids=["desktop", "phone"])
def test_help_says_what_can_be_pressed_and_which_keys_there_are(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any], screen: dict[str, Any]
) -> None:
    someone = open_page(serve(make_study([pages["mushra"], pages["finish"]])), **screen)
    someone.at(1)
    someone.tab.get_by_role("button", name="Help", exact=True).click()
    sheet = someone.tab.get_by_role("dialog")
    assert sheet.get_by_role("listitem").all_text_contents() == [
        "Press Reference or a number to hear that sound; switching continues from the same moment. "
        "Press again to pause.",
        "The tick means heard: 1 second of a sound is enough.",
        "You can move the slider of the sound that you hear: press where its score belongs, or slide.",
        "Press the timeline to jump to a position, or slide along it to repeat a part; “Whole sound” undoes "
        "that.",
    ]
    keys = sheet.get_by_text("Score up or down by one step")
    assert keys.is_visible() == (screen == {})
    beyond = sheet.evaluate("(sheet) => sheet.scrollHeight - sheet.clientHeight")
    assert beyond == 0, "all of it is seen at once"
    if not keys.is_visible():
        sheet.get_by_text("With a keyboard").tap()
    assert keys.is_visible()


def test_help_says_nothing_of_what_a_page_does_not_have(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    ended = {**pages["single"], "id": "ended", "mustPlayback": "ended"}
    someone = open_page(serve(make_study([pages["generic"], pages["single"], ended, pages["finish"]])))
    sheet = someone.tab.get_by_role("dialog")
    told = []
    for number in (1, 2, 3):
        someone.go_to(1) if number == 1 else someone.at(number)
        someone.press("?")
        told.append(sheet.get_by_role("listitem").all_text_contents())
        assert sheet.get_by_text("Score up or down by one step").is_visible() == (number == 1)
        someone.press("Escape")
        if number == 2:
            someone.hear_by_mouse()
            someone.tab.get_by_label("Good").check()
        someone.next.click()
    assert len(told[0]) == 4, "before the trials, what they may have"
    play = "Press a sound to hear it. Press it again to pause."
    assert told[1:] == [[play, "The tick means heard: 1 second of a sound is enough."], [play]]

"""Whole sessions in a real browser against the real server: mouse, keyboard, scales, training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mushra_server.app import open_study
from mushra_server.errors import ServerError
from mushra_server.web.server import Options

MakeStudy = Callable[..., Path]
Serve = Callable[[Path], str]
OpenPage = Callable[..., Any]

slow = pytest.mark.slow


def test_smoke_first_page_shows_and_goes_on(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(serve(make_study([pages["consent"], pages["generic"], pages["finish"]])))
    assert someone.at(1) == "consent"
    someone.next.click()
    assert someone.hint.text_content() == "Please tick the box to continue."
    someone.agree()
    assert someone.at(2) == "generic"
    assert someone.tab.locator(".content b").text_content() == "well"


@slow
def test_whole_session_with_the_mouse(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study(pages["every"], completion={"code": "C0FFEE", "redirect": "https://example.org/done"})
    someone = open_page(f"{serve(study)}/?PROLIFIC_PID=p-17")
    someone.at(1)
    someone.agree()
    assert someone.at(2) == "volume"
    someone.tab.get_by_role("button", name="Play").click()
    someone.tab.get_by_label("Volume").fill("80")
    someone.next.click()
    assert someone.at(3) == "generic"
    someone.next.click()
    assert someone.at(4) == "mushra"
    someone.hear_by_mouse()
    someone.rate_by_mouse(0.1, 0.3, 0.5, 0.7, 0.9)
    assert [
        abs(int(score) - wanted) <= 1
        for score, wanted in zip(someone.scores(), (10, 30, 50, 70, 90), strict=True)
    ] == [True] * 5
    given = [float(score) for score in someone.scores()]
    someone.tab.get_by_label("Comment on Sound 5 (optional)").fill("Tinny; R&B was <b>worse</b> 50%25 +1 🎧")
    someone.next.click()
    assert someone.at(5) == "bs1116"
    someone.hear_by_mouse()
    someone.rate_by_mouse(1.0, 0.5)
    someone.next.click()
    assert someone.at(6) == "paired_comparison"
    someone.hear_by_mouse()
    someone.tab.get_by_label("B", exact=True).check()
    someone.next.click()
    assert someone.at(7) == "likert_single_stimulus"
    someone.hear_by_mouse()
    someone.tab.get_by_label("Good").check()
    someone.next.click()
    assert someone.at(8) == "likert_multi_stimulus"
    someone.hear_by_mouse()
    for n, label in enumerate(("Bad", "Fair", "Excellent")):
        someone.tab.locator("fieldset").nth(n).get_by_label(label).check()
    someone.next.click()
    assert someone.at(9) == "finish"
    someone.answer_questions("34")
    someone.tab.get_by_text("C0FFEE").wait_for()
    assert (
        someone.tab.get_by_role("link", name="Complete and return").get_attribute("href")
        == "https://example.org/done"
    )
    assert someone.tab.get_by_text("Stored. Thank you.").is_visible()

    rows = pages["stored"](study)
    trials = [
        [row for row in rows if row["trial_position"] == at]
        for at in sorted({row["trial_position"] for row in rows})
    ]
    mushra, impairment, pair, single, multi = trials
    assert [row["score"] for row in sorted(mushra, key=lambda row: row["condition_position"])] == given
    assert {row["comment"] for row in rows} == {None, "Tinny; R&B was <b>worse</b> 50%25 +1 🎧"}
    assert all(row["listened_ms"] >= 280 and row["listener"] == "p-17" and row["finished"] for row in rows)
    assert {5.0, 3.0} <= {row["score"] for row in impairment}
    assert [row["score"] for row in pair] in ([0.0], [1.0])
    assert [row["score"] for row in single] == [4.0]
    assert sorted(row["score"] for row in multi) == [1.0, 3.0, 5.0]
    told = {"consent": "true", "volume": "80", "age": "34", "device": "headphones"}
    assert told.items() <= pages["answers"](study).items()


@slow
def test_session_with_the_keyboard_alone(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([pages["consent"], pages["mushra"], pages["finish"]])
    someone = open_page(serve(study))
    someone.at(1)
    someone.press("Tab", "Space", "Tab", "Enter")
    assert someone.at(2) == "mushra"
    someone.press("0")
    someone.wait_heard(".open-sound")
    for n in range(5):
        someone.press(str(n + 1))
        someone.wait_heard(f".lane:nth-child({n + 1}) .sound-button")
        someone.press("ArrowUp", *["Shift+ArrowUp"] * n, "ArrowDown")
    assert someone.scores() == ["49", "59", "69", "79", "89"]
    someone.press("ArrowRight", "Shift+ArrowDown")
    assert someone.scores()[0] == "39"
    someone.press("ArrowLeft", "ArrowDown", "ArrowDown")
    assert someone.scores()[4] == "87"
    someone.press(" ")
    someone.tab.wait_for_selector(".transport button[aria-label=Play]")
    someone.press("?")
    assert someone.tab.get_by_role("dialog").is_visible()
    someone.press("Escape")
    someone.tab.locator(".foot .primary").focus()
    someone.press("Enter")
    assert someone.at(3) == "finish"
    someone.press("Tab", *"31")
    someone.press("Tab", "Space")
    for _ in range(12):
        if someone.next.evaluate("(button) => button === document.activeElement"):
            break
        someone.press("Tab")
    someone.press("Enter")
    someone.tab.get_by_text("Stored. Thank you.").wait_for()
    assert sorted(row["score"] for row in pages["stored"](study)) == [39, 59, 69, 79, 87]


def test_only_the_slider_of_the_sound_that_plays_moves(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(serve(make_study([pages["mushra"], pages["finish"]])))
    someone.at(1)
    inputs = someone.tab.locator(".slider-input")
    assert [inputs.nth(n).is_disabled() for n in range(5)] == [True] * 5
    someone.press("2")
    assert [inputs.nth(n).is_disabled() for n in range(5)] == [True, False, True, True, True]
    box = someone.tab.locator(".lane:nth-child(4) .slider-track").bounding_box()
    someone.tab.mouse.click(box["x"] + 5, box["y"] + 20)  # plays the sound, and leaves its score alone
    assert someone.scores() == ["–"] * 5
    assert someone.tab.locator(".lane:nth-child(4) .sound-button").get_attribute("aria-pressed") == "true"
    assert "playing" in str(
        someone.tab.locator(".lane:nth-child(4) .sound-button").get_attribute("aria-label")
    )
    someone.tab.mouse.click(box["x"] + 5, box["y"] + 20)
    assert someone.scores()[:3] == ["–"] * 3 and int(someone.scores()[3]) > 85
    someone.press("0")
    assert [inputs.nth(n).is_disabled() for n in range(5)] == [True] * 5


@slow
def test_several_scales_are_rated_one_after_the_other(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    scales = [
        {"name": "quality", "question": "How good is the quality?"},
        {
            "name": "match",
            "question": "How well does it match?",
            "min": 0,
            "max": 10,
            "step": 0.5,
            "labels": ["Not at all", "Perfectly"],
        },
    ]
    study = make_study([pages["mushra"], pages["finish"]], scales=scales, must_listen=False)
    someone = open_page(serve(study))
    someone.at(1)
    someone.rate_by_mouse(*[0.5] * 5)
    assert someone.tab.get_by_text("Question 1 of 2").is_visible()
    assert someone.next.text_content() == "Next question"
    someone.next.click()
    assert someone.tab.get_by_text("How well does it match?").is_visible()
    assert someone.scores() == ["–"] * 5
    someone.next.click()
    assert "Still to rate" in someone.hint.text_content()
    someone.rate_by_mouse(*[0.85] * 5)
    assert set(someone.scores()) == {"8.5"}
    someone.tab.get_by_role("button", name="Back").click()
    assert someone.scores() == ["50"] * 5
    someone.next.click()
    someone.next.click()
    someone.at(2)
    rows = pages["eventually"](lambda: pages["stored"](study), bool)
    assert {(row["attribute"], row["score"]) for row in rows} == {("quality", 50.0), ("match", 8.5)}


@slow
def test_training_is_marked_and_the_predicted_class_is_named(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    trials = {
        "mushra": {"item": "item", "kind": "training", "prediction": "church bells"},
        "second": {"item": "item", "kind": "attention", "prediction": "dog", "expected": {"kestrel": [0, 5]}},
    }
    second = {**pages["mushra"], "id": "second", "content": "The classifier answered: <b>dog</b>."}
    someone = open_page(
        serve(
            make_study(
                [pages["mushra"], second, pages["finish"]], trials=trials, must_listen=False, must_rate=False
            )
        )
    )
    someone.at(1)
    assert someone.tab.locator(".badge").text_content() == "Practice: not counted"
    assert someone.tab.locator(".prediction").text_content() == "The classifier's answer: church bells"
    someone.next.click()
    assert someone.hint.text_content().startswith("Not heard yet: Reference, 1, 2, 3, 4, 5.")
    someone.next.click()  # said once
    someone.at(2)
    assert someone.tab.locator(".badge").count() == 0  # a check looks like any trial
    assert someone.tab.locator(".prediction").count() == 0  # the page's own text names the class


@slow
def test_shortcuts_can_be_switched_off(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(serve(make_study([pages["mushra"], pages["finish"]])))
    someone.at(1)
    someone.press("2")
    someone.tab.get_by_label("Comment on Sound 2 (optional)").fill("")
    someone.press("3", "r", " ", "?")
    assert someone.tab.get_by_label("Comment on Sound 2 (optional)").input_value() == "3r ?"
    someone.tab.get_by_role("button", name="Help").click()
    someone.tab.get_by_label("Use these single-key shortcuts").uncheck()
    someone.press("Escape", "Tab", "4")
    assert someone.tab.locator(".lane:nth-child(4) .sound-button").get_attribute("aria-pressed") == "false"
    someone.tab.reload()
    someone.at(1)
    someone.press("4")
    assert someone.tab.locator(".sound-button[aria-pressed=true]").count() == 0


def test_a_spatial_page_is_refused_with_the_way_out(make_study: MakeStudy, pages: dict[str, Any]) -> None:
    room = pages["trial"]("spatial", "room", conditions=("kestrel",))
    study = make_study([room, pages["finish"]], trials={})
    with pytest.raises(ServerError, match=r"page 'room' is a spatial page.*--frontend webmushra --webmushra"):
        open_study(study, Options())
    assert open_study(study, Options(collect_webmushra=True)).name == "page"  # webMUSHRA elsewhere shows it

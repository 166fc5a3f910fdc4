"""Questionnaires between pages, and scales with pictures, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeStudy = Callable[..., Path]
Serve = Callable[[Path], str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow

FACE = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'>"
    "<rect width='40' height='40' fill='{}'/></svg>"
)
NAMES = {"img": "zebra", "imgSelected": "okapi", "imgHigherResponseSelected": "gazelle"}


def test_questionnaire_between_pages(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    asked = [question for question in pages["questions"] if question["name"] != "remarks"]
    study = make_study(
        [pages["generic"], pages["mushra"], {**pages["finish"], "questionnaire": []}],
        questionnaires={"told": asked},
    )
    someone = open_page(serve(study))
    assert someone.at(1) == "generic"
    assert someone.tab.locator(".content b").text_content() == "well"
    someone.tab.get_by_label("Your age").fill("9")
    someone.tab.get_by_label("Loudspeakers").check()
    someone.next.click()
    assert someone.hint.text_content() == "Your age: please enter a number from 10 to 120"
    someone.tab.get_by_label("Your age").fill("33")
    someone.tab.get_by_label("Your city (optional)").fill("  Köln, O'Hara & <Söhne>  ")
    someone.next.click()
    someone.at(2)
    rows = pages["eventually"](lambda: pages["stored"](study, "export_answers"), bool)
    assert {row["name"]: row["value"] for row in rows} == {
        "age": "33",
        "device": "loudspeakers",
        "city": "Köln, O'Hara & <Söhne>",
    }
    someone.tab.get_by_role("button", name="Back").click()
    someone.at(1)
    assert someone.tab.get_by_label("Your age").input_value() == "33"
    assert someone.tab.get_by_label("Loudspeakers").is_checked()


def shown(someone: Any) -> list[str]:
    """The colour of each point's visible picture, as the browser painted it."""
    return [
        str(colour)
        for colour in someone.tab.evaluate(
            """() => Promise.all([...document.querySelectorAll('.likert .choice')].map(async (choice) => {
          const images = [...choice.querySelectorAll('img')].filter((image) => image.checkVisibility());
          if (images.length !== 1) return `${images.length} pictures`;
          await images[0].decode();
          const canvas = new OffscreenCanvas(1, 1).getContext('2d');
          canvas.drawImage(images[0], 0, 0, 1, 1);
          return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).join();
        }))"""
        )
    ]


def test_pictures_follow_the_choice_and_hide_their_names(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    points = [
        {"value": str(n), "label": f"{n} stars", **{key: f"{name}{n}.svg" for key, name in NAMES.items()}}
        for n in (1, 2, 3)
    ]
    rated = pages["trial"]("likert_multi_stimulus", "multi", conditions=("kestrel",), response=points)
    study = make_study([rated, pages["finish"]])
    colours = {"zebra": "rgb(0,0,{})", "okapi": "rgb(0,{},0)", "gazelle": "rgb({},0,0)"}
    for n in (1, 2, 3):
        for name, colour in colours.items():
            (study / f"{name}{n}.svg").write_text(FACE.format(colour.format(60 * n)))
    someone = open_page(serve(study))
    someone.at(1)
    assert shown(someone) == ["0,0,60", "0,0,120", "0,0,180"]
    someone.tab.get_by_label("2 stars").check()
    assert shown(someone) == ["60,0,0", "0,120,0", "0,0,180"]
    someone.tab.get_by_label("3 stars").check()
    assert shown(someone) == ["60,0,0", "120,0,0", "0,180,0"]
    someone.tab.get_by_label("1 stars").check()
    assert shown(someone) == ["0,60,0", "0,0,120", "0,0,180"]
    names = someone.tab.locator(".likert img").evaluate_all("(all) => all.map((image) => image.alt)")
    assert set(names) == {"1 stars", "2 stars", "3 stars"}
    dom = someone.tab.content() + someone.tab.evaluate("JSON.stringify(performance.getEntries())")
    for name in (*NAMES.values(), ".svg"):
        assert name not in dom.replace("icon.svg", ""), name


def test_pictures_of_a_questionnaire_are_named_by_their_labels(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    question = {
        "type": "likert",
        "name": "mood",
        "label": "How do you feel?",
        "response": [{"value": "a", "img": "a.svg"}, {"value": "b", "label": "Well", "img": "b.svg"}],
    }
    study = make_study([{**pages["finish"], "questionnaire": [question]}])
    for name in "ab":
        (study / f"{name}.svg").write_text(FACE.format("teal"))
    someone = open_page(serve(study))
    someone.at(1)
    points = someone.tab.get_by_role("group", name="How do you feel?").get_by_role("radio")
    assert points.count() == 2
    assert someone.tab.get_by_role("radio", name="a", exact=True).count() == 1
    someone.tab.get_by_role("radio", name="Well", exact=True).check()
    someone.next.click()
    someone.tab.get_by_text("Stored. Thank you.").wait_for()
    assert [row["value"] for row in pages["stored"](study, "export_answers")] == ["b"]


def test_a_picture_in_a_text_is_shown_and_one_from_elsewhere_leaves_its_words(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    text = (
        "<p>Look:</p><img src='help/screen.svg' alt='The page'>"
        "<img src='https://example.org/x.png' alt='A logo'><img src='data:image/png;base64,AAAA' alt='A dot'>"
    )
    study = make_study([{**pages["generic"], "content": text}, pages["finish"]])
    (study / "help").mkdir()
    (study / "help/screen.svg").write_text(FACE.format("#123456"))
    someone = open_page(serve(study))
    someone.at(1)
    images = someone.tab.locator(".content img")
    images.first.evaluate("(image) => image.decode()")
    assert images.evaluate_all("(all) => all.map((image) => [image.naturalWidth, image.alt])") == [
        [40, "The page"],
        [0, "A logo"],
        [0, "A dot"],
    ]
    sources = images.evaluate_all("(all) => all.map((image) => image.getAttribute('src'))")
    assert sources[0].startswith("/picture/") and sources[1:] == [None, None]

"""The page of explained sounds: one transport, sounds that switch in place, the class as headline."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interpreter.recordings.listening_page import render_listening_page, summarise_windows
from stimuli import write_audio

RATE, SECONDS = 8000, 4


def window(target: str | None, *probabilities: float) -> dict[str, Any]:
    times = {"start_s": 0.0, "stop_s": 1.0, "target": target}
    keys = ("probability_before", "probability_in", "probability_out")
    return times | dict(zip(keys, probabilities, strict=False)) | {"prediction_in": target}


def record(*windows: dict[str, Any]) -> dict[str, Any]:
    about = {"source": "<dog>.wav", "label": "LMAC-TD", "sample_rate": RATE, "samples": SECONDS * RATE}
    return about | {"windows": list(windows)}


def test_classes_are_counted_and_their_probabilities_averaged() -> None:
    windows = [
        window("dog", 0.9, 0.8, 0.1),
        window(None),
        window("cat", 0.6, 0.5, 0.4),
        window("dog", 0.5, 0.4, 0.3),
    ]
    dog, cat = summarise_windows(windows)
    assert (dog["target"], dog["windows"], dog["share"]) == ("dog", 2, 0.5)
    assert [dog[key] for key in ("before", "inside", "outside")] == pytest.approx([0.7, 0.6, 0.2])
    assert (cat["target"], cat["before"]) == ("cat", 0.6)
    assert summarise_windows([window(None)]) == []


def test_the_headline_is_class_and_probability() -> None:
    page = render_listening_page([("a b", record(window("<dog>", 0.968, 0.9999, 0.0004)))])
    assert "<b>&lt;dog&gt; 97 %</b></span>" in page
    notes = re.findall(r"<span>(?:Input|Interpretation|Residual)</span><span>(.*?)</span>", page)
    assert notes == ["&lt;dog&gt; 97 %", "&lt;dog&gt; &gt; 99 %", "&lt;dog&gt; &lt; 1 %"]
    assert "<audio controls" not in page and "0:00.0 / 0:04.0" in page
    assert not re.search(r"(?:src|href)=.(?:https?:|//)", page)
    two = render_listening_page([("a", record(window("dog", 1.0, 1.0, 0.0), window("cat", 0.5, 0.5, 0.5)))])
    assert "<b>dog 100 %</b> in 1\n of 2 windows" in two and "<b>cat 50 %</b>" in two
    assert "silent: nothing to explain</span>" in render_listening_page([("a", record(window(None)))])


def test_sounds_switch_at_the_same_place(tmp_path: Path, browser: Any) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        for number, part in enumerate(("input", "interpretation", "residual"), start=1):
            tone = 0.1 * np.sin(2 * np.pi * 200 * number * np.arange(SECONDS * RATE) / RATE)
            write_audio(tmp_path / folder / f"{part}.wav", tone.astype(np.float32), RATE, "FLOAT")
    entry = record(window("dog", 0.9, 0.8, 0.1))
    entries = [("one", entry), ("two", entry | {"source": "two.wav"})]
    (tmp_path / "index.html").write_text(render_listening_page(entries), "utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 844})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "index.html").as_uri())

    def heard() -> list[tuple[str, float]]:
        return page.evaluate(
            """() => [...document.querySelectorAll("audio")].filter((a) => !a.paused && !a.muted)
               .map((a) => [a.getAttribute("src"), a.currentTime])"""
        )

    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('audio').currentTime > 1")
    assert page.locator(".transport button").first.get_attribute("aria-label") == "Pause"
    (before,) = heard()
    page.keyboard.press("2")
    (after,) = heard()
    assert (before[0], after[0]) == ("one/input.wav", "one/interpretation.wav")
    assert -0.1 < after[1] - before[1] < 0.5, "it continues where the other was"
    assert page.locator(".pick[aria-pressed=true]").first.inner_text().startswith("2")
    page.locator(".transport button").nth(1).click()
    assert [name for name, _ in heard()] == ["two/input.wav"], "only one player sounds"
    page.keyboard.press("Space")
    assert heard() == []
    page.locator(".player").nth(1).locator(".stage").nth(2).click()  # its middle
    place = page.locator(".transport input").nth(1)
    assert float(place.input_value()) == pytest.approx(SECONDS / 2, abs=0.05)
    page.keyboard.press("ArrowRight")
    assert float(place.input_value()) == pytest.approx(SECONDS / 2 + 0.5, abs=0.05)
    assert page.locator(".transport output").nth(1).inner_text().endswith("/ 0:04.0")
    line = page.locator(".player").nth(1).locator(".playhead").first.evaluate("line => line.style.left")
    assert float(line.rstrip("%")) == pytest.approx(62.5, abs=1.5)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert all(url.startswith("file:") for url in asked)
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    assert [fault["id"] for fault in axe.run(page).response["violations"]] == []
    page.close()


def test_whatever_has_the_focus_is_outlined_in_the_page_s_own_colour(tmp_path: Path, browser: Any) -> None:
    (tmp_path / "index.html").write_text(
        render_listening_page([("one", record(window("dog", 0.9, 0.8, 0.1)))]), "utf-8"
    )
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    outlines = {}
    for _ in range(20):
        page.keyboard.press("Tab")
        tag, outline = page.evaluate(
            "[document.activeElement.tagName, getComputedStyle(document.activeElement).outline]"
        )
        outlines[tag] = outline
    assert {"BUTTON", "A", "SUMMARY"} <= set(outlines)
    outlines.pop("BODY", None)
    assert all("solid 3px" in outline for outline in outlines.values()), outlines


def test_the_page_escapes_what_it_shows() -> None:
    record = {"source": "<script>.wav", "label": "A & B", "samples": 8000, "sample_rate": 8000, "windows": []}
    page = render_listening_page([("a b", record)])
    assert "&lt;script&gt;.wav" in page
    assert "A &amp; B" in page
    assert 'src="a%20b/input.wav"' in page

"""Nothing that a listener can look at tells one condition from another, and no text of a study can run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeStudy = Callable[..., Path]
Serve = Callable[[Path], str]
OpenPage = Callable[..., Any]

CONDITIONS = ("kestrel", "lapwing", "plover", "anchor35", "anchor70")
ROLE_WORDS = ("anchor", "hidden_reference", "mid_anchor", "low_anchor", "method_")
PAGE = Path(__file__).resolve().parents[3] / "mushra_server" / "static" / "page"


@pytest.mark.slow
def test_no_name_reaches_the_browser(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    tested = [page for page in pages["every"] if "stimuli" in page]
    someone = open_page("about:blank")
    seen: list[str] = []
    sounds: list[str] = []

    def note(answer: Any) -> None:
        seen.append(answer.url + str(answer.all_headers()))
        if "audio/" in answer.headers.get("content-type", ""):
            sounds.append(str(answer.all_headers()))
        if "audio/" not in answer.headers.get("content-type", ""):
            seen.append(answer.text())

    someone.tab.on("requestfinished", lambda request: note(request.response()))
    someone.tab.goto(serve(make_study([*tested, pages["finish"]], must_listen=False)))
    for number in range(1, len(tested) + 1):
        kind = someone.at(number)
        someone.tab.locator(".sound-button").first.click()
        someone.wait_heard(".sound-button")
        if kind in ("mushra", "bs1116"):
            someone.rate_by_mouse(*[0.5] * someone.tab.locator(".lane").count())
        for field in someone.tab.locator("fieldset").all():
            field.locator("input").first.check()
        seen.append(someone.tab.content())
        seen.append(someone.tab.evaluate("JSON.stringify([{...localStorage}, performance.getEntries()])"))
        someone.next.click()
    someone.at(len(tested) + 1)
    text = "\n".join(seen).lower()
    assert len(sounds) > 10 and "/audio/" in text and "sound 1" in text
    for word in (*CONDITIONS, "audio/item", "item/"):
        assert word not in text, word
    assert not re.search(r"\.wav\b", text)
    assert not re.search(r"content-disposition|last-modified", "\n".join(sounds).lower())


def test_source_holds_no_role_word() -> None:
    for file in PAGE.rglob("*.*"):
        source = file.read_text("utf-8").lower()
        for word in ROLE_WORDS:
            assert word not in source, f"{file.name}: {word}"


@pytest.mark.slow
def test_only_the_open_sound_has_a_waveform(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    alone = {key: value for key, value in pages["mushra"].items() if key != "reference"}
    someone = open_page(serve(make_study([alone, pages["finish"]])))
    someone.at(1)
    assert someone.tab.locator(".strip.flat").count() == 1
    assert someone.tab.locator(".open-sound").count() == 0


@pytest.mark.slow
def test_sounds_load_in_the_order_of_presentation(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page("about:blank")
    asked: list[str] = []
    someone.tab.on(
        "request",
        lambda request: (
            asked.append(request.url) if "/audio/" in request.url and "static" not in request.url else None
        ),
    )
    someone.tab.goto(serve(make_study([pages["mushra"], pages["finish"]])))
    someone.at(1)
    state = someone.tab.evaluate("fetch('api/session').then((answer) => answer.json())")["pages"][0]
    wanted = [state["reference"]["url"], *(sound["url"] for sound in state["stimuli"])]
    assert [url[url.index("/audio/") :] for url in asked] == wanted


HOSTILE = (
    "<p onclick='window.hit=1' style='color:red' id='app'>Hello <b>there</b></p><script>window.hit=1</script>"
    "<img src=/x onerror='window.hit=1'><a href='javascript:window.hit=1'>link</a>"
    "<svg onload='window.hit=1'></svg><a href='https://example.org'>safe</a><h1>Big</h1>"
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>"
    "<math><mtext><table><mglyph><style><img src=/x onerror=window.hit=1>"
    "<form action='https://example.org'><button>send</button></form>"
)


def test_hostile_content_is_taken_apart(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study(
        [
            {**pages["generic"], "name": "<img src=x onerror=window.hit=1>", "content": HOSTILE},
            pages["finish"],
        ]
    )
    someone = open_page(serve(study), expect_errors=True)
    someone.at(1)
    content = someone.tab.locator(".content")
    assert content.locator("b").text_content() == "there"
    assert (
        content.locator(
            "script, iframe, svg, form, button, style, math, [onclick], [onerror], [style], [id], h1"
        ).count()
        == 0
    )
    assert [link.get_attribute("href") for link in content.locator("a").all()] == [
        None,
        "https://example.org",
    ]
    assert someone.tab.locator("h1").text_content() == "<img src=x onerror=window.hit=1>"
    # An image that fails after those of the page: their handlers would have run before its own.
    someone.tab.evaluate(
        "() => new Promise(done => Object.assign(new Image(), {onerror: done, src: '/none'}))"
    )
    assert someone.tab.evaluate("window.hit") is None


def test_page_runs_under_the_servers_policy(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page("about:blank")
    answer = someone.tab.goto(serve(make_study([pages["generic"], pages["finish"]])))
    policy = answer.headers["content-security-policy"]
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
    assert "<script>" not in answer.text() and "style=" not in answer.text()
    assert someone.at(1) == "generic"

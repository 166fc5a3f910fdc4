"""Accessibility (axe-core), small screens, weight and speed of the participant page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mushra_server.participant.lab_colours import accents
from tests.axe import complaints, load_axe

MakeStudy = Callable[..., Path]
Serve = Callable[[Path], str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow

PHONE = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
}


def walk(someone: Any, count: int, look: Callable[[str], None]) -> None:
    """Go through a session as a participant does; call `look` before and after each page is filled in."""
    for number in range(1, count + 1):
        kind = someone.at(number)
        look(kind)
        if kind == "consent":
            someone.tab.get_by_role("checkbox").check()
        if kind == "volume":
            someone.play_and_stop()
        if (first := someone.tab.locator(".sound-button").first).is_visible():
            first.click()
            someone.wait_heard(".sound-button")
        if kind in ("mushra", "bs1116"):
            someone.rate_by_mouse(*[0.6] * someone.tab.locator(".lane").count())
        for n, field in enumerate(someone.tab.locator("fieldset").all()):
            # Best and worst are two sounds.
            field.locator("input").nth(n if kind == "best_worst" else 0).check()
        if kind == "finish":
            someone.next.click()  # the hint that says what is missing
            look(f"{kind} with a hint")
            someone.tab.get_by_label("Your age").fill("40")
        look(f"{kind}, filled in")
        someone.next.click()
    someone.tab.locator(".done-mark").wait_for()
    look("thanks")


HARD_COLOURS = {"light": "#ffe9a8", "dark": "#1a0033"}
"""Colours of a laboratory that could not be read as they are: a pale one on light, a dark one on dark."""
OF_SIZE = ["target-size", "scrollable-region-focusable"]
# What a style sheet can spoil on a phone: colours, sizes, and names given by what it hides.
OF_STYLE = [
    *OF_SIZE, "color-contrast", "label", "button-name", "link-name", "select-name", "summary-name",
    "aria-input-field-name", "aria-toggle-field-name", "aria-progressbar-name", "aria-dialog-name",
    "aria-hidden-focus", "empty-heading", "page-has-heading-one", "landmark-one-main", "region",
]  # fmt: skip
BEYOND = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
"""Pixels beyond the window; a phone's `innerWidth` grows with what is too wide for it."""
TOO_SMALL = """() => [...document.querySelectorAll('button, input, a, textarea, label.choice, .handle')]
  .filter((element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
  .filter((element) => !element.closest('label.choice') || element.matches('label.choice'))
  .map((element) => [element.className || element.id || element.textContent, element.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.height < 43.5 || box.width < 23.5))
  .map(([name, box]) => `${name} ${Math.round(box.width)}x${Math.round(box.height)}`)"""


def misfits(tab: Any) -> list[str]:
    """Return what a finger cannot use on the page as it now is, or cannot see without scrolling sideways."""
    beyond = tab.evaluate(BEYOND)
    small = [name for name in tab.evaluate(TOO_SMALL) if not name.startswith("Start for the next")]
    return [*([f"{beyond} px too wide"] if beyond > 0 else []), *small]


@pytest.mark.parametrize(
    ("scheme", "screen", "which"),
    [
        pytest.param("light", {}, "every", id="desktop-every"),
        pytest.param("dark", PHONE, "compared", id="phone-compared"),
        pytest.param("light", {}, "compared", id="desktop-compared", marks=pytest.mark.release),
        pytest.param("dark", PHONE, "every", id="phone-every", marks=pytest.mark.release),
    ],
)
def test_axe_finds_nothing_and_a_phone_shows_all(
    make_study: MakeStudy,
    serve: Serve,
    open_page: OpenPage,
    pages: dict[str, Any],
    scheme: str,
    screen: dict[str, Any],
    which: str,
) -> None:
    """Each page as it comes and filled in, a phone also on its side; comparisons in a lab's colour.

    A phone shows the page of the desk: there it is asked for what a style sheet can spoil.
    """
    lab = {"name": "Lab", "colour": HARD_COLOURS[scheme], "contact": "<p>Ask us.</p>"}
    study = make_study([*pages[which]], must_listen=False, **({"lab": lab} if which == "compared" else {}))
    someone = open_page(serve(study), color_scheme=scheme, reduced_motion="reduce", **screen)
    axe, looks, found = load_axe(), list[str](), dict[str, list[str]]()

    def look(what: str) -> None:
        looks.append(what)
        wrong = complaints(someone.tab, axe, OF_STYLE if screen else None)
        if screen:
            wrong += misfits(someone.tab)
            someone.tab.set_viewport_size({"width": 844, "height": 390})
            wrong += [f"on its side: {text}" for text in complaints(someone.tab, axe, OF_SIZE)]
            someone.tab.set_viewport_size(PHONE["viewport"])
        if wrong:
            found[what] = wrong

    someone.at(1)
    accent = someone.tab.evaluate("document.documentElement.style.getPropertyValue('--accent')")
    assert accent == (accents(lab["colour"])[scheme]["accent"] if which == "compared" else "")
    someone.tab.get_by_role("button", name="Help").click()
    look("help")
    someone.press("Escape")
    walk(someone, len(pages[which]), look)
    assert found == {}
    assert len(set(looks)) == len(looks) == 2 * len(pages[which]) + 3


def test_pages_speak_the_studys_language_and_fit_a_phone(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    """One phone that is handed on from study to study."""
    someone = open_page("about:blank", **PHONE)
    shown = [pages["mushra"], pages["ccr"], pages["finish"]]
    for language in ("de", "fr", "es", "it", "pt", "zh", "ja"):
        someone.tab.goto(serve(make_study(shown, language=language, must_listen=False, must_rate=False)))
        someone.at_any_language()
        assert someone.tab.evaluate("document.documentElement.lang") == language
        assert someone.tab.locator(".axis span").last.text_content() != "Excellent" or language in ("fr",)
        title, button = (someone.tab.locator(f".head {name}").bounding_box() for name in (".study", "button"))
        assert button["y"] < title["y"] + title["height"], f"the head is one row in {language}"
        assert someone.tab.evaluate(BEYOND) <= 0, language
        someone.next.click()
        assert someone.at(2) == "ccr"
        assert someone.tab.evaluate(BEYOND) <= 0, language
        text = someone.tab.locator("article").inner_text()
        for english in ("First sound", "Much better", "About the same", "compared with"):
            assert english not in text


@pytest.mark.parametrize("types", [["mushra", "finish"], None], ids=["mushra", "every type"])
def test_page_is_light_and_paints_at_once(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any], types: list[str] | None
) -> None:
    shown = pages["every"] if types is None else [pages[name] for name in types]
    study = make_study(shown, language="ja", headphone_check="huggins" if types is None else None)
    someone = open_page("about:blank")
    devtools = someone.tab.context.new_cdp_session(someone.tab)
    devtools.send("Network.enable")
    address: dict[str, str] = {}
    received: dict[str, int] = {}

    def note_address(event: dict[str, Any]) -> None:
        address[event["requestId"]] = event["response"]["url"]

    def note_bytes(event: dict[str, Any]) -> None:
        url = address[event["requestId"]]
        if "/static/" in url or "/audio/" not in url:
            received[url] = received.get(url, 0) + event["encodedDataLength"]

    devtools.on("Network.responseReceived", note_address)
    devtools.on("Network.loadingFinished", note_bytes)
    someone.tab.goto(serve(study))
    someone.at_any_language()
    someone.tab.wait_for_load_state("networkidle")
    assert sum("/static/" in url for url in received) > 30
    assert 40_000 < sum(received.values()) < 155_000  # on the wire, headers included, sounds not
    # What the first paint waits for: the page and its styles, a few kilobytes. Its time is a benchmark.
    awaited = someone.tab.evaluate(
        "performance.getEntriesByType('resource')"
        ".filter((entry) => entry.renderBlockingStatus === 'blocking')"
        ".map((entry) => [entry.name.split('/').pop(), entry.transferSize])"
    )
    assert all(name.endswith(".css") for name, _ in awaited)
    assert 1_000 < sum(size for _, size in awaited) < 30_000

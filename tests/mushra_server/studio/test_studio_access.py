"""Every screen of the studio in Chromium: axe-core in each scheme and size, and a walk by keyboard."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from mushra_server.many import ManyStudies
from mushra_server.studio import accounts
from mushra_server.studio.app import close_studio, create_studio, studio_of
from mushra_server.studio.drafts import SOUNDS_NAME, UPLOAD_NAME, save_fact
from mushra_server.studio.studies import change_study
from mushra_server.studio.uploads import store_sounds
from study_builder.simulation.rehearsal import simulate_study
from tests.axe import FADED, complaints, load_axe
from tests.mushra_server.conftest import build
from tests.mushra_server.studio.sounds import archive, send, sounds
from tests.servers import served

pytestmark = pytest.mark.slow

SIZES = {"wide": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
QUESTIONS = (
    20  # with one that is added; as parts of one form more than the server takes of multipart/form-data
)
# What a style sheet can spoil on a phone: sizes, colours, and names given by what it hides.
OF_STYLE = [
    "target-size", "color-contrast", "label", "button-name", "link-name", "select-name", "summary-name",
    "aria-input-field-name", "aria-toggle-field-name", "aria-dialog-name", "aria-hidden-focus",
    "scrollable-region-focusable", "empty-heading", "page-has-heading-one", "landmark-one-main", "region",
]  # fmt: skip
# Notes how each element looks; returns whether any looks unlike it did before, and marks those.
LOOKS = """() => {
  let others = 0;
  for (const one of document.querySelectorAll('body, body *')) {
    delete one.dataset.other;
    if (!one.checkVisibility()) continue;
    const { color, backgroundColor, backgroundImage, opacity } = getComputedStyle(one);
    const look = [color, backgroundColor, backgroundImage, opacity].join();
    if (one.dataset.look !== look) { one.dataset.other = ''; others += 1; }
    one.dataset.look = look;
  }
  return others > 0;
}"""
SCREENS = (
    "/", "/?q=nothing", "/people", "/log", "/studies/draft", "/studies/draft/make", "/studies/draft/build",
    "/studies/draft/launch", "/studies/empty/make", "/studies/codecs/launch", "/studies/codecs/watch",
    "/studies/codecs/sessions/{uuid}", "/studies/codecs/reports", "/studies/codecs/people",
)  # fmt: skip
# What can be reached by Tab, in the order of the page, and what is the matter with it once it has the focus.
REACHABLE = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
  .filter((one) => !one.disabled && !one.closest('fieldset:disabled') && one.checkVisibility())
  .map((one, at) => { one.dataset.place = at; return at; })"""
FOCUSED = """() => {
  const one = document.activeElement;
  const box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  const x = Math.min(box.left + box.width / 2, innerWidth - 1), y = box.top + Math.min(box.height / 2, 20);
  const above = document.elementFromPoint(x, y);
  const wrong = [];
  if (one.tagName !== 'BODY') {
    if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 1) wrong.push('no focus ring');
    if (!above || !(one.contains(above) || above.contains(one) || above.closest('label')?.contains(one)))
      wrong.push('hidden behind ' + (above?.className || above?.tagName));
  }
  return [Number(one.dataset.place ?? -1), one.outerHTML.slice(0, 90), wrong];
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManyStudies]:
    """A studio with an empty study, a draft with sounds, and a closed study with ratings and reports."""
    served = create_studio(tmp_path_factory.mktemp("studio") / "lab")
    study = build(served.folder / "codecs", completion={"code": "C1", "redirect": "https://example.org/done"})
    simulate_study(study, 3, seed=1)
    with closing(sqlite3.connect(study / "ratings.sqlite3")) as database, database:
        database.execute("UPDATE sessions SET simulated = 0, participant = 'p' || id")
        database.execute("UPDATE submissions SET time_ms = 10 WHERE session_id = 1 AND kind = 'trial'")
        database.execute("INSERT OR REPLACE INTO meta VALUES ('closed', '1')")
    studio = studio_of(served)
    reports = studio.store.data / "reports" / "codecs"
    for number in (1, 2):
        reports.joinpath(str(number)).mkdir(parents=True)
        version = {
            "made_at": "2026-01-01T10:00:00+00:00",
            "by": "administrator",
            "listeners": 3,
            "ratings": 45,
        }
        save_fact(
            reports / str(number),
            "version.json",
            {**version, "simulated": False, "data": "ab12", "notes": []},
        )
        (reports / str(number) / "mos.csv").write_text(f"condition,mos\nlmac-td,{60 + number}.5\n")
    yield served
    close_studio(served)


@pytest.fixture(scope="module")
def address(lab: ManyStudies) -> Iterator[str]:
    with served(lab) as address:
        yield address


@pytest.fixture(scope="module")
def tab(browser: Any, lab: ManyStudies, address: str) -> Iterator[Any]:
    """A tab of the administrator, who has made two studies by keyboard; errors in it fail the tests."""
    problems: list[str] = []
    context = browser.new_context(viewport=SIZES["wide"], reduced_motion="reduce")
    tab = context.new_page()
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    tab.goto(f"{address}/login")
    token = accounts.ensure_first_account(studio_of(lab).store)
    tab.wait_for_function("document.activeElement.matches('input')")  # the page gives the focus to its field
    tab.keyboard.type(str(token))
    tab.keyboard.press("Enter")
    for title in ("Empty", "Draft"):
        tab.wait_for_selector("h1:has-text('Studies')")
        tab.locator("input[name=title]").focus()
        tab.keyboard.type(title)
        tab.keyboard.press("Enter")
        tab.wait_for_selector("h1:has-text('Make')")
        tab.goto(address)
    draft = studio_of(lab).studies.draft("draft")
    store_sounds([send("a.zip", archive(sounds()))], draft / SOUNDS_NAME)
    save_fact(draft, UPLOAD_NAME, {"name": "one", "left_out": ["notes.txt"]})
    ask(lab, 2)
    yield tab
    context.close()
    assert problems == []


def ask(lab: ManyStudies, count: int) -> None:
    """Give the draft so many questions."""
    asked = [{"type": "text", "name": f"q{n}", "label": f"Question {n}"} for n in range(1, count + 1)]
    with studio_of(lab).store.write() as connection:
        choices = {"title": "Draft", "test_id": "draft", "questionnaire": asked}
        change_study(connection, "draft", choices=json.dumps(choices))


def visit(lab: ManyStudies, tab: Any, address: str, screen: str) -> None:
    with lab.use("codecs") as server, server.database.read() as connection:
        uuid = connection.exec_driver_sql("SELECT uuid FROM sessions WHERE id = 1").scalar()
    tab.goto(address + screen.format(uuid=uuid))


def test_axe_finds_nothing(lab: ManyStudies, tab: Any, address: str) -> None:
    axe = load_axe()
    found: dict[str, list[str]] = {}
    for screen in SCREENS:
        visit(lab, tab, address, screen)
        # Of each scheme the second size is asked for the contrast of what looks unlike the first.
        for scheme, name, rules in (
            ("light", "wide", None),
            ("light", "phone", []),
            ("dark", "phone", OF_STYLE),
            ("dark", "wide", []),
        ):
            tab.emulate_media(color_scheme=scheme)
            tab.set_viewport_size(SIZES[name])
            tab.evaluate(FADED)
            other = tab.evaluate(LOOKS)
            wrong = complaints(tab, axe, rules) if rules != [] else []
            if rules == [] and other:
                wrong = complaints(tab, axe, ["color-contrast"], "[data-other]")
            if tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                wrong.append("wider than the window")
            if wrong:
                found[f"{screen}, {scheme}, {name}"] = wrong
    tab.emulate_media(color_scheme="light")
    tab.set_viewport_size(SIZES["wide"])
    assert found == {}


def test_every_screen_is_walked_by_keyboard(lab: ManyStudies, tab: Any, address: str) -> None:
    found: dict[str, list[str]] = {}
    for screen in SCREENS:
        visit(lab, tab, address, screen)
        wanted = tab.evaluate(REACHABLE)
        tab.evaluate("document.activeElement.blur()")
        reached = []
        for _ in wanted:
            tab.keyboard.press("Tab")
            place, text, wrong = tab.evaluate(FOCUSED)
            while reached and place == reached[-1]:  # a date has several parts
                tab.keyboard.press("Tab")
                place, text, wrong = tab.evaluate(FOCUSED)
            reached.append(place)
            if wrong:
                found.setdefault(screen, []).append(f"{text}: {', '.join(wrong)}")
        if reached != wanted:
            found.setdefault(screen, []).append(f"reached {reached} of {wanted}")
    assert found == {}


def test_a_study_is_changed_by_keyboard(lab: ManyStudies, tab: Any, address: str) -> None:
    """A question is added and moved up, a choice is changed, the plan follows, and the choices are saved."""
    ask(lab, QUESTIONS - 1)
    visit(lab, tab, address, "/studies/draft/make")
    before = tab.locator("#plan").inner_text()
    tab.locator("#field-test").focus()
    tab.keyboard.type("abx")
    tab.wait_for_function("(before) => document.querySelector('#plan').innerText !== before", arg=before)
    tab.get_by_role("button", name="Add a question").focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**#questions")
    tab.get_by_role("button", name=f"Move question {QUESTIONS} up").focus()
    tab.keyboard.press("Space")
    above = f"document.querySelector('[name=q-{QUESTIONS - 2}-name]').value === 'question{QUESTIONS}'"
    tab.wait_for_function(above)
    assert tab.locator("#field-test").input_value() == "abx"

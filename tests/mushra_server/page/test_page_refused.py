"""What the server refuses, and what it misses at the end, is shown again with the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeStudy = Callable[..., Path]
Serve = Callable[..., str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow


REFUSALS = {
    "closed": (403, "This study is closed"),
    "full": (403, "This study is full"),
    "already": (403, "You have already taken part"),
    "placeholder": (400, "This link is incomplete"),
    "too_many_sessions": (429, "Please try again later"),
}


def test_refusals_are_explained(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page("about:blank", expect_errors=True)
    address = serve(make_study([pages["generic"], pages["finish"]]))
    refusal: dict[str, Any] = {}
    someone.tab.route("**/api/session", lambda route: route.fulfill(**refusal))
    for reason, (status, title) in REFUSALS.items():
        refusal |= {"status": status, "json": {"error": "the id p07 is not new", "reason": reason}}
        someone.tab.goto(f"{address}/?reason={reason}")
        someone.tab.get_by_role("heading", name=title).wait_for()
        detail = [] if reason in ("closed", "full") else ["The id p07 is not new."]
        assert someone.tab.locator(".detail[lang=en]").all_text_contents() == detail


PAUSES = """async () => {
  const { retry } = await import("./static/page/retry.js");
  const { setTimeout: wait } = window;
  const pauses = [];
  window.setTimeout = (go, pause) => { pauses.push(pause); return wait(go, 0); };
  const attempts = () => { let left = 3; return async () => (left-- > 0 ? null : true); };
  await Promise.all([retry(attempts()), retry(attempts())]);
  window.setTimeout = wait;
  return [pauses.filter((_, at) => at % 2 === 0), pauses.filter((_, at) => at % 2 === 1)];
}"""


def test_a_start_that_a_busy_server_refuses_goes_on_by_itself_not_all_at_one_moment(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page("about:blank", expect_errors=True)
    answers: list[int] = []

    def be_busy_once(route: Any) -> None:
        answers.append(len(answers))
        if len(answers) > 1:
            route.continue_()
        else:
            route.fulfill(status=503, headers={"Retry-After": "1"}, json={"error": "the server is busy"})

    someone.tab.route("**/api/session", be_busy_once)
    someone.tab.goto(serve(make_study([pages["generic"], pages["finish"]])))
    assert someone.at(1) == "generic"
    one, other = someone.tab.evaluate(PAUSES)
    assert one != other
    for pause, expected in zip(one + other, [1000, 2000, 4000] * 2, strict=True):
        assert 0.75 * expected <= pause <= 1.25 * expected


def test_refused_page_is_shown_again_with_the_reason(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(
        serve(make_study([pages["consent"], pages["generic"], pages["finish"]])), expect_errors=True
    )
    someone.at(1)
    someone.tab.route(
        "**/api/session/pages/0", lambda route: route.fulfill(status=400, json={"error": "the box is blue"})
    )
    someone.agree()
    someone.tab.get_by_text("(the box is blue)").wait_for()
    assert someone.at(1) == "consent"


def test_page_that_is_missing_at_the_end_is_shown_again(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study(
        [pages["mushra"], pages["generic"], pages["finish"]], must_listen=False, must_rate=False
    )
    someone = open_page(serve(study), expect_errors=True)
    someone.at(1)
    # A proxy that answers in the server's place: the page believes that its answer was stored.
    someone.tab.route("**/api/session/pages/0", lambda route: route.fulfill(json={"saved": 0, "position": 1}))
    someone.next.click()
    someone.at(2)
    someone.tab.unroute_all()
    someone.next.click()
    someone.at(3)
    someone.answer_questions("50")
    someone.tab.get_by_text("This page has not been stored yet.").wait_for()
    assert someone.at(1) == "mushra"


def test_consent_that_was_lost_is_asked_for_before_anything_else_is_stored(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([pages["consent"], pages["generic"], pages["finish"]])
    someone = open_page(serve(study), expect_errors=True)
    someone.at(1)
    someone.tab.route("**/api/session/pages/0", lambda route: route.fulfill(json={"saved": 0, "position": 1}))
    someone.agree()
    someone.at(2)
    someone.tab.unroute_all()
    someone.next.click()
    someone.tab.get_by_text("consent (page 0) is needed first").wait_for()
    assert someone.at(1) == "consent"
    for number in (2, 3):
        someone.next.click()
        someone.at(number)
    someone.answer_questions("50")
    someone.tab.get_by_text("Stored. Thank you.").wait_for()
    assert {"consent": "true", "age": "50"}.items() <= pages["answers"](study).items()


def test_why_a_page_was_refused_stays_while_its_sounds_load(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([pages["mushra"], pages["finish"]], must_listen=False, must_rate=False)
    someone = open_page(serve(study), expect_errors=True)
    someone.at(1)
    someone.tab.route(
        "**/api/session/pages/0", lambda route: route.fulfill(status=400, json={"error": "the box is blue"})
    )
    someone.next.click()
    someone.tab.get_by_text("(the box is blue)").wait_for()
    someone.at(1)
    someone.tab.locator(".lane").first.wait_for()
    assert (
        someone.hint.text_content()
        == "This page was not accepted. Please check it and continue. (the box is blue)"
    )

"""What a participant has answered is neither lost nor sent twice: reloads, lines that break, refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeStudy = Callable[..., Path]


Serve = Callable[[Path], str]


OpenPage = Callable[..., Any]


slow = pytest.mark.slow
STIMULI_OF_PAGE_2 = """
fetch('api/session').then((answer) => answer.json()).then((state) => JSON.stringify(state.pages[1].stimuli))
"""


@slow
def test_reload_resumes_with_the_same_scores(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(serve(make_study([pages["generic"], pages["mushra"], pages["finish"]])))
    someone.at(1)
    someone.next.click()
    someone.at(2)
    order = someone.tab.evaluate(STIMULI_OF_PAGE_2)
    someone.rate_by_mouse(0.25, 0.5, 0.75)
    scores = someone.scores()
    someone.tab.get_by_label("Comment on Sound 3 (optional)").fill("dull")
    someone.tab.reload()  # at once: the draft goes out while the page is left
    assert someone.at(2) == "mushra"
    assert someone.scores() == scores
    someone.press("3")
    assert someone.tab.get_by_label("Comment on Sound 3 (optional)").input_value() == "dull"
    again = someone.tab.evaluate(STIMULI_OF_PAGE_2)
    assert again == order


@slow
def test_resume_link_continues_in_another_browser(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(serve(make_study([pages["generic"], pages["mushra"], pages["finish"]])))
    someone.at(1)
    someone.next.click()
    someone.at(2)
    with someone.tab.expect_response(
        lambda answer: (
            answer.url.endswith("/draft")
            and any(rating["score"] is not None for rating in answer.request.post_data_json["ratings"])
        )
    ):
        someone.rate_by_mouse(0.6)
    someone.tab.get_by_role("button", name="Help").click()
    link = someone.tab.get_by_label("To continue on another device").input_value()
    elsewhere = open_page(link)
    assert elsewhere.at(2) == "mushra"
    assert elsewhere.scores() == someone.scores()


@slow
def test_offline_answers_wait_and_arrive(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study(
        [pages["consent"], pages["generic"], {**pages["generic"], "id": "more"}, pages["finish"]]
    )
    someone = open_page(serve(study), expect_errors=True)
    someone.at(1)
    someone.tab.context.set_offline(True)
    someone.tab.get_by_role("checkbox").check()
    someone.next.click()
    someone.at(2)
    someone.next.click()
    someone.at(3)
    notice = someone.tab.locator(".connection")
    notice.get_by_text(
        "No connection. Your answers are kept on this device and sent later (2 waiting)."
    ).wait_for()
    someone.next.click()
    someone.at(4)
    someone.tab.get_by_label("Your age").fill("50")
    someone.tab.get_by_label("Headphones").check()
    someone.next.click()
    someone.tab.get_by_text("Please keep this page open").wait_for()
    someone.tab.wait_for_timeout(500)
    assert someone.tab.get_by_text("Stored. Thank you.").count() == 0
    assert pages["stored"](study, "export_answers") == []
    someone.tab.context.set_offline(False)
    someone.tab.get_by_text("Stored. Thank you.").wait_for()
    answers = {row["name"]: row["value"] for row in pages["stored"](study, "export_answers")}
    assert {"consent": "true", "age": "50", "device": "headphones"}.items() <= answers.items()


@slow
def test_failing_server_gets_the_same_attempt_again(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([pages["consent"], pages["generic"], pages["finish"]])
    someone = open_page(serve(study), expect_errors=True)
    someone.at(1)
    attempts: list[Any] = []

    def fail_twice(route: Any) -> None:
        attempts.append(route.request.post_data_json["attempt"])
        if len(attempts) == 1:
            route.fulfill(status=503, json={"error": "busy"})
        elif len(attempts) == 2:
            route.fetch()  # stored, but the answer is lost on its way
            route.abort()
        else:
            route.continue_()

    someone.tab.route("**/api/session/pages/0", fail_twice)
    someone.tab.get_by_role("checkbox").check()
    someone.next.click()
    someone.at(2)
    with someone.tab.expect_response(lambda answer: answer.url.endswith("/pages/0") and answer.status == 200):
        pass
    assert len(attempts) == 3 and len(set(attempts)) == 1
    consents = [row for row in pages["stored"](study, "export_answers") if row["name"] == "consent"]
    assert len(consents) == 1


@slow
def test_unsent_pages_survive_a_reload_and_leaving_is_questioned(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([pages["consent"], pages["generic"], pages["finish"]])
    someone = open_page(serve(study), expect_errors=True)
    someone.at(1)
    someone.tab.route("**/api/session/pages/**", lambda route: route.abort())
    asked: list[str] = []
    someone.tab.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    someone.tab.get_by_role("checkbox").check()
    someone.tab.reload()  # a draft alone is no reason to ask
    someone.at(1)
    assert asked == [] and someone.tab.get_by_role("checkbox").is_checked()
    someone.next.click()
    someone.at(2)
    someone.tab.reload()
    assert asked == ["beforeunload"]
    someone.at(2)
    assert pages["stored"](study, "export_answers") == []
    someone.tab.unroute_all()
    with someone.tab.expect_response(lambda answer: answer.url.endswith("/pages/0") and answer.status == 200):
        pass
    assert {"consent": "true"}.items() <= {
        row["name"]: row["value"] for row in pages["stored"](study, "export_answers")
    }.items()


@slow
def test_going_back_keeps_answers_and_a_change_is_sent_again(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study(
        [
            {**pages["finish"], "type": "consent", "id": "c", "content": "", "mustConsent": False},
            pages["mushra"],
            pages["finish"],
        ]
    )
    someone = open_page(serve(study))
    someone.at(1)
    someone.next.click()
    someone.at(2)
    someone.rate_by_mouse(0.5, 0.5)
    scores = someone.scores()
    someone.tab.get_by_role("button", name="Back").click()
    someone.at(1)
    someone.tab.get_by_role("checkbox").check()
    someone.next.click()
    someone.at(2)
    assert someone.scores() == scores

    def consents() -> list[str]:
        rows = pages["stored"](study, "export_answers")
        return [row["value"] for row in rows if row["name"] == "consent"]

    assert pages["eventually"](consents, lambda found: found == ["true"]) == ["true"]


@slow
def test_page_that_is_missing_at_the_end_is_shown_again(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([pages["consent"], pages["generic"], pages["finish"]])
    someone = open_page(serve(study), expect_errors=True)
    someone.at(1)
    # A proxy that answers in the server's place: the page believes that its answer was stored.
    someone.tab.route("**/api/session/pages/0", lambda route: route.fulfill(json={"saved": 0, "position": 1}))
    someone.tab.get_by_role("checkbox").check()
    someone.next.click()
    someone.at(2)
    someone.tab.unroute_all()
    someone.next.click()
    someone.at(3)
    someone.tab.get_by_label("Your age").fill("50")
    someone.tab.get_by_label("Headphones").check()
    someone.next.click()
    someone.tab.get_by_text("This page was not stored yet.").wait_for()
    assert someone.at(1) == "consent"
    for number in (2, 3):
        someone.next.click()
        someone.at(number)
    someone.next.click()
    someone.tab.get_by_text("Stored. Thank you.").wait_for()
    answers = {row["name"]: row["value"] for row in pages["stored"](study, "export_answers")}
    assert {"consent": "true", "age": "50"}.items() <= answers.items()


@slow
def test_no_way_back_where_the_study_forbids_it(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(
        serve(make_study([pages["generic"], pages["mushra"], pages["finish"]], previous=False))
    )
    someone.at(1)
    someone.next.click()
    someone.at(2)
    assert not someone.tab.get_by_role("button", name="Back").is_visible()


@pytest.mark.parametrize(
    ("reason", "title"),
    [
        ("closed", "This study is closed"),
        ("full", "This study is full"),
        ("already", "You have already taken part"),
    ],
)
@slow
def test_refusals_are_explained(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any], reason: str, title: str
) -> None:
    address = serve(make_study([pages["generic"], pages["finish"]]))
    someone = open_page("about:blank", expect_errors=True)
    someone.tab.route(
        "**/api/session", lambda route: route.fulfill(status=403, json={"error": "no", "reason": reason})
    )
    someone.tab.goto(address)
    someone.tab.get_by_role("heading", name=title).wait_for()


@slow
def test_server_that_is_away_at_the_start_is_tried_again(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    address = serve(make_study([pages["generic"], pages["finish"]]))
    someone = open_page("about:blank", expect_errors=True)
    calls = iter([True, False])
    someone.tab.route("**/api/session", lambda route: route.abort() if next(calls) else route.continue_())
    someone.tab.goto(address)
    someone.tab.get_by_text("The server does not answer.").wait_for()
    assert someone.at(1) == "generic"


@slow
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
    someone.tab.get_by_role("checkbox").check()
    someone.next.click()
    someone.tab.get_by_text("(the box is blue)").wait_for()
    assert someone.at(1) == "consent"


@slow
def test_session_is_not_finished_while_a_page_is_on_its_way(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(serve(make_study([pages["generic"], pages["finish"]])), expect_errors=True)
    someone.at(1)
    someone.next.click()
    someone.at(2)
    finishes: list[str] = []
    someone.tab.on(
        "request", lambda request: finishes.append(request.url) if request.url.endswith("/finish") else None
    )
    someone.tab.route("**/api/session/pages/1", lambda route: route.fulfill(status=502, body="<html>"))
    someone.tab.get_by_label("Your age").fill("50")
    someone.tab.get_by_label("Headphones").check()
    someone.next.click()
    someone.tab.wait_for_timeout(2500)
    assert finishes == []
    someone.tab.unroute_all()
    someone.tab.get_by_text("Stored. Thank you.").wait_for()
    assert len(finishes) == 1

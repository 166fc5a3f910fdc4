"""A line that breaks and a server that fails: answers wait on the device and arrive once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeStudy = Callable[..., Path]
Serve = Callable[..., str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow


def test_server_that_is_away_at_the_start_is_tried_again(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    address = serve(make_study([pages["generic"], pages["finish"]]))
    someone = open_page("about:blank", expect_errors=True)
    calls = iter([True, False])
    someone.tab.route("**/api/session", lambda route: route.abort() if next(calls) else route.continue_())
    someone.tab.goto(address)
    someone.tab.get_by_text("The server is not responding.").wait_for()
    assert someone.at(1) == "generic"


def test_offline_answers_wait_and_arrive(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study(
        [pages["consent"], pages["generic"], {**pages["generic"], "id": "more"}, pages["finish"]]
    )
    someone = open_page(serve(study), expect_errors=True)
    someone.at(1)
    someone.tab.context.set_offline(True)
    someone.agree()
    someone.at(2)
    someone.next.click()
    someone.at(3)
    notice = someone.tab.locator(".connection")
    notice.get_by_text(
        "No connection. Your answers are kept on this device and will be sent later (2 waiting)."
    ).wait_for()
    someone.next.click()
    someone.at(4)
    someone.answer_questions("50")
    someone.tab.get_by_text("Please keep this page open").wait_for()
    with someone.tab.expect_event("requestfailed"):  # it is tried again, in vain
        pass
    assert someone.tab.get_by_text("Stored. Thank you.").count() == 0
    assert pages["answers"](study) == {}
    someone.tab.context.set_offline(False)
    someone.tab.get_by_text("Stored. Thank you.").wait_for()
    assert {"consent": "true", "age": "50", "device": "headphones"}.items() <= pages["answers"](study).items()


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
    someone.agree()
    someone.at(2)
    with someone.tab.expect_response(lambda answer: answer.url.endswith("/pages/0") and answer.status == 200):
        pass
    assert len(attempts) == 3 and len(set(attempts)) == 1
    assert pages["answers"](study)["consent"] == "true"


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
    assert pages["answers"](study) == {}
    someone.tab.unroute_all()
    with someone.tab.expect_response(lambda answer: answer.url.endswith("/pages/0") and answer.status == 200):
        pass
    assert pages["answers"](study)["consent"] == "true"


def test_session_is_not_finished_while_a_page_is_on_its_way(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(serve(make_study([pages["generic"], pages["finish"]])), expect_errors=True)
    someone.go_to(2)
    finishes: list[str] = []
    someone.tab.on(
        "request", lambda request: finishes.append(request.url) if request.url.endswith("/finish") else None
    )
    someone.tab.route("**/api/session/pages/1", lambda route: route.fulfill(status=502, body="<html>"))
    someone.answer_questions("50")
    for _ in range(2):  # it was tried, and tried again
        with someone.tab.expect_response("**/api/session/pages/1"):
            pass
    assert finishes == []
    someone.tab.unroute_all()
    someone.tab.get_by_text("Stored. Thank you.").wait_for()
    assert len(finishes) == 1

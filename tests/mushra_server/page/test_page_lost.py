"""A session that the browser loses, to another tab, a cookie or a proxy, keeps its answers to itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeStudy = Callable[..., Path]
Serve = Callable[..., str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow

TITLE = "Another session was opened in this browser"


def open_beside(someone: Any, address: str) -> Any:
    """Open an address in another tab of the same browser, and come back."""
    other = someone.tab.context.new_page()
    other.goto(address)
    other.wait_for_selector(".foot .primary:not([disabled])")
    someone.tab.bring_to_front()
    return other


def test_two_participants_in_two_tabs_do_not_mix(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([pages["mushra"], pages["finish"]], order="random", must_listen=False)
    address = serve(study)
    first = open_page(f"{address}/?participant=p07", expect_errors=True)
    first.at(1)
    first.tab.route("**/draft", lambda route: route.abort())  # a draft would tell before the page itself does
    first.rate_by_mouse(0.1, 0.3, 0.5, 0.7, 0.9)
    scores = first.scores()
    open_beside(first, f"{address}/?participant=p08")
    first.next.click()
    first.tab.get_by_role("heading", name=TITLE).wait_for()
    assert first.tab.get_by_text("Your answers are kept on this device").is_visible()
    assert first.tab.get_by_role("alert").count() == 1
    assert pages["stored"](study) == []
    first.tab.get_by_role("link", name="Continue this session").click()
    first.at(2)
    rows = pages["eventually"](lambda: pages["stored"](study), bool)
    assert {row["listener"] for row in rows} == {"p07"}
    placed = sorted(rows, key=lambda row: row["condition_position"])
    assert [row["score"] for row in placed] == [float(score) for score in scores]


def test_another_session_is_named_in_the_studys_language(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    """Here in one of its languages; what is said in the others, test_page_texts.py knows."""
    study = make_study([pages["consent"], pages["generic"], pages["finish"]], language="de")
    address = serve(study)
    first = open_page(f"{address}/?participant=p07", expect_errors=True)
    first.at_any_language()
    open_beside(first, f"{address}/?participant=p08")
    first.agree()
    first.tab.get_by_role("heading", name="In diesem Browser wurde eine andere Sitzung geöffnet").wait_for()
    assert "consent" not in pages["answers"](study)


def test_a_draft_tells_too_and_is_kept(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([pages["mushra"], pages["finish"]])
    address = serve(study)
    first = open_page(f"{address}/?participant=p07", expect_errors=True)
    first.at(1)
    open_beside(first, f"{address}/?participant=p08")
    drafts: list[Any] = []  # kept back until both sounds are rated, however long that takes
    first.tab.route("**/api/session/pages/**", lambda route: drafts.append(route))
    first.rate_by_mouse(0.3, 0.7)
    scores = first.scores()
    first.tab.unroute("**/api/session/pages/**")
    for draft in drafts:
        draft.continue_()
    first.tab.get_by_role("heading", name=TITLE).wait_for()
    first.tab.goto(f"{address}/?participant=p07")  # its own link leads back to it, too
    first.at(1)
    assert first.scores() == scores


STORED = """async (texts) => {
  const { Outbox } = await import("./static/page/outbox.js");
  const pages = [{ id: "own" }, { id: "next" }];
  const on = { change() {}, refused() {}, lost() {} };
  return texts.map(([outbox, draft]) => {
    localStorage.setItem("listenable.outbox.own", outbox);
    localStorage.setItem("listenable.draft.own", draft);
    const found = new Outbox(pages, on);
    return [found.unsent, [...found.held(pages).keys()]];
  });
}"""

TABS = """async () => {
  const { Outbox } = await import("./static/page/outbox.js");
  const pages = [{ id: "one" }, { id: "two" }, { id: "three" }];
  const on = { change() {}, refused() {}, lost() {} };
  const answer = (attempt) => ({ attempt, time_ms: 1, ratings: [], answers: {} });
  const waiting = () => JSON.parse(localStorage.getItem("listenable.outbox.one")).map((entry) => entry.id);
  const [first, second] = [new Outbox(pages, on), new Outbox(pages, on)];
  first.add(0, "one", answer("a"));
  second.add(1, "two", answer("b"));
  first.add(2, "three", answer("c"));
  return waiting();
}"""


def test_what_others_write_on_the_device_spoils_no_session(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(serve(make_study([pages["generic"], pages["finish"]])))
    someone.at(1)
    own, foreign = '{"index": 0, "id": "own", "answer": {}}', '{"index": 1, "id": "other", "answer": {}}'
    beyond = '{"index": 99, "id": "own", "answer": {}}'
    texts = [
        "5",
        "{}",
        '"abc"',
        "[null]",
        "[5]",
        f"[{foreign}]",
        f"[{beyond}]",
        "{",
        '[{"index": 0, "id": "own"}]',
    ]
    assert someone.tab.evaluate(STORED, [[text, text] for text in texts]) == [[0, []]] * len(texts)
    assert someone.tab.evaluate(STORED, [[f"[5, {own}, {foreign}]", own]]) == [[1, [0]]]
    someone.tab.evaluate("for (const key of Object.keys(localStorage)) localStorage.setItem(key, '5')")
    someone.tab.context.clear_cookies()
    someone.tab.reload()  # not even the name of the start is one
    someone.at(1)


def test_two_tabs_of_a_session_keep_each_others_pages_on_the_device(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(serve(make_study([pages["generic"], pages["finish"]])), expect_errors=True)
    someone.at(1)
    someone.tab.route("**/api/session/pages/**", lambda route: route.abort())
    assert someone.tab.evaluate(TABS) == ["one", "two", "three"]


def test_a_session_that_was_finished_in_another_tab_ends_here_too(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    ends = [pages["generic"], {**pages["generic"], "id": "end"}]
    address = serve(make_study(ends, completion={"code": "C0FFEE"}))
    first = open_page(address, expect_errors=True)
    first.at(1)
    second = type(first)(open_beside(first, address))
    for number in (1, 2):
        second.at(number)
        second.next.click()
    second.tab.get_by_text("C0FFEE").wait_for()
    first.next.click()
    first.tab.get_by_text("C0FFEE").wait_for()


def test_queued_pages_outlast_a_lost_cookie(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([pages["consent"], pages["generic"], pages["finish"]])
    someone = open_page(serve(study), expect_errors=True)
    someone.at(1)
    someone.tab.route("**/api/session/pages/**", lambda route: route.abort())
    someone.agree()
    someone.at(2)
    someone.tab.context.clear_cookies()
    someone.tab.unroute_all()
    someone.tab.get_by_text("Your session was not found").wait_for()
    assert someone.tab.get_by_text("No session: open the study's page first.").is_visible()
    assert "consent" not in pages["answers"](study)
    someone.tab.get_by_role("link", name="Continue this session").click()
    someone.at(2)
    found = pages["eventually"](lambda: pages["answers"](study), bool)
    assert found["consent"] == "true"


def test_what_a_proxy_answers_removes_nothing_from_the_device(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([pages["consent"], pages["generic"], pages["finish"]])
    someone = open_page(serve(study), expect_errors=True)
    someone.at(1)
    answers, given = [404, 405], list[int]()

    def block(route: Any) -> None:
        given.append(answers[min(len(given), len(answers) - 1)])
        route.fulfill(status=given[-1], body="<html>blocked</html>")

    someone.tab.route("**/api/session/pages/0", block)
    someone.agree()
    someone.tab.locator(".connection").get_by_text("Your answers are kept on this device").wait_for()
    answers.append(403)
    someone.tab.get_by_text("Your session was not found").wait_for()
    assert sorted(set(given)) == [403, 404, 405], "what others say is no refusal: the page was sent again"
    someone.tab.unroute_all()
    someone.tab.on("dialog", lambda dialog: dialog.accept())
    someone.tab.reload()
    someone.at(2)
    found = pages["eventually"](lambda: pages["answers"](study), bool)
    assert found["consent"] == "true"


def test_a_change_after_going_back_is_shown_first_and_stored(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([pages["mushra"], pages["generic"], pages["finish"]], must_listen=False)
    someone = open_page(serve(study))
    someone.at(1)
    someone.rate_by_mouse(*[0.1] * 5)
    someone.next.click()
    someone.at(2)
    someone.tab.get_by_role("button", name="Back").click()
    someone.at(1)
    someone.rate_by_mouse(*[0.9] * 5)
    someone.tab.reload()
    assert someone.at(1) == "mushra"
    assert someone.scores() == ["90"] * 5
    someone.next.click()
    assert someone.at(2) == "generic"

    def scores() -> set[float]:
        return {row["score"] for row in pages["stored"](study)}

    assert pages["eventually"](scores, lambda found: found == {90.0}) == {90.0}


def test_a_start_whose_answer_is_lost_is_no_second_entry(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([pages["generic"], pages["finish"]])
    address = serve(study, one_entry=True)
    someone = open_page("about:blank", expect_errors=True)
    calls: list[str] = []

    def lose_the_first(route: Any) -> None:
        calls.append(route.request.post_data_json["nonce"])
        if len(calls) > 1:
            route.continue_()
            return
        route.fetch(headers={**route.request.headers, "cookie": ""})  # it has arrived
        someone.tab.context.clear_cookies()
        route.abort()

    someone.tab.route("**/api/session", lose_the_first)
    someone.tab.goto(f"{address}/?PROLIFIC_PID=p1")
    assert someone.at(1) == "generic"
    assert len(calls) == 2 and len(set(calls)) == 1
    elsewhere = open_page(f"{address}/?PROLIFIC_PID=p1", expect_errors=True)
    elsewhere.tab.get_by_role("heading", name="You have already taken part").wait_for()
    hint = "The id p1 has taken part already; to continue an unfinished session, open its resume link."
    assert elsewhere.tab.get_by_text(hint).is_visible()


def test_a_start_is_found_again_after_a_reload_where_nothing_can_be_stored(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    study = make_study([{**pages["generic"], "id": "only"}])
    someone = open_page("about:blank", expect_errors=True)
    forbidden = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })"
    someone.tab.add_init_script(forbidden)
    answered: list[Any] = []

    def lose(route: Any) -> None:
        answer = route.fetch(headers={**route.request.headers, "cookie": ""}).json()
        someone.tab.context.clear_cookies()
        route.abort()
        answered.append(answer)

    someone.tab.route("**/api/session", lose)
    someone.tab.goto(f"{serve(study, one_entry=True)}/?PROLIFIC_PID=p1")
    assert pages["eventually"](lambda: someone.tab.wait_for_timeout(20) or len(answered), bool)
    someone.tab.unroute_all(behavior="ignoreErrors")  # the page may have asked again meanwhile
    someone.tab.reload()
    assert someone.at(1) == "generic"
    someone.next.click()
    someone.tab.wait_for_selector(".done-mark")
    assert someone.tab.evaluate("history.state") is None, "whoever comes next starts another session"


def test_a_finished_session_makes_room_for_the_next(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(serve(make_study([pages["generic"], {**pages["generic"], "id": "end"}])))
    for number in (1, 2):
        someone.at(number)
        someone.next.click()
    someone.tab.get_by_role("link", name="Start for the next participant on this device").click()
    assert someone.at(1) == "generic"

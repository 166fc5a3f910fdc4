"""Who comes back, or goes back, finds what was answered: reloads, the resume link, earlier pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeStudy = Callable[..., Path]
Serve = Callable[..., str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow

STIMULI_OF_PAGE_2 = """
fetch('api/session').then((answer) => answer.json()).then((state) => JSON.stringify(state.pages[1].stimuli))
"""


def test_reload_resumes_with_the_same_scores(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(serve(make_study([pages["generic"], pages["mushra"], pages["finish"]])))
    someone.go_to(2)
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


def test_resume_link_continues_in_another_browser(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(serve(make_study([pages["generic"], pages["mushra"], pages["finish"]])))
    someone.go_to(2)
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
    someone.go_to(2)
    someone.rate_by_mouse(0.5, 0.5)
    scores = someone.scores()
    someone.tab.get_by_role("button", name="Back").click()
    someone.at(1)
    someone.agree()
    someone.at(2)
    assert someone.scores() == scores

    def consent() -> str | None:
        answer: str | None = pages["answers"](study).get("consent")
        return answer

    assert pages["eventually"](consent, lambda found: found == "true") == "true"


def test_no_way_back_where_the_study_forbids_it(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    someone = open_page(
        serve(make_study([pages["generic"], pages["mushra"], pages["finish"]], previous=False))
    )
    someone.go_to(2)
    assert not someone.tab.get_by_role("button", name="Back").is_visible()

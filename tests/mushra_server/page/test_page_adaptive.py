"""An adaptive test in the browser: pages come one by one, after a reload and with a second tab, too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def answer(someone: Any) -> None:
    someone.tab.get_by_label("X is A").check()
    someone.next.click()


def test_pages_come_with_the_answers(
    make_study: Callable[..., Path],
    serve: Callable[..., str],
    open_page: Callable[..., Any],
    pages: dict[str, Any],
) -> None:
    sounds = pages["abx"]["stimuli"]
    levels = [
        {
            **pages["abx"],
            "id": f"item.{name}",
            "stimuli": {name: sounds["kestrel"], "lapwing": sounds["lapwing"]},
        }
        for name in ("plover", "kestrel", "anchor35")
    ]
    trials = {page["id"]: {"item": "item", "test": "abx"} for page in levels}
    study = make_study(
        [["random", *levels], pages["finish"]],
        trials=trials,
        tests=["abx"],
        adaptive="1-down-1-up",
        must_listen=False,
    )
    someone = open_page(serve(study), expect_errors=True)
    someone.at(1)
    assert someone.next.text_content() == "Next"
    assert someone.tab.locator(".progress-text").text_content() == "Page 1"
    assert someone.tab.locator("progress").is_hidden()
    other = someone.tab.context.new_page()
    other.goto(someone.tab.url)
    other.wait_for_selector(".progress-text[data-page='1']")
    other.route(
        "**/finish.js*", lambda route: route.abort()
    )  # what the last page needs is there from the start
    answer(someone)
    someone.at(2)
    someone.tab.reload()
    someone.at(2)
    # The other tab still shows the first page: its answer comes too late, and it goes on where this one is.
    late = type(someone)(other)
    failures: list[str] = []
    other.on("pageerror", lambda error: failures.append(str(error)))
    held: list[Any] = []
    other.route("**/api/session", lambda route: held.append(route))
    answer(late)
    assert pages["eventually"](lambda: other.wait_for_timeout(20) or held, bool)
    late.next.click(force=True)  # while the next pages are on their way
    other.get_by_label("X is B").check(force=True)
    other.unroute("**/api/session")
    for route in held:
        route.continue_()
    late.at(2)
    assert failures == []
    for number in range(2, 80):
        answer(late)
        other.wait_for_selector(f".progress-text[data-page='{number + 1}'], article[data-type=finish]")
        if other.locator("article[data-type=finish]").count():
            break
        late.at(number + 1)
    stored = [row for row in pages["stored"](study) if row["attribute"] == "level"]
    assert len({row["trial_position"] for row in stored}) == number

"""Pages on which sounds are compared or chosen: by mouse, resumed, and as stored.

By keyboard and by finger: `test_page_every_test.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeStudy = Callable[..., Path]
Serve = Callable[..., str]
OpenPage = Callable[..., Any]

pytestmark = pytest.mark.slow

LOOPED_S = 0.52  # of which a loop takes all but a moment


def rows(pages: dict[str, Any], study: Path, kind: str) -> list[tuple[str, str, float]]:
    """Return condition, attribute and score of the rows of a kind of page, in order, once they are stored."""

    def read() -> list[dict[str, Any]]:
        return [row for row in pages["stored"](study) if row["page_type"] == kind]

    found = pages["eventually"](read, bool)
    found.sort(key=lambda row: (row["attribute"], row["condition_position"]))
    return [(row["condition"], row["attribute"], row["score"]) for row in found]


CHOSEN = "() => [...document.querySelectorAll(':checked')].map((radio) => radio.value)"


def go_on(someone: Any) -> None:
    """Load the page again, which shows it as it was, and press *Next*."""
    number = int(someone.tab.locator(".progress-text").get_attribute("data-page"))
    chosen = someone.tab.evaluate(CHOSEN)
    assert chosen != []
    someone.tab.reload()
    someone.at(number)
    assert someone.tab.evaluate(CHOSEN) == chosen
    assert someone.tab.locator(".sound-button").count() > 0
    assert someone.tab.locator(".sound-button:not(.heard)").count() == 0
    someone.next.click()


@pytest.mark.release
def test_whole_session_with_the_mouse_is_resumed_on_each_page(
    make_study: MakeStudy, serve: Serve, open_page: OpenPage, pages: dict[str, Any]
) -> None:
    kinds = ["ab", "abx", "ccr", "dcr", "best_worst", "p835"]
    study = make_study([*(pages[kind] for kind in kinds), pages["finish"]], seconds=LOOPED_S)
    someone = open_page(serve(study))
    tab = someone.tab
    assert someone.at(1) == "ab"
    someone.next.click()
    assert someone.hint.text_content() == "Still to hear: A, B"
    someone.hear_by_mouse()
    someone.next.click()
    assert someone.hint.text_content() == "Please choose one."
    tab.get_by_label("No preference").check()
    tab.get_by_label("B", exact=True).check()
    go_on(someone)
    assert someone.at(2) == "abx"
    assert tab.locator(".sound-name").all_text_contents() == ["A", "X", "B"]
    someone.hear_by_mouse()
    tab.get_by_label("X is A").check()
    go_on(someone)
    assert someone.at(3) == "ccr"
    assert tab.locator(".sound-button").nth(1).is_disabled()
    someone.hear_by_mouse()
    tab.get_by_label("Slightly better").check()
    go_on(someone)
    assert someone.at(4) == "dcr"
    someone.hear_by_mouse()
    begin, end = tab.locator("input.loop-time").all()
    end.fill("0.5")
    end.press("Enter")
    tab.locator(".sound-button").first.click()  # a part is looped in both sounds
    assert (begin.input_value(), end.input_value()) == ("0.00", "0.50")
    tab.get_by_label("Degradation is annoying").check()
    go_on(someone)
    assert someone.at(5) == "best_worst"
    someone.hear_by_mouse()
    best, worst = tab.locator("fieldset").all()
    best.get_by_label("2", exact=True).check()
    worst.get_by_label("2", exact=True).check()
    assert best.locator(":checked").count() == 0  # no sound is both
    someone.next.click()
    assert someone.hint.text_content() == "Please choose the best and the worst."
    best.get_by_label("4", exact=True).check()
    go_on(someone)
    assert someone.at(6) == "likert_single_stimulus"
    for n, (question, answer) in enumerate(
        [("only to the speech", "Poor"), ("only to the background", "Good"), ("overall quality", "Fair")]
    ):
        assert question in str(tab.locator("legend").text_content())
        assert tab.locator(".step").text_content() == f"Question {n + 1} of 3"
        someone.next.click()
        assert "Still to hear" in str(someone.hint.text_content())  # again before each question
        someone.hear_by_mouse()
        tab.get_by_label(answer).check()
        someone.next.click()
    assert someone.at(7) == "finish"
    someone.answer_questions("40")
    tab.get_by_text("Stored. Thank you.").wait_for()
    assert rows(pages, study, "ab") == [("kestrel", "preferred", 0), ("lapwing", "preferred", 1)]
    stored = rows(pages, study, "abx")
    assert [name for _, name, _ in stored] == ["correct", "correct", "x", "x"]
    was_a = stored[2][2]
    assert stored == [
        ("kestrel", "correct", was_a),
        ("lapwing", "correct", was_a),
        ("kestrel", "x", was_a),
        ("lapwing", "x", 1 - was_a),
    ]
    assert rows(pages, study, "ccr") == [("kestrel", "comparison", -1), ("lapwing", "comparison", 1)]
    assert rows(pages, study, "dcr") == [("kestrel", "score", 2)]
    assert [score for _, _, score in rows(pages, study, "best_worst")] == [0, -1, 0, 1]
    assert rows(pages, study, "likert_single_stimulus") == [
        ("kestrel", "bak", 4),
        ("kestrel", "ovrl", 3),
        ("kestrel", "sig", 2),
    ]
    assert all(row["listened_ms"] >= 480 for row in pages["stored"](study))


def test_a_browser_cannot_know_what_x_is(
    make_study: MakeStudy,
    make_app: Callable[..., Any],
    make_listener: Callable[[Any], Any],
    pages: dict[str, Any],
) -> None:
    """What the page asks for is all that it is told."""
    state = make_listener(make_app(make_study([pages["abx"], pages["finish"]]))).start().state
    page = state["pages"][0]
    addresses = [page["x"]["url"], *(one["url"] for one in page["stimuli"])]
    assert len(set(addresses)) == 3
    assert "kestrel" not in str(state) and "lapwing" not in str(state)

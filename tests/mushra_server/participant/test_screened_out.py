"""A failed headphone check ends the session with a completion code of its kind, if the study has one."""

from __future__ import annotations

from typing import Any

import pytest

from mushra_server.database import sessions
from mushra_server.database.summaries import load_participants
from study_builder.config.options import Completion, StudyOptions

COMPLETION = {"code": "DONE", "screened_out_code": "OUT", "screened_out_redirect": "https://example.org/out"}
OUT = {"code": "OUT", "redirect": "https://example.org/out", "screened_out": True}


def check(result: str, kind: str = "headphone_check") -> dict[str, Any]:
    answers = {kind: result, f"{kind}_correct": "2", f"{kind}_attempts": "2"}
    return {"attempt": "a1", "time_ms": 5000, "ratings": [], "answers": answers}


def find_check(listener: Any) -> int:
    return next(page["index"] for page in listener.state["pages"] if page["type"].endswith("_check"))


@pytest.mark.parametrize(
    ("kind", "options"),
    [("headphone_check", {"headphone_check": "antiphase"}), ("hearing_check", {"screens": ["hearing"]})],
)
def test_who_fails_is_thanked_at_once_with_another_code(
    make_app: Any, make_listener: Any, rows: Any, kind: str, options: dict[str, Any]
) -> None:
    app = make_app(completion=COMPLETION, quota=1, **options)
    listener = make_listener(app).start({"PROLIFIC_PID": "p1"})
    at = find_check(listener)
    assert listener.state["pages"][at]["screens_out"] is True
    assert listener.put(at, check("failed", kind)).status_code == 200
    for _ in range(2):
        assert listener.finish().json == {"finished": True, "completion": OUT}
    listener.start()
    assert (listener.state["finished"], listener.state["completion"]) == (True, OUT)
    stored = rows(app, "SELECT finished_at, excluded_at, exclusion_reason FROM sessions")[0]
    assert stored["finished_at"] is None and stored["excluded_at"] is not None
    assert stored["exclusion_reason"] == f"{kind.replace('_', ' ')} failed"
    assert rows(app, "SELECT COUNT(*) AS n FROM slots WHERE session_id IS NOT NULL") == [{"n": 0}]
    # Neither the quota nor the design is used up: the next listener gets the same slot.
    after = make_listener(app).start()
    assert rows(app, "SELECT slot FROM slots WHERE session_id = 2") == [{"slot": 0}]
    assert after.put(at, check("passed", kind)).status_code == 200
    assert after.save_all().finish().json["completion"] == {"code": "DONE", "redirect": None}


def test_who_was_taken_back_and_is_excluded_later_is_not_screened_out(
    make_app: Any, make_listener: Any
) -> None:
    """Another code would be theirs, and the list of those who are paid for the attempt would have them."""
    app = make_app(completion=COMPLETION, headphone_check="antiphase")
    listener = make_listener(app).start({"PROLIFIC_PID": "p1"})
    listener.put(find_check(listener), check("failed"))
    database = app.extensions["listenable"].database
    with database.write() as connection:
        session = sessions.find_by_participant(connection, "p1")
        assert [row.screened_out for row in load_participants(connection)] == [1]
        sessions.restore(connection, session, "their headphones work")
        sessions.exclude(connection, session, "one score for all sounds")
        assert [row.screened_out for row in load_participants(connection)] == [0]
    listener.save_all()
    assert listener.finish().json["completion"] == {"code": "DONE", "redirect": None}


def test_an_answer_that_is_sent_again_does_not_undo_that_its_listener_was_taken_back(
    make_app: Any, make_listener: Any
) -> None:
    """The device kept it if the answer to it was lost, and sends it when the page is opened once more."""
    app = make_app(completion=COMPLETION, headphone_check="antiphase")
    listener = make_listener(app).start({"PROLIFIC_PID": "p1"})
    at = find_check(listener)
    listener.put(at, check("failed"))
    with app.extensions["listenable"].database.write() as connection:
        sessions.restore(connection, sessions.find_by_participant(connection, "p1"), "their headphones work")
    assert listener.put(at, check("failed")).status_code == 200
    assert listener.start().state["finished"] is False
    assert listener.put(at, {**check("failed"), "attempt": "a2"}).status_code == 200
    assert listener.start().state["completion"] == OUT, "another answer is another matter"


def test_who_leaves_the_check_out_does_not_finish(make_app: Any, make_listener: Any) -> None:
    listener = make_listener(make_app(completion=COMPLETION, headphone_check="huggins")).start()
    at = find_check(listener)
    for page in listener.state["pages"]:
        if page["index"] != at:
            listener.save(page["index"])
    assert listener.finish().json["missing"] == [at]


def test_without_a_second_code_everybody_continues(make_app: Any, make_listener: Any, rows: Any) -> None:
    app = make_app(completion={"code": "DONE"}, headphone_check="huggins")
    listener = make_listener(app).start()
    at = find_check(listener)
    assert listener.state["pages"][at]["screens_out"] is False
    listener.put(at, check("failed"))
    assert rows(app, "SELECT excluded_at FROM sessions") == [{"excluded_at": None}]
    assert listener.start().state["finished"] is False


def test_a_program_is_never_screened_out(make_app: Any, make_listener: Any, rows: Any) -> None:
    app = make_app(completion=COMPLETION, headphone_check="huggins")
    program = make_listener(app).start(simulated=True)
    program.put(find_check(program), check("failed"))
    assert rows(app, "SELECT excluded_at FROM sessions") == [{"excluded_at": None}]


def test_a_second_code_needs_a_check() -> None:
    with pytest.raises(ValueError, match="expected headphone_check: antiphase or huggins"):
        StudyOptions(completion=Completion(screened_out_code="OUT"))

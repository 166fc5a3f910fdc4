"""Sessions of webMUSHRA in the database, and sessions of this server's own page under webMUSHRA's names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, text

from mushra_server.answers import clean_text
from mushra_server.clock import now
from mushra_server.crowd import refuse_entry
from mushra_server.db import inserted_id
from mushra_server.errors import AnswerError
from mushra_server.scales import as_number
from mushra_server.schema import sessions, wire_sessions
from mushra_server.sessions import Session, find_by_uuid
from mushra_server.study import Study
from mushra_server.submissions import PageAnswer, PageName, Rating, save_page
from mushra_server.webmushra import WireSession, from_json
from mushra_server.wire_trials import read_trial
from study_builder.config import REFERENCE

__all__ = ["load_wire_sessions", "pymushra_database", "save_wire_session"]

SOURCE = "webmushra"
# What can be part of an address on the admin page.
UUID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
SCORES = ("score", "referenceScore", "nonReferenceScore", "stimulusRating")


def save_wire_session(connection: Connection, study: Study, posted: WireSession) -> bool:
    """Store a posted session with its ratings; the same session a second time changes nothing.

    Args:
        connection: An open write transaction.
        study: The study that is served.
        posted: The session.

    Returns:
        True if the session was new.

    Raises:
        AnswerError: If it is another study's session, or does not fit the study's pages.
        DoorError: If the study is closed, or has all the sessions that it needs.
    """
    if not _is_named(study.name, posted.test_id):
        raise AnswerError(f"sessionJSON: testId is {posted.test_id!r}, expected {study.name!r}")
    if not UUID.fullmatch(posted.uuid):
        raise AnswerError(
            f"sessionJSON: uuid is {posted.uuid!r}, "
            "expected 1 to 64 letters, digits, dots, hyphens and underscores"
        )
    if find_by_uuid(connection, posted.uuid) is not None:
        return False
    pages = [page for trial in posted.trials for page in read_trial(study.config, trial)]
    refuse_entry(connection, study.config.options, participant=None, simulated=False, one_entry=False)
    time = now()
    row = sessions.insert().values(
        uuid=posted.uuid, simulated=0, source=SOURCE, created_at=time, last_seen_at=time
    )
    key = inserted_id(connection.execute(row))
    body = json.dumps(replace(posted, test_id=study.name).to_json())
    connection.execute(wire_sessions.insert().values(session_id=key, body=body))
    session = Session(
        key, posted.uuid, -1, False, None, finished=False, excluded=False, holds_slot=False, last_seen_at=time
    )
    for position, page in enumerate(pages):
        name = PageName(position, page.id, page.type, page.info.kind, position)
        save_page(connection, session, name, _answer(page.time_ms, page.ratings, page.words))
    name = PageName(len(pages), "finish", "finish", None, None)
    save_page(connection, session, name, _answer(None, (), _texts(posted)))
    connection.execute(sessions.update().where(sessions.c.id == key).values(finished_at=time))
    return True


def load_wire_sessions(connection: Connection, study: Study, *, simulated: bool) -> Iterator[WireSession]:
    """Yield the sessions that are not excluded under webMUSHRA's names, in the order of their start."""
    names = _participant_names(connection, study)
    query = """
        SELECT id, uuid, source, COALESCE(finished_at, last_seen_at) AS at
        FROM sessions WHERE simulated = :s AND excluded_at IS NULL ORDER BY id"""
    for row in connection.execute(text(query), {"s": int(simulated)}).all():
        if row.source == SOURCE:
            posted = connection.execute(
                text("SELECT body FROM wire_sessions WHERE session_id = :id"), {"id": row.id}
            ).scalar()
            if posted is not None:
                yield replace(from_json(json.loads(posted)), at=row.at)
        else:
            trials = tuple(_own_trials(connection, row.id))
            participant = _own_participant(connection, row.uuid, names)
            if trials:
                yield WireSession(study.name, row.uuid, participant, trials, "configs/config.yaml", row.at)


def pymushra_database(found: Iterable[WireSession], study: str) -> dict[str, Any]:
    """Return sessions as the TinyDB document that pymushra reads: one entry per trial, a table per study."""
    documents: list[dict[str, Any]] = []
    for session in found:
        shared = {
            "config": session.config,
            "testId": session.test_id,
            "date": session.at.replace("T", " ").rstrip("Z"),
            "questionaire": {**session.participant, "uuid": session.uuid},
        }
        for trial in session.trials:
            responses = [_with_numbers(response) for response in trial["responses"]]
            documents.append({**trial, "responses": responses, **shared})
    return {study: {str(number): document for number, document in enumerate(documents, start=1)}}


def _with_numbers(response: dict[str, Any]) -> dict[str, Any]:
    """Return a response with its scores as the numbers that pymushra makes of them when it collects."""
    scores = {name: float(response[name]) for name in SCORES if _is_number(response.get(name))}
    return {**response, **{name: int(n) if n.is_integer() else n for name, n in scores.items()}}


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_named(study: str, found: str) -> bool:
    """Tell whether a posted id is the study's; JavaScript writes the number 2024.0 as 2024."""
    return found == study or (as_number(found) is not None and as_number(found) == as_number(study))


def _answer(time_ms: int | None, ratings: tuple[Rating, ...], texts: dict[str, str]) -> PageAnswer:
    body: dict[str, Any] = {"attempt": SOURCE, "time_ms": None, "ratings": [], "answers": {}}
    return PageAnswer(SOURCE, time_ms, ratings, texts, body)


def _texts(posted: WireSession) -> dict[str, str]:
    """Return the answers to the questionnaire as text."""
    return {
        name: clean_text(value) if isinstance(value, str) else json.dumps(value)
        for name, value in posted.participant.items()
        if value is not None
    }


def _participant_names(connection: Connection, study: Study) -> list[str]:
    """Return one list of columns for all sessions of the study's own page: questions, then URL parameters."""
    asked = [question.name for page in study.config.walk() for question in study.config.questions(page)]
    given = connection.execute(text("SELECT DISTINCT name FROM parameters ORDER BY name")).scalars()
    return list(dict.fromkeys([*asked, *given]))


def _own_participant(connection: Connection, session: str, names: list[str]) -> dict[str, Any]:
    query = text("SELECT name, value FROM export_answers WHERE session = :session")
    found = {row.name: row.value for row in connection.execute(query, {"session": session})}
    return {name: found.get(name, "") for name in names}


def _own_trials(connection: Connection, session_id: int) -> Iterator[dict[str, Any]]:
    query = text(
        """
        SELECT p.id, p.page_id, p.page_type, p.time_ms, p.body, r.key, r.attribute, r.condition, r.score,
               r.comment
        FROM submissions p JOIN ratings r ON r.submission_id = p.id
        WHERE p.session_id = :id AND p.superseded = 0
        ORDER BY p.page_index, r.condition_position, r.attribute"""
    )
    pages: dict[int, list[Any]] = {}
    for row in connection.execute(query, {"id": session_id}):
        pages.setdefault(row.id, []).append(row)
    for rows in pages.values():
        first = rows[0]
        yield {
            "id": _page_id(first.page_id, [row.condition for row in rows]),
            "type": first.page_type,
            "responses": _responses(first.page_type, rows),
        }


def _page_id(name: str, conditions: list[str]) -> str:
    """Return the config's id of a page; one that is shown once per stimulus has the stimulus in its own."""
    return next((name.removesuffix(f":{c}") for c in conditions if name.endswith(f":{c}")), name)


def _responses(kind: str, rows: list[Any]) -> list[dict[str, Any]]:
    if kind in {"bs1116", "paired_comparison"}:
        return [_against_reference(kind, rows)]
    if kind == "mushra":
        return [
            {
                "stimulus": row.condition,
                "score": _number(row.score),
                "comment": row.comment,
                "time": row.time_ms,
            }
            for row in rows
        ]
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.condition, []).append(_chosen(row))
    several = kind == "likert_single_stimulus"
    return [
        {"stimulus": condition, "stimulusRating": values if several else values[0], "time": rows[0].time_ms}
        for condition, values in found.items()
    ]


def _against_reference(kind: str, rows: list[Any]) -> dict[str, Any]:
    found = {row.attribute: row for row in rows}
    shared = {"reference": REFERENCE, "nonReference": rows[0].condition}
    closing = {"comment": next((row.comment for row in rows if row.comment), None), "time": rows[0].time_ms}
    if kind == "bs1116":
        scores = {
            "referenceScore": _number(found["hidden_reference"].score),
            "nonReferenceScore": _number(found["score"].score),
        }
        return {**shared, **scores, **closing}
    answer = {1.0: "correct", 0.0: "incorrect", 0.5: "undecided"}.get(found["correct"].score, "unknown")
    return {**shared, "answer": answer, **closing}


def _chosen(row: Any) -> str:
    """Return the Likert point as the listener chose it, words included."""
    for rating in json.loads(row.body)["ratings"]:
        if (rating.get("key"), rating.get("attribute")) == (row.key, row.attribute):
            return "NA" if rating.get("score") is None else str(rating["score"])
    return "NA"


def _number(score: float | None) -> str:
    return "" if score is None else f"{score:g}"

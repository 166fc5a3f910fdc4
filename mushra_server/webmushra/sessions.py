"""Sessions of the database under webMUSHRA's names: those that it posted, and those of our own page."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, text

from analysis.ratings.names import ATTRIBUTE_MARK, CORRECT, HIDDEN_REFERENCE, UNRATED
from mushra_server.answers.paired import PAIR_TYPES
from mushra_server.study.served_study import Study
from mushra_server.webmushra.store import SOURCE
from mushra_server.webmushra.wire_format import WireSession, from_json
from study_builder.config import REFERENCE

__all__ = ["load_wire_sessions", "pymushra_database"]

SCORES = ("score", "referenceScore", "nonReferenceScore", "stimulusRating")
ANSWERS: dict[float | None, str] = {1.0: "correct", 0.0: "incorrect", 0.5: "undecided"}


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
            trials = tuple(_load_trials(connection, study, row.id))
            participant = _load_participant(connection, row.uuid, names)
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
            responses = [_convert_scores(response) for response in trial["responses"]]
            documents.append({**trial, "responses": responses, **shared})
    return {study: {str(number): document for number, document in enumerate(documents, start=1)}}


def _convert_scores(response: dict[str, Any]) -> dict[str, Any]:
    """Return a response with its scores as the numbers that pymushra makes of them when it collects."""
    scores = {name: float(response[name]) for name in SCORES if _is_number(response.get(name))}
    return {**response, **{name: int(n) if n.is_integer() else n for name, n in scores.items()}}


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _participant_names(connection: Connection, study: Study) -> list[str]:
    """Return one list of columns for all sessions of the study's own page: questions, then URL parameters."""
    asked = [question.name for page in study.config.walk() for question in study.config.questions(page)]
    given = connection.execute(text("SELECT DISTINCT name FROM parameters ORDER BY name")).scalars()
    return list(dict.fromkeys([*asked, *given]))


def _load_participant(connection: Connection, session: str, names: list[str]) -> dict[str, Any]:
    query = text("SELECT name, value FROM export_answers WHERE session = :session")
    found = {row.name: row.value for row in connection.execute(query, {"session": session})}
    return {name: found.get(name, "") for name in names}


def _load_trials(connection: Connection, study: Study, session_id: int) -> Iterator[dict[str, Any]]:
    query = text(
        """
        SELECT p.id, p.page_id, p.page_type, p.time_ms, p.body, r.key, r.attribute, r.condition, r.score,
               r.comment
        FROM submissions p JOIN ratings r ON r.submission_id = p.id
        WHERE p.session_id = :id AND p.superseded = 0
        ORDER BY p.page_index, r.condition_position"""
    )
    pages: dict[int, list[Any]] = {}
    for row in connection.execute(query, {"id": session_id}):
        pages.setdefault(row.id, []).append(row)
    for rows in pages.values():
        yield from _trials_of_page(study, rows)


def _trials_of_page(study: Study, rows: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield a page's trial; one for each attribute if webMUSHRA's format has no place for several."""
    kind, name = rows[0].page_type, _page_id(rows[0].page_id, [row.condition for row in rows])
    attributes = sorted({row.attribute for row in rows}, key=functools.partial(_place, study))
    if kind in PAIR_TYPES:
        yield {"id": name, "type": kind, "responses": [_against_reference(kind, rows)]}
    elif kind == "likert_single_stimulus":
        yield {"id": name, "type": kind, "responses": list(_list_responses(rows, attributes))}
    else:
        for attribute in attributes:
            own = f"{name}{ATTRIBUTE_MARK}{attribute}" if len(attributes) > 1 else name
            responses = [_response(kind, row) for row in rows if row.attribute == attribute]
            yield {"id": own, "type": kind, "responses": responses}


def _place(study: Study, attribute: str) -> tuple[int, str]:
    """Return what sorts attributes as the config has them: its scales, then Likert scales by number."""
    names = [scale.name for scale in study.config.options.scales]
    if attribute in names:
        return names.index(attribute), ""
    number = attribute.removeprefix("rating")
    return len(names) + (int(number) if number.isdecimal() else 0), attribute


def _page_id(name: str, conditions: list[str]) -> str:
    """Return the config's id of a page; one that is shown once per stimulus has the stimulus in its own."""
    return next((name.removesuffix(f":{c}") for c in conditions if name.endswith(f":{c}")), name)


def _response(kind: str, row: Any) -> dict[str, Any]:
    if kind == "mushra":
        scored = {"stimulus": row.condition, "score": _number(row.score)}
        return {**scored, "comment": row.comment, "time": row.time_ms}
    return {"stimulus": row.condition, "stimulusRating": _read_choice(row), "time": row.time_ms}


def _list_responses(rows: list[Any], attributes: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the responses of a page whose format has a list of ratings for each stimulus."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row.condition, {})[row.attribute] = _read_choice(row)
    for condition, chosen in found.items():
        ratings = [chosen.get(attribute, UNRATED) for attribute in attributes]
        yield {"stimulus": condition, "stimulusRating": ratings, "time": rows[0].time_ms}


def _against_reference(kind: str, rows: list[Any]) -> dict[str, Any]:
    found = {row.attribute: row.score for row in rows}
    shared = {"reference": REFERENCE, "nonReference": rows[0].condition}
    closing = {"comment": next((row.comment for row in rows if row.comment), None), "time": rows[0].time_ms}
    if kind == "bs1116":
        scores = {
            "referenceScore": _number(found.get(HIDDEN_REFERENCE)),
            "nonReferenceScore": _number(found.get("score")),
        }
        return {**shared, **scores, **closing}
    # A page without a reference has no answer that is correct.
    return {**shared, "answer": ANSWERS.get(found.get(CORRECT), "unknown"), **closing}


def _read_choice(row: Any) -> str:
    """Return the Likert point as the listener chose it, words included."""
    for rating in json.loads(row.body)["ratings"]:
        if (rating.get("key"), rating.get("attribute")) == (row.key, row.attribute):
            return UNRATED if rating.get("score") is None else str(rating["score"])
    return UNRATED


def _number(score: float | None) -> str:
    return "" if score is None else f"{score:g}"

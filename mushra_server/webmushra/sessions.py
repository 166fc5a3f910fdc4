"""Sessions of the database under webMUSHRA's names: those that it posted, and those of our own page."""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, text

from analysis.ratings.names import ATTRIBUTE_MARK, CORRECT, HIDDEN_REFERENCE, UNRATED
from mushra_server.answers.paired import PAIR_TYPES
from mushra_server.study.scales import write_number
from mushra_server.study.served_study import Study
from mushra_server.webmushra.csv_files import TABLES
from mushra_server.webmushra.store import SOURCE
from mushra_server.webmushra.wire_format import WireSession, from_json
from study_builder.config import REFERENCE, SpatialPage, StudyConfig

__all__ = ["list_other_tests", "load_wire_sessions"]

CHUNK_ROWS = 2000
ANSWERS: dict[float | None, str] = {1.0: "correct", 0.0: "incorrect", 0.5: "undecided"}


def list_other_tests(config: StudyConfig) -> list[str]:
    """Return the types of a study's rating pages of which webMUSHRA and pymushra have no ratings."""
    return sorted(
        {
            page.type
            for page in config.walk()
            if page.rates and page.type not in TABLES and not isinstance(page, SpatialPage)
        }
    )


def load_wire_sessions(connection: Connection, study: Study, *, simulated: bool) -> Iterator[WireSession]:
    """Yield the sessions that are not excluded under webMUSHRA's names, in the order of their start.

    Three queries are read next to each other, session by session: memory does not grow with their number.
    """
    names = _participant_names(connection, study)
    trials = _BySession(_query(connection, TRIALS, simulated))
    answers = _BySession(_query(connection, GIVEN, simulated))
    for row in _query(connection, SESSIONS, simulated):
        if row.source == SOURCE:
            if row.body is not None:
                yield replace(from_json(json.loads(row.body)), at=row.at)
            continue
        pages = itertools.groupby(trials.take(row.session_id), key=attrgetter("id"))
        shown = tuple(trial for _, rows in pages for trial in _trials_of_page(study, list(rows)))
        given = {found.name: found.value for found in answers.take(row.session_id)}
        if shown:
            participant = {name: given.get(name, "") for name in names}
            yield WireSession(study.name, row.uuid, participant, shown, "configs/config.yaml", row.at)


class _BySession:
    """Rows in the order of their sessions' numbers, taken session by session.

    Args:
        rows: The rows; each has a `session_id`.
    """

    def __init__(self, rows: Iterable[Row[Any]]) -> None:
        self._groups = itertools.groupby(rows, key=attrgetter("session_id"))
        self._session: float = -1
        self._rows: Iterator[Row[Any]] = iter(())

    def take(self, session: int) -> list[Row[Any]]:
        """Return the rows of a session; those of earlier ones are skipped."""
        while self._session < session:
            self._session, self._rows = next(self._groups, (math.inf, iter(())))
        return list(self._rows) if self._session == session else []


def _query(connection: Connection, query: str, simulated: bool) -> Iterator[Row[Any]]:
    options = {"yield_per": CHUNK_ROWS}
    yield from connection.execute(text(query), {"simulated": int(simulated)}, execution_options=options)


def _participant_names(connection: Connection, study: Study) -> list[str]:
    """Return one list of columns for all sessions of the study's own page: questions, then URL parameters."""
    asked = [question.name for page in study.config.walk() for question in study.config.questions(page)]
    given = connection.execute(text("SELECT DISTINCT name FROM parameters ORDER BY name")).scalars()
    return list(dict.fromkeys([*asked, *given]))


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
    return "" if score is None else write_number(score)


_CHOSEN = f"s.simulated = :simulated AND s.excluded_at IS NULL AND s.source <> '{SOURCE}'"
SESSIONS = """
    SELECT s.id AS session_id, s.uuid, s.source, COALESCE(s.finished_at, s.last_seen_at) AS at, w.body
    FROM sessions s LEFT JOIN wire_sessions w ON w.session_id = s.id
    WHERE s.simulated = :simulated AND s.excluded_at IS NULL ORDER BY s.id"""
# The body has what a Likert point is called; of other pages it is not needed, and long.
TRIALS = f"""
    SELECT p.session_id, p.id, p.page_id, p.page_type, p.time_ms,
           CASE WHEN p.page_type LIKE 'likert%' THEN p.body END AS body,
           r.key, r.attribute, r.condition, r.score, r.comment
    FROM sessions s
    JOIN submissions p ON p.session_id = s.id AND p.superseded = 0
    JOIN ratings r ON r.submission_id = p.id
    WHERE {_CHOSEN}
    ORDER BY p.session_id, p.page_index, r.condition_position"""
GIVEN = f"""
    SELECT p.session_id, a.name, a.value
    FROM sessions s
    JOIN submissions p ON p.session_id = s.id AND p.superseded = 0
    JOIN answers a ON a.submission_id = p.id
    WHERE {_CHOSEN}
    UNION ALL
    SELECT q.session_id, q.name, q.value FROM sessions s JOIN parameters q ON q.session_id = s.id
    WHERE {_CHOSEN}
    ORDER BY 1"""

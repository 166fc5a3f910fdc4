"""The progress of a study: sessions, their states, the log, and ratings per item and condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from mushra_server.database.clock import ago

__all__ = [
    "PAGE_SIZE",
    "Progress",
    "load_events",
    "load_progress",
    "load_session",
    "load_sessions",
    "version_of",
]

PAGE_SIZE = 50
ACTIVE_MIN = 15


@dataclass(frozen=True)
class Progress:
    """Counts of the real or of the simulated sessions.

    Attributes:
        started: All sessions.
        finished: Those that came to the end and are not excluded.
        active: Unfinished ones with a request in the last quarter of an hour.
        left: Unfinished ones without.
        excluded: Those that the experimenter left out.
    """

    started: int
    finished: int
    active: int
    left: int
    excluded: int


def load_progress(connection: Connection, *, simulated: bool) -> Progress:
    """Count sessions by state."""
    query = text(
        """
        SELECT COUNT(*) AS started,
               COALESCE(SUM(CASE WHEN excluded_at IS NULL AND finished_at IS NOT NULL THEN 1 ELSE 0 END), 0)
                   AS finished,
               COALESCE(SUM(CASE WHEN excluded_at IS NULL AND finished_at IS NULL AND last_seen_at >= :since
                            THEN 1 ELSE 0 END), 0) AS active,
               COALESCE(SUM(CASE WHEN excluded_at IS NULL AND finished_at IS NULL AND last_seen_at < :since
                            THEN 1 ELSE 0 END), 0) AS gone,
               COALESCE(SUM(CASE WHEN excluded_at IS NOT NULL THEN 1 ELSE 0 END), 0) AS excluded
        FROM sessions WHERE simulated = :simulated"""
    )
    row = connection.execute(query, {"simulated": int(simulated), "since": ago(ACTIVE_MIN)}).one()
    return Progress(row.started, row.finished, row.active, row.gone, row.excluded)


def load_sessions(connection: Connection, page: int) -> list[dict[str, Any]]:
    """Return one page of sessions, newest first, each with its state and the number of its stored pages."""
    query = text(f"{_SESSIONS} ORDER BY s.id DESC LIMIT :size OFFSET :start")
    found = connection.execute(query, {"size": PAGE_SIZE, "start": page * PAGE_SIZE}).mappings()
    return [_add_state(dict(row)) for row in found]


def load_session(connection: Connection, uuid: str) -> dict[str, Any] | None:
    """Return a session with its pages, answers and log, or None."""
    row = connection.execute(text(f"{_SESSIONS} WHERE s.uuid = :uuid"), {"uuid": uuid}).mappings().first()
    if row is None:
        return None
    key = {"id": row["id"]}
    return {
        **_add_state(dict(row)),
        "pages": [dict(found) for found in connection.execute(text(_PAGES), key).mappings()],
        "answers": [dict(found) for found in connection.execute(text(_ANSWERS), key).mappings()],
        "events": [dict(found) for found in connection.execute(text(_EVENTS_OF), key).mappings()],
    }


def load_events(connection: Connection, page: int) -> list[dict[str, Any]]:
    """Return one page of the log of decisions, newest first."""
    place = {"size": PAGE_SIZE, "start": page * PAGE_SIZE}
    return [dict(row) for row in connection.execute(text(_EVENTS), place).mappings()]


def version_of(connection: Connection) -> tuple[Any, ...]:
    """Return something that changes whenever results may have changed."""
    query = text("SELECT (SELECT MAX(id) FROM submissions), (SELECT MAX(id) FROM events)")
    finished = text("SELECT COUNT(finished_at) FROM sessions")
    return (*connection.execute(query).one(), connection.execute(finished).scalar())


def _add_state(row: dict[str, Any]) -> dict[str, Any]:
    if row["excluded_at"] is not None:
        state = "excluded"
    elif row["finished_at"] is not None:
        state = "finished"
    else:
        state = "active" if row["last_seen_at"] >= ago(ACTIVE_MIN) else "left"
    return {**row, "state": state}


_SESSIONS = """
    SELECT s.id, s.uuid, COALESCE(s.participant, s.uuid) AS listener, s.participant, s.slot, s.simulated,
           s.source, s.created_at, s.last_seen_at, s.finished_at, s.excluded_at, s.exclusion_reason,
           (SELECT COUNT(*) FROM submissions p WHERE p.session_id = s.id AND p.superseded = 0) AS saved
    FROM sessions s"""
_PAGES = """
    SELECT p.page_index, p.page_id, p.page_type, p.kind, p.time_ms, p.submitted_at, COUNT(r.score) AS scores,
           MIN(r.score) AS lowest, MAX(r.score) AS highest
    FROM submissions p LEFT JOIN ratings r ON r.submission_id = p.id
    WHERE p.session_id = :id AND p.superseded = 0
    GROUP BY p.id, p.page_index, p.page_id, p.page_type, p.kind, p.time_ms, p.submitted_at
    ORDER BY p.page_index"""
_ANSWERS = """
    SELECT a.name, a.value FROM answers a JOIN submissions p ON p.id = a.submission_id
    WHERE p.session_id = :id AND p.superseded = 0
    UNION ALL SELECT name, value FROM parameters WHERE session_id = :id ORDER BY 1"""
_EVENTS_OF = "SELECT at, action, reason FROM events WHERE session_id = :id ORDER BY id DESC"
_EVENTS = """
    SELECT e.at, e.action, e.reason, s.uuid, COALESCE(s.participant, s.uuid) AS listener
    FROM events e LEFT JOIN sessions s ON s.id = e.session_id ORDER BY e.id DESC LIMIT :size OFFSET :start"""

"""What the studio shows of a study: its counts, a session's scores, what became of each participant."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, bindparam, text

from mushra_server.database.files.sqlite import keep_handles

__all__ = [
    "Counts",
    "count_in_file",
    "count_in_schemas",
    "load_attention_scores",
    "load_failed_headphones",
    "load_pages",
    "load_participants",
    "load_scores",
]


KEPT_PLANS = "listenable_kept_plans"
MOST_PLANS = 20
"""Of one connection; each is of few studies."""
_numbers = itertools.count()


@dataclass(frozen=True)
class Counts:
    """A study at a glance; of listeners who are neither simulated nor excluded.

    Attributes:
        closed: Whether nobody new is let in.
        started: Number of sessions.
        finished: Number of those that came to the end.
        last_rating: When a page was last stored (UTC), or None.
        rehearsed: Number of simulated sessions.
        known: Whether the database could be read; else all others are as of an empty one.
    """

    closed: bool = False
    started: int = 0
    finished: int = 0
    last_rating: str | None = None
    rehearsed: int = 0
    known: bool = True


def count_in_file(file: Path) -> Counts:
    """Return the counts of a study in a SQLite file, which is only read; none if it has no tables."""
    try:
        uri = f"{file.resolve().as_uri()}?mode=ro"
        with keep_handles(file), closing(sqlite3.connect(uri, uri=True, timeout=1)) as database:
            return _read_counts(database.execute(_COUNTS.format(schema="")).fetchone())
    except sqlite3.Error as error:
        return Counts(known=getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR)  # no such table


def count_in_schemas(connection: Connection, schemas: Sequence[str]) -> dict[str, Counts]:
    """Return the counts of the studies in several schemas of one PostgreSQL database, in one statement.

    To plan it takes several times as long as to carry it out, so each connection keeps the newest plans: one
    of 600 studies has 36 MB, and each account has a list of its own, which changes. After a transaction that
    failed or was refused, psycopg drops all plans of its connection, these among them.
    """
    if not schemas:
        return {}
    parts = [_COUNTS.format(schema=f'"{name}".') for name in schemas]
    statement = " UNION ALL ".join(f"({part})" for part in parts)
    kept = connection.info.setdefault(KEPT_PLANS, {})
    there = set(connection.exec_driver_sql(_PLANS).scalars())
    for one in [one for one, name in kept.items() if name not in there]:
        del kept[one]
    name = kept.pop(statement, None)
    if name is None:
        name = f"counts_{next(_numbers)}"
        connection.exec_driver_sql(f"PREPARE {name} AS {statement}")
    kept[statement] = name
    while len(kept) > MOST_PLANS:
        connection.exec_driver_sql(f"DEALLOCATE {kept.pop(next(iter(kept)))}")
    rows = connection.exec_driver_sql(f"EXECUTE {name}").all()
    return {name: _read_counts(row) for name, row in zip(schemas, rows, strict=True)}


def load_scores(connection: Connection, uuid: str) -> list[Row[Any]]:
    """Return the number, mean, lowest and highest of a session's scores by condition and attribute."""
    return list(connection.execute(text(_SCORES), {"uuid": uuid}))


def load_participants(connection: Connection) -> list[Row[Any]]:
    """Return what became of each session with a participant's id."""
    return list(connection.execute(text(_PARTICIPANTS)))


def load_pages(connection: Connection, uuids: Sequence[str]) -> list[Row[Any]]:
    """Return the rating pages of sessions: time, scores and their ends, sounds that were not heard."""
    return _of_sessions(connection, _PAGES, uuids)


def load_attention_scores(connection: Connection, uuids: Sequence[str]) -> list[Row[Any]]:
    """Return the scores of sessions on pages that ask for a given one."""
    return _of_sessions(connection, _ATTENTION, uuids)


def load_failed_headphones(connection: Connection, uuids: Sequence[str]) -> list[Row[Any]]:
    """Return the pages of sessions on which the headphone check was failed."""
    return _of_sessions(connection, _HEADPHONES, uuids)


def _of_sessions(connection: Connection, query: str, uuids: Sequence[str]) -> list[Row[Any]]:
    if not uuids:  # which PostgreSQL would take for a list of numbers
        return []
    asked = text(query).bindparams(bindparam("uuids", expanding=True))
    return list(connection.execute(asked, {"uuids": list(uuids)}))


def _read_counts(row: Sequence[Any]) -> Counts:
    closed, *numbers = row
    return Counts(closed == "1", *numbers)


_PLANS = "SELECT name FROM pg_prepared_statements WHERE starts_with(name, 'counts_')"
_COUNTS = """
    SELECT (SELECT value FROM {schema}meta WHERE key = 'closed'), COUNT(*), COUNT(finished_at),
           (SELECT p.submitted_at FROM {schema}submissions p JOIN {schema}sessions s ON s.id = p.session_id
            WHERE s.simulated = 0 AND s.excluded_at IS NULL ORDER BY p.id DESC LIMIT 1),
           (SELECT COUNT(*) FROM {schema}sessions WHERE simulated = 1)
    FROM {schema}sessions WHERE simulated = 0 AND excluded_at IS NULL"""
_SCORES = """
    SELECT condition, attribute, COUNT(score) AS count, AVG(score) AS mean, MIN(score) AS lowest,
           MAX(score) AS highest
    FROM export_ratings WHERE session = :uuid AND kind = 'trial' AND score IS NOT NULL
    GROUP BY condition, attribute ORDER BY attribute, condition"""
_PARTICIPANTS = """
    SELECT s.participant, s.finished_at, s.excluded_at, s.exclusion_reason,
           (SELECT COUNT(*) FROM events e WHERE e.session_id = s.id AND e.action = 'screen out'
            AND NOT EXISTS (SELECT 1 FROM events r WHERE r.session_id = s.id AND r.action = 'restore'
                            AND r.id > e.id)) AS screened_out
    FROM sessions s WHERE s.simulated = 0 AND s.participant IS NOT NULL ORDER BY s.id"""
_PAGES = """
    SELECT s.uuid, p.page_index, r.attribute, p.time_ms, COUNT(*) AS sounds, COUNT(r.score) AS scores,
           MIN(r.score) AS lowest, MAX(r.score) AS highest,
           SUM(CASE WHEN r.score IS NULL OR r.listened_ms = 0 THEN 1 ELSE 0 END) AS untouched
    FROM sessions s JOIN submissions p ON p.session_id = s.id JOIN ratings r ON r.submission_id = p.id
    WHERE s.uuid IN :uuids AND p.superseded = 0 AND p.kind = 'trial'
    GROUP BY s.uuid, p.page_index, r.attribute, p.time_ms"""
_ATTENTION = """
    SELECT s.uuid, p.page_index, p.page_id, r.condition, r.score
    FROM sessions s JOIN submissions p ON p.session_id = s.id JOIN ratings r ON r.submission_id = p.id
    WHERE s.uuid IN :uuids AND p.superseded = 0 AND p.kind = 'attention' AND r.score IS NOT NULL"""
_HEADPHONES = """
    SELECT s.uuid, p.page_index
    FROM sessions s JOIN submissions p ON p.session_id = s.id JOIN answers a ON a.submission_id = p.id
    WHERE s.uuid IN :uuids AND p.superseded = 0 AND a.name = 'headphone_check' AND a.value = 'failed'"""

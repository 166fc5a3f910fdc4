"""Exports of the ratings: the CSV and JSON of docs/formats.md, from the two views.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@`` as a formula. The CSV therefore puts
an apostrophe before every such place of a text (`analysis.ratings.names.defuse`). JSON is always exact.
"""

from __future__ import annotations

import csv
import functools
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, TextIO

from sqlalchemy import Connection, text

from analysis.ratings.names import ANSWER, RATING_COLUMNS, SCHEMA_VERSION, defuse
from mushra_server.webmushra.refused_posts import load_refused

__all__ = ["write_csv", "write_json"]

CHUNK_ROWS = 2000


def write_csv(
    connection: Connection, file: TextIO, *, simulated: bool | None = None, exact: bool = False
) -> int:
    """Write the ratings CSV: one row is one participant x trial x condition x attribute.

    Args:
        connection: An open transaction.
        file: Text file, opened with ``newline=""``.
        simulated: Only simulated (True) or only real (False) sessions; None for both, marked by their column.
        exact: Leave texts that look like spreadsheet formulas as they are.

    Returns:
        The number of rows.
    """
    names = sorted(connection.execute(text(NAMES)).scalars())
    answers = _answers_by_session(connection)
    known = None
    given: dict[str, str] = {}
    # Most cells are repeated: the study, the session, items and conditions.
    guard = _keep_value if exact else functools.lru_cache(maxsize=CHUNK_ROWS, typed=True)(defuse)
    writer = csv.writer(_Lines(file), lineterminator="\r\n")
    writer.writerow(map(guard, [*RATING_COLUMNS, *(f"{ANSWER}{name}" for name in names)]))
    count = 0
    session = RATING_COLUMNS.index("session")
    for row in _query_ratings(connection, simulated):
        while known != row[session]:  # both are in the same order, and every session has answers, if none
            known, given = next(answers)
        writer.writerow(map(guard, [*map(_cell, row), *map(given.get, names)]))
        count += 1
    return count


def write_json(connection: Connection, file: TextIO) -> int:
    """Write everything the database knows but tokens: sessions, ratings, answers, decisions, refused posts.

    Returns:
        The number of ratings.
    """
    study = connection.execute(text("SELECT value FROM meta WHERE key = 'study'")).scalar()
    file.write(f'{{\n "schema_version": {SCHEMA_VERSION},\n "study": {json.dumps(study, ensure_ascii=False)}')
    for name, rows in {
        "sessions": _query(connection, SESSIONS),
        "answers": _query(connection, ANSWERS),
        "events": _query(connection, EVENTS),
        "refused": load_refused(connection),
    }.items():
        _write_list(file, name, rows)
    count = _write_list(file, "ratings", ratings(connection))
    file.write("\n}\n")
    return count


def _write_list(file: TextIO, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write a key and its list, one row at a time; return their number."""
    file.write(f',\n "{name}": [')
    count = 0
    for row in rows:
        file.write(("," if count else "") + "\n  " + json.dumps(row, ensure_ascii=False))
        count += 1
    file.write("\n ]")
    return count


def ratings(connection: Connection, *, simulated: bool | None = None) -> Iterator[dict[str, Any]]:
    """Yield the rows of the ratings view, session by session."""
    for row in _query_ratings(connection, simulated):
        yield dict(zip(RATING_COLUMNS, row, strict=True))


def _query_ratings(connection: Connection, simulated: bool | None) -> Iterator[Sequence[Any]]:
    """Yield the rows of the ratings view as their cells, in the order of `RATING_COLUMNS`."""
    where = "" if simulated is None else "WHERE simulated = :simulated"
    query = f"SELECT {', '.join(RATING_COLUMNS)} FROM export_ratings {where} {ORDER}"
    values = {} if simulated is None else {"simulated": int(simulated)}
    options = {"yield_per": CHUNK_ROWS}
    yield from connection.execute(text(query), values, execution_options=options)


ORDER = "ORDER BY simulated, session, trial_position, item, condition_position, condition, attribute"
ANSWERS = "SELECT session, name, value FROM export_answers ORDER BY session, name, value"
NAMES = "SELECT DISTINCT name FROM export_answers"
# As the view of the ratings sorts its sessions, so that both are read next to each other.
GIVEN = """
    SELECT s.uuid, a.name, a.value
    FROM sessions s
    LEFT JOIN (
        SELECT p.session_id, a.name, a.value
        FROM answers a JOIN submissions p ON p.id = a.submission_id WHERE p.superseded = 0
        UNION ALL SELECT session_id, name, value FROM parameters
    ) a ON a.session_id = s.id
    WHERE s.excluded_at IS NULL
    ORDER BY s.simulated, s.uuid, a.name, a.value"""
EVENTS = """
    SELECT e.at, s.uuid AS session, e.action, e.reason
    FROM events e LEFT JOIN sessions s ON s.id = e.session_id
    ORDER BY e.id"""
SESSIONS = """
    SELECT uuid AS session, COALESCE(participant, uuid) AS listener, slot, simulated, source, created_at,
           last_seen_at, finished_at, excluded_at, exclusion_reason
    FROM sessions ORDER BY id"""


def _query(connection: Connection, query: str) -> Iterator[Mapping[str, Any]]:
    options = {"yield_per": CHUNK_ROWS}
    result = connection.execute(text(query), execution_options=options)
    for row in result.mappings():
        yield dict(row)


def _answers_by_session(connection: Connection) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield every session that is exported with its answers, in the order of the ratings."""
    rows = connection.execute(text(GIVEN), execution_options={"yield_per": CHUNK_ROWS})
    for session, found in itertools.groupby(rows, key=itemgetter(0)):
        yield session, {name: value for _, name, value in found if name is not None}


class _Lines:
    """A file whose rows end with a line feed.

    The csv module quotes only the line ends that it writes itself. Both are declared to it, so that a
    carriage return within a text is quoted too: outside quotes it would end the row for many readers.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: str) -> None:
        self._file.write(row.removesuffix("\r\n") + "\n")


def _keep_value(value: Any) -> Any:
    return value


def _cell(value: Any) -> Any:
    """Write integers without a decimal point, as they were rated."""
    return int(value) if isinstance(value, float) and value.is_integer() else value

"""Exports of the ratings: the CSV and JSON of docs/formats.md, from the two views.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@`` as a formula. The CSV therefore puts
an apostrophe before every such place of a text (`analysis.ratings.names.defuse`). JSON is always exact.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from sqlalchemy import Connection, bindparam, text

from analysis.ratings.names import ANSWER, RATING_COLUMNS, SCHEMA_VERSION, defuse
from mushra_server.webmushra.refused_posts import load_refused

__all__ = ["write_csv", "write_json"]

CHUNK_ROWS = 2000
CHUNK_SESSIONS = 200
MOST_KNOWN = 10_000
MOST_KNOWN_CHARS = 200


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
    guard = _keep if exact else _Guarded().guard
    writer = csv.writer(_Lines(file), lineterminator="\r\n")
    writer.writerow(guard([*RATING_COLUMNS, *(f"{ANSWER}{name}" for name in names)]))
    count = 0
    score, session = RATING_COLUMNS.index("score"), RATING_COLUMNS.index("session")
    for sessions in _list_sessions(connection, simulated):
        answers: dict[str, dict[str, str]] = {uuid: {} for uuid in sessions}
        for uuid, name, value in _of_sessions(connection, GIVEN, sessions):
            answers[uuid][name] = value
        given = {uuid: guard([found.get(name) for name in names]) for uuid, found in answers.items()}
        for row in _of_sessions(connection, RATINGS, sessions):
            cells = guard(row)
            cells[score] = _write_score(cells[score])
            writer.writerow(cells + given[row[session]])
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
    for sessions in _list_sessions(connection, simulated):
        yield from _of_sessions(connection, RATINGS, sessions)


def _list_sessions(connection: Connection, simulated: bool | None) -> Iterator[list[str]]:
    """Yield the sessions in the order of the ratings, some at a time.

    To sort the rows of all at once, a database would write them into a temporary file first.
    """
    found = connection.execute(text(LISTED)).all()
    chosen = [uuid for uuid, mark in found if simulated is None or bool(mark) == simulated]
    for start in range(0, len(chosen), CHUNK_SESSIONS):
        yield chosen[start : start + CHUNK_SESSIONS]


def _of_sessions(connection: Connection, query: str, sessions: list[str]) -> Iterable[Sequence[Any]]:
    asked = text(query).bindparams(bindparam("sessions", expanding=True))
    return connection.execute(asked, {"sessions": sessions}, execution_options={"yield_per": CHUNK_ROWS})


LISTED = "SELECT uuid, simulated FROM sessions WHERE excluded_at IS NULL ORDER BY simulated, uuid"
RATINGS = f"""
    SELECT {", ".join(RATING_COLUMNS)} FROM export_ratings WHERE session IN :sessions
    ORDER BY simulated, session, trial_position, item, condition_position, condition, attribute"""
ANSWERS = "SELECT session, name, value FROM export_answers ORDER BY session, name, value"
NAMES = "SELECT DISTINCT name FROM export_answers"
GIVEN = "SELECT session, name, value FROM export_answers WHERE session IN :sessions ORDER BY name, value"
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


class _Lines:
    """A file whose rows end with a line feed.

    The csv module quotes only the line ends that it writes itself. Both are declared to it, so that a
    carriage return within a text is quoted too: outside quotes it would end the row for many readers.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: str) -> None:
        self._file.write(row.removesuffix("\r\n") + "\n")


class _Guarded:
    """Texts that were defused before: most cells are repeated, such as items, conditions and the session."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def guard(self, row: Iterable[Any]) -> list[Any]:
        """Return cells of which no text is a formula."""
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        known = self._known
        return [(known.get(cell) or self._defuse(cell)) if cell.__class__ is str else cell for cell in row]

    def _defuse(self, cell: str) -> str:
        found = str(defuse(cell))
        if len(cell) <= MOST_KNOWN_CHARS:  # a comment may have 64 KiB, and none comes again
            self._known[cell] = found
        return found


def _keep(row: Iterable[Any]) -> list[Any]:
    return list(row)


def _write_score(value: Any) -> Any:
    """Write a whole number without a decimal point, as it was rated."""
    return int(value) if isinstance(value, float) and value.is_integer() else value

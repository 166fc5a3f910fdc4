"""Removing a participant: what names or describes a person goes, and the log says that it went.

Personal data are: the participant's id, URL parameters, questionnaire answers, comments, unfinished pages,
what webMUSHRA posted, the reason of an exclusion, and the token of the browser. Ratings without these name
nobody and stay, unless their removal is asked for.
"""

from __future__ import annotations

import json
import shlex
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, or_, select

from mushra_server.database.clock import now
from mushra_server.database.database import Database
from mushra_server.database.participant_ids import fold_id
from mushra_server.database.schema import (
    answers,
    drafts,
    events,
    parameters,
    participant_ids,
    ratings,
    sessions,
    slots,
    submissions,
    wire_sessions,
)
from mushra_server.errors import ServerError
from mushra_server.webmushra.refused_posts import find_refused, forget_refused

__all__ = ["describe_answered", "find_answered", "forget"]

CHUNK_ROWS = 2000
SCRUB_S = 10.0
SCORE_KEYS = ("key", "attribute", "score", "listened_ms")
MOST_NAMED = 10


def forget(database: Database, participant: str, *, ratings: bool = False) -> dict[str, int]:
    """Remove a participant's personal data, or all of their data.

    Args:
        database: The ratings.
        participant: The participant's own id, or a session's name.
        ratings: Remove the ratings as well.

    Returns:
        How much was removed, by kind.

    Raises:
        ServerError: If nobody has this id, or another program keeps the removed text in the file for now.
    """
    with database.read(patient=True) as connection:
        looked_at = find_refused(connection, participant, {})
    removed: dict[str, int] = {}
    with database.write() as connection:
        named = select(participant_ids.c.session_id).where(participant_ids.c.folded == fold_id(participant))
        found = select(sessions.c.id).where(or_(sessions.c.id.in_(named), sessions.c.uuid == participant))
        # A page that is being stored comes first, and a later one belongs to nobody: PostgreSQL would let
        # what a listener is sending now be stored after all else of theirs was removed.
        keys = list(connection.execute(found.with_for_update()).scalars())
        bodies = find_refused(connection, participant, looked_at)
        refused = forget_refused(connection, (name for name, names_them in bodies.items() if names_them))
        if keys or refused:
            removed = _remove_person(connection, keys) | {"refused posts": refused}
            removed |= _remove_ratings(connection, keys) if ratings else {}
            connection.execute(events.insert(), [_event(key, ratings) for key in keys or [None]])
    if not removed:
        with database.read(patient=True) as connection:
            said = describe_answered(find_answered(connection, participant))
        raise ServerError(f"{database.name}: nobody has the id {participant!r}{said and f'; {said}'}")
    _scrub(database)
    return removed


def find_answered(connection: Connection, participant: str) -> list[str]:
    """Return the names of the sessions of which an answer is a participant's id, such as an e-mail address.

    webMUSHRA knows no other ids. Whose session it is cannot be known: `25` may be anybody's age.
    """
    wanted = fold_id(participant)
    query = select(sessions.c.uuid, answers.c.value).join_from(answers, submissions).join(sessions)
    found = connection.execute(query.distinct(), execution_options={"yield_per": CHUNK_ROWS})
    return sorted({uuid for uuid, value in found if fold_id(value) == wanted})


def describe_answered(names: Sequence[str]) -> str:
    """Return a sentence about sessions that `find_answered` found; empty if there are none."""
    if not names:
        return ""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return (
        f"it is an answer in the session {', '.join(names[:MOST_NAMED])}{more}: if that is the same person, "
        "forget the session by its name"
    )


def _remove_person(connection: Connection, keys: list[int]) -> dict[str, int]:
    pages = select(submissions.c.id).where(submissions.c.session_id.in_(keys))
    counts = {
        "URL parameters": _delete(connection, parameters, parameters.c.session_id.in_(keys)),
        "answers": _delete(connection, answers, answers.c.submission_id.in_(pages)),
        "drafts": _delete(connection, drafts, drafts.c.session_id.in_(keys)),
        "webMUSHRA bodies": _delete(connection, wire_sessions, wire_sessions.c.session_id.in_(keys)),
    }
    _delete(connection, participant_ids, participant_ids.c.session_id.in_(keys))
    commented = ratings.c.submission_id.in_(pages) & ratings.c.comment.is_not(None)
    counts["comments"] = connection.execute(ratings.update().where(commented).values(comment=None)).rowcount
    for key, body in connection.execute(
        select(submissions.c.id, submissions.c.body).where(submissions.c.session_id.in_(keys))
    ).all():
        connection.execute(submissions.update().where(submissions.c.id == key).values(body=_anonymous(body)))
    change = sessions.update().where(sessions.c.id.in_(keys))
    # A reason may name the person.
    nobody = {"participant": None, "token_hash": None, "exclusion_reason": None}
    counts["identities"] = connection.execute(change.values(nobody)).rowcount
    connection.execute(events.update().where(events.c.session_id.in_(keys)).values(reason=None))
    return counts


def _remove_ratings(connection: Connection, keys: list[int]) -> dict[str, int]:
    pages = select(submissions.c.id).where(submissions.c.session_id.in_(keys))
    count = _delete(connection, ratings, ratings.c.submission_id.in_(pages))
    _delete(connection, submissions, submissions.c.session_id.in_(keys))
    connection.execute(slots.update().where(slots.c.session_id.in_(keys)).values(session_id=None))
    # Nothing of it is left to count: neither for the quota nor on the admin page.
    left_out = sessions.update().where(sessions.c.id.in_(keys), sessions.c.excluded_at.is_(None))
    connection.execute(left_out.values(excluded_at=now()))
    return {"ratings": count}


def _delete(connection: Connection, table: Any, where: Any) -> int:
    return connection.execute(delete(table).where(where)).rowcount


def _anonymous(body: str) -> str:
    """Return a stored page answer without what was written in it."""
    found = json.loads(body)
    # Earlier releases kept whatever keys were sent.
    rated = [{name: one[name] for name in SCORE_KEYS if name in one} for one in found["ratings"]]
    known = {name: found[name] for name in ("attempt", "time_ms") if name in found}
    return json.dumps({**known, "ratings": rated, "answers": {}})


def _event(key: int | None, with_ratings: bool) -> dict[str, Any]:
    return {
        "at": now(),
        "session_id": key,
        "action": "forget",
        "reason": "ratings too" if with_ratings else None,
    }


def _scrub(database: Database) -> None:
    """Make SQLite overwrite what was deleted, in the file and in its log.

    Raises:
        ServerError: If another program keeps old pages from being overwritten.
    """
    if not database.sqlite:
        return
    with database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        try:
            raw.execute("VACUUM")
        except sqlite3.Error as error:  # it takes the lock of a writer, and room for a second file
            raise ServerError(
                f"{database.name}: the data were removed, but the file could not be rewritten ({error}), and "
                "their bytes may still be in it; stop what else has it open or make room, then run "
                f"`sqlite3 {shlex.quote(database.name)} VACUUM`"
            ) from None
        deadline = time.monotonic() + SCRUB_S
        while True:
            busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return
            if time.monotonic() >= deadline:
                raise ServerError(
                    f"{database.name}: the data were removed, but what another program is reading is "
                    "still in the file and its log (-wal); stop the server and whatever else has it open, "
                    "and the last one overwrites it"
                )
            time.sleep(0.05)

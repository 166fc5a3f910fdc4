"""The life of a session: it starts, is found again by its token, finishes, is excluded and restored.

A session is one participant's run. Its browser has a random token (a cookie, and the resume link); the
database has the token's hash. Everything here works on one open transaction.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, exists, func, select

from mushra_server.database import slots
from mushra_server.database.clock import ago, boot, now, steady_s
from mushra_server.database.database import get_inserted_id
from mushra_server.database.participant_ids import fold_id
from mushra_server.database.schema import activity, events, parameters, participant_ids, sessions
from mushra_server.database.schema import slots as slot_table
from mushra_server.database.settings import hash_token

__all__ = [
    "Session",
    "count_finished",
    "exclude",
    "find_by_participant",
    "find_by_token",
    "find_by_uuid",
    "find_parameter",
    "finish",
    "is_screened_out",
    "move_to_slot",
    "new_token",
    "restore",
    "screen_out",
    "start",
    "touch",
]

SEEN_MIN = 0.5
SCREEN_OUT = "screen out"
RESTORE = "restore"


@dataclass(frozen=True)
class Session:
    """One participant's run, as the server needs it for a request.

    Attributes:
        id: Row number, used only within the database.
        uuid: The name that exports use.
        slot: Row of the balanced design; -1 for a session of webMUSHRA, which has none.
        simulated: True for a rehearsal by simulated listeners.
        participant: The participant's own id, or None.
        finished: True once the listener came to the end.
        excluded: True while the experimenter leaves the session out.
        holds_slot: False once the slot was given back.
        last_seen_at: When the listener was last noted to be there.
    """

    id: int
    uuid: str
    slot: int
    simulated: bool
    participant: str | None
    finished: bool
    excluded: bool
    holds_slot: bool
    last_seen_at: str


def start(
    connection: Connection,
    *,
    simulated: bool,
    participant: str | None,
    kept: Mapping[str, str],
    abandoned_after_min: float,
    token: str | None = None,
) -> tuple[Session, str]:
    """Start a session: take a slot, keep the URL parameters.

    Args:
        connection: An open write transaction.
        simulated: Whether a program plays the listener.
        participant: The participant's own id, or None.
        kept: URL parameters to keep, as text.
        abandoned_after_min: Minutes without a request after which an unfinished session's slot is handed
            out again.
        token: The session's token if it follows from the start; else it is drawn at random.

    Returns:
        The session and its token, of which only a hash is stored.
    """
    slots.give_back_abandoned(connection, abandoned_after_min)
    participant = _as_first_typed(connection, participant, simulated)
    token, time = token or secrets.token_urlsafe(32), now()
    name = str(uuid.uuid4())
    row = sessions.insert().values(
        uuid=name,
        token_hash=hash_token(token),
        simulated=int(simulated),
        participant=participant,
        created_at=time,
        last_seen_at=time,
    )
    key = get_inserted_id(connection.execute(row))
    slot = slots.take(connection, key, simulated=simulated)
    connection.execute(sessions.update().where(sessions.c.id == key).values(slot=slot))
    _note_activity(connection, key, time)
    if participant:
        connection.execute(participant_ids.insert().values(session_id=key, folded=fold_id(participant)))
    if kept:
        rows = [{"session_id": key, "name": name, "value": value} for name, value in kept.items()]
        connection.execute(parameters.insert(), rows)
    session = Session(
        key,
        name,
        slot,
        simulated,
        participant,
        finished=False,
        excluded=False,
        holds_slot=True,
        last_seen_at=time,
    )
    return session, token


def find_by_token(connection: Connection, token: str, *, lock: bool = False) -> Session | None:
    """Return the session of a token, or None; ``lock`` makes other workers wait for this transaction."""
    query = _LOCK_BY_TOKEN if lock else _BY_TOKEN
    return _session(connection.execute(query, {"hash": hash_token(token)}).first())


def find_by_uuid(connection: Connection, name: str) -> Session | None:
    """Return the session with a name, or None."""
    return _session(connection.execute(_columns().where(sessions.c.uuid == name)).first())


def find_by_participant(
    connection: Connection, participant: str, *, simulated: bool = False
) -> Session | None:
    """Return a real or a simulated session of a participant, excluded or not, or None."""
    same = (participant_ids.c.folded == fold_id(participant)) & (sessions.c.simulated == int(simulated))
    query = _columns().join(participant_ids, participant_ids.c.session_id == sessions.c.id).where(same)
    return _session(connection.execute(query.order_by(sessions.c.id).limit(1)).first())


def find_parameter(connection: Connection, session: Session, name: str) -> str | None:
    """Return the text that a session keeps under a name, or None."""
    query = select(parameters.c.value).where(parameters.c.session_id == session.id, parameters.c.name == name)
    return connection.execute(query).scalar_one_or_none()


def new_token(connection: Connection, session: Session) -> str:
    """Give a session another token; the one before it stops working."""
    token = secrets.token_urlsafe(32)
    change = sessions.update().where(sessions.c.id == session.id).values(token_hash=hash_token(token))
    connection.execute(change)
    return token


def move_to_slot(connection: Connection, session: Session, slot: int) -> None:
    """Let a session follow another row of the design; a session there loses it and keeps its data."""
    slots.give_to(connection, session.id, slot, simulated=session.simulated)
    connection.execute(sessions.update().where(sessions.c.id == session.id).values(slot=slot))


def touch(connection: Connection, session: Session) -> None:
    """Note that a session's listener is there, and take its slot again if it had been given back.

    The time is written at most twice per minute: it shows who has left, and a separate write
    for every page would be a quarter of what a page costs the disk.
    """
    if not ago(SEEN_MIN) <= session.last_seen_at <= now():  # a clock that was set back is later
        time = now()
        connection.execute(_SEEN, {"session": session.id, "time": time})
        _note_activity(connection, session.id, time)
    if not session.holds_slot and not session.excluded:
        _retake(connection, session)


def finish(connection: Connection, session: Session) -> None:
    """Mark a session as finished; a second time changes nothing."""
    change = sessions.update().where(sessions.c.id == session.id, sessions.c.finished_at.is_(None))
    connection.execute(change.values(finished_at=now()))
    touch(connection, session)


def count_finished(connection: Connection, *, simulated: bool) -> int:
    """Return how many sessions finished and are not excluded."""
    query = select(func.count()).where(
        sessions.c.simulated == int(simulated),
        sessions.c.finished_at.is_not(None),
        sessions.c.excluded_at.is_(None),
    )
    return int(connection.execute(query).scalar_one())


def exclude(connection: Connection, session: Session, reason: str) -> None:
    """Leave a session out of the exports; its data stays, its slot is handed out again."""
    change = sessions.update().where(sessions.c.id == session.id)
    connection.execute(change.values(excluded_at=now(), exclusion_reason=reason))
    slots.release(connection, session.id)
    _log(connection, session, "exclude", reason)


def screen_out(connection: Connection, session: Session, reason: str) -> None:
    """Leave a session out that ends because of an answer; its data stays, its slot is handed out again."""
    exclude(connection, session, reason)
    _log(connection, session, SCREEN_OUT, reason)


def is_screened_out(connection: Connection, session: Session) -> bool:
    """Tell whether a session ended because of an answer, and has not been restored since."""
    if not session.excluded:
        return False
    decided = (events.c.session_id == session.id) & events.c.action.in_((SCREEN_OUT, RESTORE))
    query = select(events.c.action).where(decided).order_by(events.c.id.desc()).limit(1)
    return connection.execute(query).scalar() == SCREEN_OUT  # else somebody excluded it later


def restore(connection: Connection, session: Session, reason: str) -> None:
    """Take an excluded session back into the exports."""
    change = sessions.update().where(sessions.c.id == session.id)
    connection.execute(change.values(excluded_at=None, exclusion_reason=None))
    _retake(connection, session)
    _log(connection, session, RESTORE, reason)


def _as_first_typed(connection: Connection, participant: str | None, simulated: bool) -> str | None:
    """Return a participant's id as it was written the first time, so that exports have one listener."""
    before = find_by_participant(connection, participant, simulated=simulated) if participant else None
    return participant if before is None else before.participant


def _note_activity(connection: Connection, key: int, time: str) -> None:
    seen = {"boot": boot(), "seen_s": steady_s(), "seen_at": time}
    changed = connection.execute(activity.update().where(activity.c.session_id == key).values(seen))
    if changed.rowcount == 0:
        connection.execute(activity.insert().values(session_id=key, **seen))


def _retake(connection: Connection, session: Session) -> None:
    slots.retake(connection, session.id, session.slot, simulated=session.simulated)


def _log(connection: Connection, session: Session, action: str, reason: str) -> None:
    connection.execute(events.insert().values(at=now(), session_id=session.id, action=action, reason=reason))


def _columns() -> Select[Any]:
    c = sessions.c
    held = exists().where(slot_table.c.session_id == c.id)
    return select(
        c.id,
        c.uuid,
        c.slot,
        c.simulated,
        c.participant,
        c.finished_at,
        c.excluded_at,
        c.last_seen_at,
        held.label("holds_slot"),
    )


def _session(row: Row[Any] | None) -> Session | None:
    if row is None:
        return None
    return Session(
        id=row.id,
        uuid=row.uuid,
        slot=-1 if row.slot is None else row.slot,
        simulated=bool(row.simulated),
        participant=row.participant,
        finished=row.finished_at is not None,
        excluded=row.excluded_at is not None,
        holds_slot=bool(row.holds_slot),
        last_seen_at=row.last_seen_at,
    )


# Built once: every request needs them.
_BY_TOKEN = _columns().where(sessions.c.token_hash == bindparam("hash"))
_LOCK_BY_TOKEN = _BY_TOKEN.with_for_update(of=sessions)
_SEEN = sessions.update().where(sessions.c.id == bindparam("session")).values(last_seen_at=bindparam("time"))

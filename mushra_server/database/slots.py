"""Slots: which row of the balanced design a session follows.

The smallest free slot is handed out, so drop-outs are refilled before the design grows. A session that is
abandoned or excluded gives its slot back and keeps its data; when its listener returns, it takes the slot
again if nobody has it. The primary key decides between workers that hand out at the same moment: the loser
tries again. Simulated sessions have separate slots: a rehearsal leaves the real design untouched.
"""

from __future__ import annotations

from sqlalchemy import Connection, case, func, select
from sqlalchemy.exc import IntegrityError

from mushra_server.database.clock import ago, boot, steady_s
from mushra_server.database.schema import activity, sessions, slots
from mushra_server.errors import StoreError

__all__ = ["give_back_abandoned", "give_to", "release", "retake", "take"]

TRIES = 200


def take(connection: Connection, session_id: int, *, simulated: bool) -> int:
    """Give the smallest free slot to a session and return its number.

    Raises:
        StoreError: If other workers won the race again and again.
    """
    for _ in range(TRIES):
        returned = _smallest_returned(connection, simulated)
        if returned is None:
            slot = _next_new(connection, simulated)
            if _add(connection, session_id, slot, simulated):
                return slot
        elif retake(connection, session_id, returned, simulated=simulated):
            return returned
    raise StoreError(
        f"no slot could be handed out in {TRIES} tries: too many sessions start at the same moment"
    )


def give_to(connection: Connection, session_id: int, slot: int, *, simulated: bool) -> None:
    """Give a chosen slot to a session, even if another one has it."""
    of_kind = slots.c.simulated == int(simulated)
    others = of_kind & (slots.c.slot == slot) & (slots.c.session_id.is_distinct_from(session_id))
    connection.execute(slots.delete().where(others))
    connection.execute(slots.update().where(slots.c.session_id == session_id).values(slot=slot))


def release(connection: Connection, session_id: int) -> None:
    """Give back the slot of a session, if it has one."""
    connection.execute(slots.update().where(slots.c.session_id == session_id).values(session_id=None))


def retake(connection: Connection, session_id: int, slot: int, *, simulated: bool) -> bool:
    """Take a slot again that was given back; return False if another session has it by now."""
    held = connection.execute(
        slots.update()
        .where(slots.c.simulated == int(simulated), slots.c.slot == slot, slots.c.session_id.is_(None))
        .values(session_id=session_id)
    )
    return held.rowcount == 1


def give_back_abandoned(connection: Connection, minutes: float) -> int:
    """Give back the slots of unfinished sessions that were silent for some minutes; return how many.

    A clock that is set, or a machine that slept, makes nobody silent: if the time last seen was noted since
    this machine's start, its steady clock decides.
    """
    known = (activity.c.boot == boot()) & (activity.c.seen_at == sessions.c.last_seen_at)
    silent = case(
        (known, activity.c.seen_s < steady_s() - 60 * minutes),
        else_=sessions.c.last_seen_at < ago(minutes),
    )
    abandoned = (
        select(sessions.c.id)
        .join(slots, slots.c.session_id == sessions.c.id)
        .outerjoin(activity, activity.c.session_id == sessions.c.id)
        # The join says so, too, but PostgreSQL reads all slots, and so all who ever left, unless it is told.
        .where(sessions.c.finished_at.is_(None), slots.c.session_id.is_not(None), silent)
    )
    return connection.execute(
        slots.update().where(slots.c.session_id.in_(abandoned)).values(session_id=None)
    ).rowcount


def _smallest_returned(connection: Connection, simulated: bool) -> int | None:
    free = select(func.min(slots.c.slot)).where(
        slots.c.simulated == int(simulated), slots.c.session_id.is_(None)
    )
    return connection.execute(free).scalar()


def _next_new(connection: Connection, simulated: bool) -> int:
    last = connection.execute(
        select(func.max(slots.c.slot)).where(slots.c.simulated == int(simulated))
    ).scalar()
    return 0 if last is None else int(last) + 1


def _add(connection: Connection, session_id: int, slot: int, simulated: bool) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(
                slots.insert().values(simulated=int(simulated), slot=slot, session_id=session_id)
            )
    except IntegrityError:
        return False
    return True

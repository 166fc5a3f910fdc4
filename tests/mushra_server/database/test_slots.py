"""Slots: the smallest free one, never the same twice, and back again from those who leave."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from mushra_server.database import sessions, slots
from mushra_server.database.database import Database, sqlite_url
from mushra_server.errors import StoreError
from tests.mushra_server.database.slot_takers import take_slots
from tests.warm import FORKSERVER


@pytest.fixture
def database(tmp_path):
    opened = Database(sqlite_url(tmp_path / "ratings.sqlite3"))
    yield opened
    opened.close()


@pytest.fixture
def url(url):
    Database(url).close()
    return url


def start(connection, **changes):
    options = {"simulated": False, "participant": None, "kept": {}, "abandoned_after_min": 60.0, **changes}
    return sessions.start(connection, **options)[0]


def hand_out(url, processes, each):
    """Start sessions in many processes at once and return the slots that they got."""
    taken = FORKSERVER.SimpleQueue()
    running = [FORKSERVER.Process(target=take_slots, args=(url, each, taken)) for _ in range(processes)]
    for process in running:
        process.start()
    for process in running:
        process.join(150)  # before anything is read: one that failed would be waited for without end
    assert [process.exitcode for process in running] == [0] * processes
    found = sorted(taken.get() for _ in range(processes * each))
    assert taken.empty()
    return found


@pytest.mark.slow
def test_many_processes_get_every_slot_once(url):
    assert hand_out(url, 8, 10) == list(range(80))


def test_abandoned_sessions_give_their_slots_back_and_keep_their_data(database):
    with database.write() as connection:
        first, second = start(connection), start(connection)
        sessions.finish(connection, second)
    with database.write() as connection:
        # A minute of the future: everybody has been silent for longer than "now".
        assert slots.give_back_abandoned(connection, -1) == 1, "a finished session keeps its slot"
        third = start(connection)
    assert (first.slot, second.slot, third.slot) == (0, 1, 0)
    with database.read() as connection:
        assert sessions.find_by_uuid(connection, first.uuid).slot == 0, "the old session keeps its plan"


def test_a_listener_who_returns_takes_the_slot_again_if_it_is_free(database):
    with database.write() as connection:
        first = start(connection)
        slots.give_back_abandoned(connection, -1)
        sessions.touch(connection, sessions.find_by_uuid(connection, first.uuid))
        assert start(connection).slot == 1
        slots.release(connection, first.id)
        other = start(connection)
        sessions.touch(connection, sessions.find_by_uuid(connection, first.uuid))
        assert other.slot == 0 and start(connection).slot == 2


def test_it_says_so_when_no_slot_can_be_had(database, monkeypatch):
    monkeypatch.setattr(slots, "_add", lambda *_: False)
    with pytest.raises(StoreError, match="too many sessions start at the same moment"), database.write() as c:
        start(c)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["start", "leave", "return"]), st.integers(0, 9)), max_size=30))
def test_the_smallest_free_slot_is_handed_out(tmp_path_factory, steps):
    """Against a model: a set of held slots."""
    database = Database(sqlite_url(tmp_path_factory.mktemp("slots") / "r.sqlite3"))
    held, known = {}, []
    with database.write() as connection:
        for step, number in steps:
            if step == "start":
                session = start(connection)
                free = next(slot for slot in range(len(held) + 1) if slot not in held.values())
                assert session.slot == free
                held[session.id] = free
                known.append(session)
            elif known:
                session = known[number % len(known)]
                if step == "leave":
                    slots.release(connection, session.id)
                    held.pop(session.id, None)
                else:
                    sessions.touch(connection, sessions.find_by_uuid(connection, session.uuid))
                    if session.slot not in held.values():
                        held[session.id] = session.slot
    database.close()


@pytest.mark.slow
def test_who_left_long_ago_is_not_looked_at_again_by_each_start(postgresql_url):
    """They hold no slot. PostgreSQL says what it reads; it knows that by its statistics."""
    many = "SELECT n, 'u' || n, 'h' || n, 0, '2026-01-01', '2026-01-01', n FROM generate_series(1, 3000) n"
    columns = "id, uuid, token_hash, simulated, created_at, last_seen_at, slot"
    read = []

    def explain(connection, cursor, statement, values, *_):
        if statement.startswith("UPDATE slots"):
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
            read.append(sum(rows_of(cursor.fetchone()[0][0]["Plan"])))

    def rows_of(plan):
        yield plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        for part in plan.get("Plans", ()):
            yield from rows_of(part)

    database = Database(postgresql_url)
    try:
        with database.write() as connection:
            connection.execute(text(f"INSERT INTO sessions ({columns}) {many}"))
            connection.execute(
                text("INSERT INTO slots (simulated, slot) SELECT 0, n FROM generate_series(1, 3000) n")
            )
            connection.execute(text("ANALYZE"))
        event.listen(database.engine, "before_cursor_execute", explain)
        with database.write() as connection:
            slots.give_back_abandoned(connection, 60)
    finally:
        database.close()
    assert len(read) == 1 and read[0] < 100

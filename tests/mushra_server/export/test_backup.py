"""Backups: complete, consistent and private, also while the database is written to."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest
from sqlalchemy import Engine, event

from mushra_server.app import create_app
from mushra_server.errors import ServerError
from mushra_server.export.backup import back_up


def test_a_backup_has_what_is_still_in_the_log(make_app, make_listener, tmp_path):
    app = make_app()
    make_listener(app).start().save_all().finish()
    server = app.extensions["listenable"]
    out = tmp_path / "copy.sqlite3"
    assert back_up(f"sqlite:///{server.database.name}", out) == 1
    assert out.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["copy.sqlite3"], "one file"
    with closing(sqlite3.connect(out)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM submissions").fetchone() == (6,)
        assert connection.execute("SELECT COUNT(*) FROM export_ratings").fetchone() == (15,)
    restored = create_app(server.study.root, f"sqlite:///{out}")
    restored.extensions["listenable"].database.close()


def test_a_backup_while_pages_are_saved_is_one_moment(make_app, make_listener, tmp_path):
    app = make_app()
    database = app.extensions["listenable"].database
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            with database.write() as connection:  # two rows that belong together
                for name in ("left", "right"):
                    connection.exec_driver_sql(
                        "INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, str(number))
                    )

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(10):
            out = tmp_path / f"{number}.sqlite3"
            back_up(f"sqlite:///{database.name}", out)
            with closing(sqlite3.connect(out)) as connection:
                query = "SELECT COUNT(DISTINCT value) FROM meta WHERE key IN ('left', 'right')"
                assert connection.execute(query).fetchone()[0] <= 1
    finally:
        stop.set()
        writer.join()


def test_what_cannot_be_backed_up_is_one_sentence(make_app, tmp_path):
    database = make_app().extensions["listenable"].database
    taken = tmp_path / "taken"
    taken.write_text("kept")
    cases = {
        (f"sqlite:///{database.name}", taken): f"{taken}: exists already; choose another name with --out",
        (f"sqlite:///{database.name}", tmp_path / "study/ratings.sqlite3"): "exists already",
        (
            f"sqlite:///{tmp_path / 'none'}",
            tmp_path / "x",
        ): "none: not found; the study has not been served yet",
    }
    for (url, out), sentence in cases.items():
        with pytest.raises(ServerError) as raised:
            back_up(url, out)
        assert sentence in str(raised.value)
    assert taken.read_text() == "kept" and not (tmp_path / "x").exists()


def test_a_backup_of_postgresql_is_a_database_of_sqlite(make_app, make_listener, postgresql_url, tmp_path):
    app = make_app(url=postgresql_url)
    make_listener(app).start().save_all().finish()
    server = app.extensions["listenable"]
    out = tmp_path / "copy.sqlite3"
    assert back_up(postgresql_url, out) == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["copy.sqlite3"], "one file"
    with server.database.read() as connection:
        expected = connection.exec_driver_sql("SELECT item, condition, score FROM export_ratings").all()
    with closing(sqlite3.connect(out)) as connection:
        found = connection.execute("SELECT item, condition, score FROM export_ratings").fetchall()
    assert sorted(found) == sorted(map(tuple, expected)) and len(found) == 15
    restored = create_app(server.study.root, f"sqlite:///{out}")
    restored.extensions["listenable"].database.close()
    with pytest.raises(ServerError) as raised:
        back_up("postgresql://u:secret@127.0.0.1:1/ratings", tmp_path / "x")
    assert "secret" not in str(raised.value) and not (tmp_path / "x").exists()


def test_a_backup_of_postgresql_does_not_hold_a_table_in_memory(
    make_app, make_listener, postgresql_url, tmp_path
):
    """The studio's serving process makes one, and answers of gigabytes would be in it at once."""
    make_listener(make_app(url=postgresql_url)).start().save_all()
    known = []

    def look(connection, cursor, statement, *_):
        if statement.startswith("SELECT") and connection.dialect.name == "postgresql":
            known.extend([cursor.rowcount] if "FROM submissions" in statement else [])

    event.listen(Engine, "after_cursor_execute", look)
    try:
        back_up(postgresql_url, tmp_path / "copy.sqlite3")
    finally:
        event.remove(Engine, "after_cursor_execute", look)
    assert known == [-1], "how many rows there are is known once all of them have come"

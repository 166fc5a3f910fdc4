"""The database's file under a running server: removed, replaced, overwritten, damaged."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from mushra_server.database import database as database_module
from mushra_server.database.database import Database, sqlite_url
from mushra_server.errors import StoreError, Unavailable
from mushra_server.export.backup import back_up
from tests.mushra_server.conftest import answer_to


def remove(file):
    file.unlink()


def remove_all(file):
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()


def remove_log(file):
    file.with_name(f"{file.name}-wal").unlink()


def remove_index(file):
    file.with_name(f"{file.name}-shm").unlink()


def replace(file):
    shutil.copy(file, file.with_name("copy"))
    file.with_name("copy").replace(file)


def replace_by_another(file):
    with closing(sqlite3.connect(file.with_name("other"))) as connection:
        connection.execute("CREATE TABLE meta (key, value)")
    file.with_name("other").replace(file)


def truncate(file):
    os.truncate(file, 0)


def overwrite(file):
    with file.open("r+b") as opened:
        opened.write(b"not a database at all, for sure" * 8)


def overwrite_by_another(file):
    with closing(sqlite3.connect(file.with_name("other"))) as connection:
        connection.execute("CREATE TABLE meta (key, value)")
    write_over(file, file.with_name("other").read_bytes())


def write_over(file, content):
    """Write as `cp` does: the inode stays."""
    with file.open("r+b") as opened:
        opened.truncate(0)
        opened.write(content)


def grow(file, pragma="wal_checkpoint(PASSIVE)"):
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO meta VALUES (?, ?)", (str(time.time_ns()), "x" * 20_000))
        connection.commit()
        connection.execute(f"PRAGMA {pragma}")


def overwrite_by_a_backup(file):
    back_up(sqlite_url(file), file.with_name("backup"))
    write_over(file, file.with_name("backup").read_bytes())


def overwrite_the_log_by_an_earlier_copy(file):
    log = file.with_name(f"{file.name}-wal")
    before = log.read_bytes()
    grow(file, "wal_checkpoint(RESTART)")  # the next page starts the log over
    grow(file)
    write_over(log, before)


def shorten_the_log(file):
    log = file.with_name(f"{file.name}-wal")
    before = log.read_bytes()
    grow(file)
    write_over(log, before)


def fold_away(file):
    file.parent.rename(file.parent.with_name("moved"))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (remove, "ratings.sqlite3 was removed"),
        (remove_all, "ratings.sqlite3 was removed"),
        (remove_log, "ratings.sqlite3-wal was removed"),
        (remove_index, "ratings.sqlite3-shm was removed"),
        (replace, "ratings.sqlite3 was replaced"),
        (replace_by_another, "ratings.sqlite3 was replaced"),
        (truncate, "ratings.sqlite3 was overwritten"),
        (overwrite, "ratings.sqlite3 was overwritten"),
        (overwrite_by_another, "ratings.sqlite3 was overwritten"),
        (overwrite_by_a_backup, "ratings.sqlite3 was overwritten"),
        (overwrite_the_log_by_an_earlier_copy, "ratings.sqlite3-wal was overwritten"),
        (shorten_the_log, "ratings.sqlite3-wal was overwritten"),
        (fold_away, "ratings.sqlite3 was removed"),
    ],
)
def test_nothing_is_acknowledged_without_the_file(make_app, make_listener, harm, said):
    app = make_app()
    listener = make_listener(app).start()
    listener.save(0)
    harm(app.extensions["listenable"].study.root / "ratings.sqlite3")
    client = listener.client
    page = answer_to(listener.state["pages"][1])
    for answer in (
        listener.put(1, page),
        client.put("/api/session/pages/1/draft", json=page),
        client.post("/api/session/finish", json={}),
        client.get("/api/session"),
        app.test_client().post("/api/session", json={}),
    ):
        assert answer.status_code == 503, answer.json
        assert answer.json["error"] == (
            f"the ratings database {said} while the server was running; nothing was stored: keep "
            "this page open, and tell the experimenter to put the file back and restart the server"
        )
        assert answer.headers["Retry-After"] == "30"
    assert app.test_client().get("/admin/login").status_code == 200, "what needs no database still works"


def test_a_file_that_comes_back_is_used_again(make_app, make_listener, rows):
    app = make_app()
    listener = make_listener(app).start()
    file = app.extensions["listenable"].study.root / "ratings.sqlite3"
    file.rename(file.with_name("away"))
    assert listener.put(0, answer_to(listener.state["pages"][0])).status_code == 503
    file.with_name("away").rename(file)
    listener.save(0)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM submissions").fetchone() == (1,)


def test_a_link_that_leads_to_another_study_is_noticed(make_study, make_app, make_listener, tmp_path):
    link, other = tmp_path / "link", make_study("other")
    link.symlink_to(make_study(), target_is_directory=True)
    app = make_app(link)
    listener = make_listener(app).start()
    listener.save(0)
    shutil.copy(link / "ratings.sqlite3", other)
    link.unlink()
    link.symlink_to(other, target_is_directory=True)
    answer = listener.put(1, answer_to(listener.state["pages"][1]))
    assert answer.status_code == 503 and "was replaced" in answer.json["error"]
    link.unlink()
    link.symlink_to(tmp_path / "study", target_is_directory=True)
    listener.save(1)


def test_a_disk_that_cannot_be_read_is_503(app, listener, tmp_path):
    handle = app.extensions["listenable"].database._watch._file._handle
    kept, folder = os.dup(handle), os.open(tmp_path, os.O_RDONLY)
    os.dup2(folder, handle)  # of a folder nothing can be read
    try:
        answer = listener.put(0, answer_to(listener.state["pages"][0]))
        assert answer.status_code == 503 and "cannot be read (Is a directory)" in answer.json["error"]
    finally:
        os.dup2(kept, handle)
        os.close(kept)
        os.close(folder)
    listener.save(0)


def test_an_earlier_copy_of_the_same_database_is_another(make_app):
    database = make_app().extensions["listenable"].database
    before = database.file.read_bytes()
    grow(database.file)
    with database.read():
        pass
    write_over(database.file, before)
    with pytest.raises(Unavailable, match=r"ratings\.sqlite3 was overwritten"), database.read():
        pass


def test_what_belongs_to_the_database_overwrites_nothing(make_app):
    """Checkpoints, a log that starts over and a file that is rewritten are no other file."""
    database = make_app().extensions["listenable"].database
    for pragma in ("wal_checkpoint(PASSIVE)", "wal_checkpoint(RESTART)", "wal_checkpoint(TRUNCATE)"):
        with database.write() as connection:
            connection.exec_driver_sql("INSERT INTO meta VALUES (?, ?)", (str(time.time_ns()), "x" * 20_000))
        grow(database.file, pragma)
        with closing(sqlite3.connect(database.file)) as connection:
            connection.execute("DELETE FROM meta WHERE LENGTH(value) > 1000")
            connection.commit()
            connection.execute("VACUUM")
        with database.read() as connection:
            connection.exec_driver_sql("SELECT COUNT(*) FROM sessions")


def test_a_commit_into_a_file_that_was_removed_meanwhile_is_not_acknowledged(make_app):
    database = make_app().extensions["listenable"].database
    with pytest.raises(Unavailable), database.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = 'x' WHERE key = 'closed'")
        remove(database._watch.path)


def test_watching_leaves_the_locks_of_other_connections_alone(make_app):
    """POSIX drops a process' locks on a file when any handle of it is closed: a second app must not."""
    app = make_app()
    database = app.extensions["listenable"].database
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO meta VALUES ('probe', '1')")
        second = Database(database.engine.url.render_as_string())
        second.guard()
        second.close()
        program = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=0); c.execute('BEGIN IMMEDIATE')"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, database.name], capture_output=True, text=True, check=False
        )
        assert "database is locked" in done.stderr


def damaged(path):
    """Make a database whose pages do not fit together."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [(os.urandom(500),) for _ in range(2000)])
        connection.execute("CREATE INDEX i ON t (x)")
        connection.commit()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(b"\xff" * 8192)


def test_a_damaged_database_is_not_served(make_app, make_study):
    study = make_study()
    make_app(study).extensions["listenable"].database.close()
    damaged(study / "ratings.sqlite3")
    with pytest.raises(
        StoreError, match=r"ratings.sqlite3: the database is damaged \(.+\); expected a sound one"
    ):
        make_app(study)


def test_a_large_damaged_database_is_found_while_it_is_served(make_app, make_study, monkeypatch):
    study = make_study()
    make_app(study).extensions["listenable"].database.close()
    damaged(study / "ratings.sqlite3")
    monkeypatch.setattr(database_module, "MAX_WAITED_BYTES", 0)
    database = Database(sqlite_url(study / "ratings.sqlite3"))
    try:
        database.guard()
        deadline = time.monotonic() + 20
        while database._damage is None and time.monotonic() < deadline:
            time.sleep(0.01)
        with (
            pytest.raises(Unavailable, match="the ratings database is damaged; nothing was stored"),
            database.read(),
        ):
            pass
    finally:
        database.close()

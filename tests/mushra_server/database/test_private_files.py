"""A database is its owner's: from the first byte, in every file that SQLite makes, and after an upgrade."""

from __future__ import annotations

import os
import stat

import pytest

from mushra_server.database.database import Database, sqlite_url


def modes(folder):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("ratings.sqlite3*")}


def test_a_new_database_is_private_whatever_the_umask(make_study, make_app, make_listener):
    study = make_study()
    before = os.umask(0)
    try:
        app = make_app(study)
        make_listener(app).start().save_all()
        found = modes(study)
    finally:
        os.umask(before)
    assert found == {f"ratings.sqlite3{ending}": 0o600 for ending in ("", "-wal", "-shm")}


@pytest.mark.parametrize("mode", [0o644, 0o666, 0o640])
def test_a_database_of_an_earlier_release_is_tightened_with_a_sentence(make_study, make_app, caplog, mode):
    study = make_study()
    make_app(study).extensions["listenable"].database.close()
    file = study / "ratings.sqlite3"
    file.chmod(mode)
    file.with_name("ratings.sqlite3-wal").touch()
    file.with_name("ratings.sqlite3-wal").chmod(mode)
    caplog.clear()
    app = make_app(study)
    assert set(modes(study).values()) == {0o600}
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        f"{file}{ending}: others could read it (mode {mode:03o}); now only its owner can"
        for ending in ("", "-wal")
    ]
    app.extensions["listenable"].database.close()
    caplog.clear()
    Database(sqlite_url(file), create=False).close()
    assert not caplog.records, "a private one is not worth a sentence"

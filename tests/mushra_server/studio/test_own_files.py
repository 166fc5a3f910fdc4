"""The studio's own files: one process has them, and what is acknowledged is in the file that is there."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from werkzeug.test import Client

from mushra_server.commands.studio import studio as command
from mushra_server.database.databases import Databases
from mushra_server.errors import StoreError, Unavailable
from mushra_server.many import ManyStudies
from mushra_server.studio import accounts
from mushra_server.studio.app import studio_of
from mushra_server.studio.sole_studio import take_folder
from mushra_server.studio.store import Store
from mushra_server.studio.studies import find_study
from stimuli.vocabulary import RATINGS_NAME
from tests.mushra_server.conftest import build
from tests.mushra_server.studio.conftest import Browser

ENDINGS = ("", "-wal", "-shm")


def move(data: Path, aside: Path) -> None:
    """Move the studio's database, as somebody does who goes back to a copy."""
    for ending in ENDINGS:
        shutil.move(data / f"studio.sqlite3{ending}", aside / f"studio.sqlite3{ending}")


def test_nothing_is_acknowledged_without_the_studios_file(
    studio: ManyStudies, admin: Browser, tmp_path: Path
) -> None:
    """What was done went into a file without a name, and was gone after the next start."""
    build(studio.folder / "codecs")
    admin.get("/")
    admin.post("/studies/codecs/launch/open")
    data, aside, copy = studio.folder / ".studio", tmp_path / "aside", tmp_path / "copy"
    aside.mkdir()
    shutil.copytree(data, copy)
    move(data, aside)
    for path, fields in (("/studies", {"title": "New"}), ("/people", {"name": "Vera"})):
        answer = admin.post(path, **fields)
        assert answer.status_code == 503 and "studio.sqlite3 was removed" in answer.text, path
    listener = Client(studio).post("/s/codecs/api/session", json={})
    assert listener.status_code == 201, "listeners do without the studio's own file"
    for ending in ENDINGS:
        shutil.copy(copy / f"studio.sqlite3{ending}", data)
    answer = admin.post("/people", name="Vera")
    assert answer.status_code == 503 and "was replaced" in answer.text
    move(aside, data)
    assert admin.post("/people", name="Vera").status_code == 200


def test_a_database_that_fails_is_a_sentence(
    studio: ManyStudies, admin: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    """PostgreSQL that ends a connection in mid-commit may have done it; "nothing was stored" was a guess."""
    with closing(sqlite3.connect(studio.folder / ".studio" / "studio.sqlite3")) as database:
        database.execute("ALTER TABLE studies RENAME TO gone")
        database.commit()
        answers = [admin.get("/"), admin.post("/studies", title="New")]
        database.execute("ALTER TABLE gone RENAME TO studies")
        database.commit()
    for answer in answers:
        assert answer.status_code == 503 and "look whether this was done" in answer.text
        assert answer.headers["Retry-After"] == "5"
    assert "no such table: studies" in caplog.text and "Traceback" not in caplog.text
    assert admin.post("/studies", title="New").status_code == 302


def test_a_study_whose_config_cannot_be_read_is_a_sentence(
    studio: ManyStudies, admin: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    config = build(studio.folder / "codecs") / "config.yaml"
    admin.get("/")
    config.write_text("pages: [")
    for path in ("launch", "watch"):
        answer = admin.get(f"/studies/codecs/{path}")
        assert answer.status_code == 503 and "cannot be served now" in answer.text, path
    assert "config.yaml, line 1" in caplog.text and "Traceback" not in caplog.text


def test_what_an_earlier_copy_overwrote_is_noticed(tmp_path: Path) -> None:
    first = Store(tmp_path)
    accounts.ensure_first_account(first)
    first.close()
    copy = (tmp_path / ".studio" / "studio.sqlite3").read_bytes()
    store = Store(tmp_path)
    with store.write() as connection:
        accounts.add_account(connection, "Vera")
    (tmp_path / ".studio" / "studio.sqlite3").write_bytes(copy)
    (tmp_path / ".studio" / "studio.sqlite3-wal").write_bytes(b"")
    with pytest.raises(Unavailable, match="was overwritten"), store.write():
        pass
    store.close()


def test_one_studio_at_a_time_has_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two do not know what the other one builds: one replaced a study that the other had opened."""
    lab = tmp_path / "lab"
    taken = take_folder(lab)
    monkeypatch.setattr("mushra_server.commands.studio.run_until_stopped", lambda *_: None)
    with pytest.raises(StoreError, match="lab: another studio serves this folder; stop it first"):
        command(lab, port=0)
    assert list((lab / ".studio").iterdir()) == [], "nothing was made"
    taken.close()
    take_folder(lab).close()


def test_the_log_of_a_study_that_is_being_closed_takes_no_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite removes it with the last connection, as soon as somebody has looked at it."""
    databases, log = Databases(tmp_path), tmp_path / "codecs" / f"{RATINGS_NAME}-wal"
    log.parent.mkdir()
    log.touch()
    look = Path.stat

    def look_once(path: Path, **options: bool) -> os.stat_result:
        found = look(path, **options)
        if path == log:
            log.unlink()
        return found

    monkeypatch.setattr(Path, "stat", look_once)
    assert databases.count(["codecs"])["codecs"].started == 0
    assert not os.path.lexists(log)


def test_a_study_whose_ratings_cannot_be_read_was_served(studio: ManyStudies, admin: Browser) -> None:
    for name in ("codecs", "served"):
        build(studio.folder / name)
    (studio.folder / "served" / RATINGS_NAME).write_bytes(b"SQLite format 3\0" + bytes(100))
    assert admin.get("/").status_code == 200
    with studio_of(studio).store.read() as connection:
        fixed = [find_study(connection, name).launched_at is not None for name in ("codecs", "served")]
    assert fixed == [False, True]

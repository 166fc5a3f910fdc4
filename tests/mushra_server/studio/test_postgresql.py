"""A studio on PostgreSQL: a schema per study in one database, with one pool of connections."""

from __future__ import annotations

import io
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, make_url, text
from werkzeug.test import Client

from analysis import load_ratings
from mushra_server.database import databases as database_files
from mushra_server.database import summaries
from mushra_server.database.databases import Databases
from mushra_server.database.engines import open_engine
from mushra_server.database.schemas import name_schema, read_schema, url_in_schema
from mushra_server.errors import StoreError, Unavailable
from mushra_server.many import ManyStudies
from mushra_server.studio import accounts, sole_studio
from mushra_server.studio.app import close_studio, create_studio, studio_of
from mushra_server.studio.store import log_action
from mushra_server.studio.studies import change_study
from tests.mushra_server.conftest import answer_to, build
from tests.mushra_server.studio.conftest import Browser

STUDIES = 10


@pytest.fixture
def lab(tmp_path: Path, postgresql_url: str) -> Iterator[ManyStudies]:
    served = create_studio(tmp_path / "lab", database_url=postgresql_url)
    yield served
    close_studio(served)


def take_part(served: ManyStudies, study: str, participant: str) -> None:
    listener = Client(served)
    state = listener.post(f"/s/{study}/api/session", json={"parameters": {"PROLIFIC_PID": participant}}).json
    assert state is not None
    for page in state["pages"]:
        path = f"/s/{study}/api/session/pages/{page['index']}"
        assert listener.put(path, json=answer_to(page)).status_code == 200
    assert listener.post(f"/s/{study}/api/session/finish", json={}).status_code == 200


def test_the_plan_of_the_counts_is_kept(tmp_path: Path, postgresql_url: str) -> None:
    """With 200 studies, planning takes four times as long as counting."""
    databases = Databases(tmp_path, postgresql_url)
    databases.open("one").close()
    for _ in range(2):
        assert databases.count(["one"])["one"].started == 0
    assert databases.engine is not None
    with databases.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars().all()
    databases.close()
    assert any('"study_one".sessions' in statement for statement in kept)


def test_counting_many_studies_takes_few_locks_and_keeps_few_plans(
    tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that PostgreSQL does at one time shares some thousands of locks, and each study takes a dozen."""
    monkeypatch.setattr(database_files, "COUNTED_AT_ONCE", 2)
    monkeypatch.setattr(summaries, "MOST_PLANS", 3)
    databases = Databases(tmp_path, postgresql_url)
    assert databases.engine is not None
    names = [f"s{number}" for number in range(5)]
    for name in names:
        databases.open(name).close()
    asked: list[int] = []

    @event.listens_for(databases.engine, "after_cursor_execute")
    def look(connection: Any, cursor: Any, statement: str, *_: object) -> None:
        if statement.startswith("EXECUTE"):
            with connection.connection.cursor() as own:
                own.execute(
                    "SELECT count(DISTINCT relnamespace) FROM pg_locks JOIN pg_class c ON c.oid = relation "
                    "WHERE pid = pg_backend_pid() AND relname = 'sessions'"
                )
                asked.append(own.fetchone()[0])

    for some in (names, names[1:], names[:3], names):
        found = databases.count(some)
        assert list(found) == some and all(one.started == 0 for one in found.values())
    assert max(asked) == 2
    with databases.engine.connect() as connection:
        kept = connection.exec_driver_sql(
            "SELECT name FROM pg_prepared_statements WHERE name ~ 'counts_'"
        ).all()
    databases.close()
    assert len(kept) == 3


def test_nobody_who_is_refused_takes_the_plans_of_others(lab: ManyStudies) -> None:
    """A refusal rolls its transaction back, and psycopg drops what the connection has planned."""
    parts = studio_of(lab)
    token = accounts.ensure_first_account(parts.store)
    assert token is not None
    admin = Browser(lab, token)
    build(lab.folder / "codecs", n_items=1)
    admin.get("/studies/codecs/launch")
    with lab.use("codecs"):  # makes its database
        pass
    with parts.store.write() as connection:
        token = accounts.add_account(connection, "stranger")
    stranger = Browser(lab, token)
    for _ in range(8):  # psycopg has plans of its own after five times
        assert admin.get("/").status_code == 200
    assert stranger.get("/studies/codecs").status_code == 404
    assert [admin.get("/").status_code for _ in range(4)] == [200] * 4
    assert admin.get("/studies/codecs").status_code == 200


def test_a_study_that_nobody_has_heard_yet_is_watched(lab: ManyStudies) -> None:
    token = accounts.ensure_first_account(studio_of(lab).store)
    assert token is not None
    admin = Browser(lab, token)
    build(lab.folder / "codecs", n_items=1)
    admin.get("/")
    for page in ("", "?page=2"):
        assert admin.get(f"/studies/codecs/watch{page}").status_code == 200


@pytest.mark.slow
def test_studies_share_a_database_and_nothing_else(
    lab: ManyStudies, postgresql_url: str, tmp_path: Path
) -> None:
    token = accounts.ensure_first_account(studio_of(lab).store)
    assert token is not None
    admin = Browser(lab, token)
    names = [f"Study-{number}" for number in range(STUDIES)]
    for name in names:
        build(lab.folder / name, n_items=1)
    assert admin.get("/").text.count(">draft</span>") == STUDIES
    for name in names:
        assert admin.post(f"/studies/{name}/launch/open").status_code == 302
    for name, listeners in (("Study-0", 2), ("Study-1", 1)):
        for number in range(listeners):
            take_part(lab, name, f"p{number}")
    listed = admin.get("/").text
    assert listed.count(">open</span>") == STUDIES
    row = listed.split('href="/studies/Study-0"')[1].split("</tr>")[0]
    assert '<td class="number">2</td>' in row
    assert not list(lab.folder.rglob("*.sqlite3"))
    assert lab.databases.engine is not None
    with lab.databases.engine.connect() as connection:
        rows = connection.exec_driver_sql('SELECT COUNT(*) FROM "study_Study-0".sessions').scalar()
        open_now = connection.exec_driver_sql(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
        ).scalar()
    assert rows == 2
    assert open_now < STUDIES, "the studies share their connections"

    url = lab.databases.url_of("Study-0")
    assert len(load_ratings(url)) == 2 * 5
    admin.post("/studies/Study-0/launch/backup")
    (copy,) = (studio_of(lab).store.data / "backups" / "Study-0").iterdir()
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT COUNT(*) FROM sessions").fetchone() == (2,)
    assert "p1" in admin.get("/studies/Study-0/watch").text
    assert admin.post("/studies/Study-0/launch/close", reason="enough").status_code == 302
    assert ">closed</span>" in admin.get("/studies/Study-0").text
    sent = admin.get("/studies/Study-0/everything.zip")
    assert sent.status_code == 200
    sent.close()

    close_studio(lab)
    again = create_studio(lab.folder, database_url=postgresql_url)
    try:
        assert Client(again).post("/s/Study-0/api/session", json={}).status_code == 403
        assert accounts.ensure_first_account(studio_of(again).store) is None
    finally:
        close_studio(again)


def test_no_two_studies_have_one_schema() -> None:
    long = "a" * 80
    schemas = {name_schema(name) for name in (long, long + "b", "a", "A", "public", "pg_catalog")}
    assert len(schemas) == 6 and max(map(len, schemas)) == 63
    assert all(name.startswith("study_") for name in schemas)
    shortened = name_schema(long)
    assert name_schema(shortened.removeprefix("study_")) != shortened, "a name that somebody chose to meet it"


def test_a_url_says_its_schema_to_every_client() -> None:
    url = url_in_schema(make_url("postgresql://ann:secret@host/lab"), "study_a-B")
    assert url.query == {"options": '-csearch_path="study_a-B"'}
    assert read_schema(url) == "study_a-B"
    assert read_schema(make_url("postgresql://host/lab")) is None


def test_one_file_for_many_studies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is one of SQLite, which has one study per file"):
        Databases(tmp_path, f"sqlite:///{tmp_path / 'all.sqlite3'}")


def test_a_closing_time_and_the_archive_of_everything(lab: ManyStudies) -> None:
    parts = studio_of(lab)
    token = accounts.ensure_first_account(parts.store)
    assert token is not None
    admin = Browser(lab, token)
    build(lab.folder / "codecs")
    admin.get("/")
    admin.post("/studies/codecs/launch/open")
    take_part(lab, "codecs", "p1")
    with parts.store.write() as connection:
        change_study(connection, "codecs", closes_at="2001-01-01T09:00:00+00:00")
        for number in range(2500):
            log_action(connection, "somebody", "close", "codecs", f"line {number}")
    admin.post("/studies/codecs/launch/times", closes_at="2999-01-01T09:00")
    sent = admin.get("/studies/codecs/everything.zip")
    assert sent.status_code == 200, "it is closed"
    with zipfile.ZipFile(io.BytesIO(sent.data)) as archive:
        lines = archive.read("log.csv").decode().splitlines()
        assert b"p1" in archive.read("ratings/ratings.csv")
    sent.close()
    assert sum("line " in line for line in lines) == 2500 and "download everything" in lines[-1]
    admin.post("/studies/codecs/launch/open")
    take_part(lab, "codecs", "p2")


def end_connection(url: str) -> None:
    """End the connection that has the lock of a studio, as a restart of PostgreSQL does."""
    engine = open_engine(url)
    with engine.begin() as connection:
        query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND "
        found = connection.execute(text(f"{query} classid = 7152 AND granted")).scalars().all()
    engine.dispose()
    assert found == [True]


def test_one_studio_at_a_time_has_a_database(
    lab: ManyStudies, tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second had the first one's studies in its list, and the ratings of those of the same name."""
    monkeypatch.setattr(sole_studio, "PATIENCE_S", 0.05)
    with pytest.raises(StoreError, match="another studio uses this database; stop it first") as refused:
        create_studio(tmp_path / "other", database_url=postgresql_url)
    assert refused.value.exit_code == 2
    close_studio(lab)
    close_studio(create_studio(tmp_path / "other", database_url=postgresql_url))


def test_a_studio_that_was_killed_is_in_nobodys_way(tmp_path: Path, postgresql_url: str) -> None:
    holds = "import sys; from mushra_server.studio.sole_studio import *; from mushra_server.database.engines "
    holds += "import open_engine; use = SoleUse(open_engine(sys.argv[1])); print(1, flush=True); input()"
    program = [sys.executable, "-c", holds, postgresql_url]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None and first.stdout.readline()
        first.kill()
        close_studio(create_studio(tmp_path / "lab", database_url=postgresql_url))


def test_a_database_that_comes_back_is_taken_again_unless_another_has_it(
    lab: ManyStudies, postgresql_url: str
) -> None:
    store = studio_of(lab).store
    end_connection(postgresql_url)
    with store.write() as connection:
        accounts.add_account(connection, "Vera")
    end_connection(postgresql_url)
    other = sole_studio.SoleUse(open_engine(postgresql_url))
    with pytest.raises(Unavailable, match="is used by another studio while"), store.write():
        pass
    other.close()
    with store.write() as connection:
        accounts.add_account(connection, "Vito")

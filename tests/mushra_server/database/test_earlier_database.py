"""A ratings database of an earlier release: what it lacks is added when it is opened, its ratings stay."""

from __future__ import annotations

import pytest

from analysis.ratings.names import RATING_COLUMNS
from mushra_server.database.database import Database
from mushra_server.database.schema import VIEWS
from mushra_server.database.tables import has_folded_ids
from mushra_server.errors import StoreError
from mushra_server.export.erasure import forget

EARLIER = VIEWS["export_ratings"].replace(", p.page_type\n", "\n")


@pytest.fixture
def earlier(make_app, make_listener, url):
    """An app whose database has one session, and the view of ratings without the type of page."""
    app = make_app(url=url)
    make_listener(app).start().save_all(score=40).finish()
    with app.extensions["listenable"].database.write() as connection:
        connection.exec_driver_sql("DROP VIEW export_ratings")
        connection.exec_driver_sql(f"CREATE VIEW export_ratings AS {EARLIER}")
    return app


def test_the_type_of_page_is_known_of_ratings_that_were_there_before(earlier, url, rows):
    assert "page_type" not in rows(earlier, "SELECT * FROM export_ratings")[0]
    Database(url, create=False).close()
    found = rows(earlier, "SELECT * FROM export_ratings")
    assert list(found[0]) == list(RATING_COLUMNS)
    assert len(found) == 15 and {row["page_type"] for row in found} == {"mushra"}


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)  # SQLite has no rights
def test_who_may_read_the_view_still_may(earlier, url, rows):
    with earlier.extensions["listenable"].database.write() as connection:
        connection.exec_driver_sql("GRANT SELECT ON export_ratings TO PUBLIC")
    Database(url).close()
    rights = "SELECT grantee FROM information_schema.role_table_grants WHERE table_name = 'export_ratings'"
    assert {"grantee": "PUBLIC"} in rows(earlier, rights)


def test_a_view_with_a_column_of_a_later_release_is_left_alone(earlier, url, rows):
    later = VIEWS["export_ratings"].replace("p.page_type\n", "p.page_type, p.attempt\n")
    with earlier.extensions["listenable"].database.write() as connection:
        connection.exec_driver_sql("DROP VIEW export_ratings")
        connection.exec_driver_sql(f"CREATE VIEW export_ratings AS {later}")
    Database(url).close()
    assert list(rows(earlier, "SELECT * FROM export_ratings")[0]) == [*RATING_COLUMNS, "attempt"]


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ("DROP TABLE drafts", "table 'drafts'"),
        (
            "ALTER TABLE wire_sessions RENAME COLUMN body TO text",
            "column 'body' in the table 'wire_sessions'",
        ),
    ],
)
def test_what_another_program_removed_is_no_earlier_database(make_app, url, change, missing):
    with make_app(url=url).extensions["listenable"].database.engine.begin() as connection:
        connection.exec_driver_sql(change)
    with pytest.raises(StoreError, match=f"has no {missing}; another program removed or renamed it"):
        Database(url, create=False)


def test_what_follows_from_the_rest_is_made_again(make_app, make_listener, url, rows):
    app = make_app(url=url)
    make_listener(app).start(parameters={"PROLIFIC_PID": "P1"})
    with app.extensions["listenable"].database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE participant_ids")
    Database(url, create=False).close()
    assert [row["folded"] for row in rows(app, "SELECT folded FROM participant_ids")] == ["p1"]


def test_whoever_took_part_with_an_earlier_release_after_this_one_is_found(
    make_app, make_listener, url, rows
):
    app = make_app(url=url)
    make_listener(app).start(parameters={"PROLIFIC_PID": "P1"})
    make_listener(app).start(parameters={"PROLIFIC_PID": "P2"})
    with app.extensions["listenable"].database.engine.begin() as connection:
        connection.exec_driver_sql(
            "DELETE FROM participant_ids WHERE folded = 'p2'"
        )  # which it did not write
    opened = Database(url, create=False)
    assert forget(opened, "P2")["identities"] == 1
    opened.close()
    assert [row["participant"] for row in rows(app, "SELECT participant FROM sessions ORDER BY id")] == [
        "P1",
        None,
    ]


def test_whether_ids_are_folded_takes_no_longer_with_many_sessions(postgresql_url):
    Database(postgresql_url).close()
    opened = Database(postgresql_url, create=False)
    with opened.engine.begin() as connection:
        for statement in (
            "INSERT INTO sessions (id, uuid, participant, created_at, last_seen_at) "
            "SELECT i, 'u' || i, 'P' || i, '', '' FROM generate_series(1, 10000) i",
            "INSERT INTO participant_ids (session_id, folded) SELECT id, lower(participant) FROM sessions",
            "SET LOCAL work_mem = '64kB'",  # as if there were a million
            "SET LOCAL statement_timeout = 1500",  # it takes 0.02 s; to compare each with each, 6 s
        ):
            connection.exec_driver_sql(statement)
        assert has_folded_ids(connection)
        connection.exec_driver_sql("DELETE FROM participant_ids WHERE session_id = 7")
        assert not has_folded_ids(connection)
    opened.close()

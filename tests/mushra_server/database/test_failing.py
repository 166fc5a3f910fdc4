"""A database that fails while it is served: read-only, or damaged. 503, and nothing acknowledged is lost."""

from __future__ import annotations

import os

from sqlalchemy import event, text

from tests.mushra_server.conftest import answer_to

FULL = "the server's disk is full or cannot be written to; nothing was stored: tell the experimenter"


def make_read_only(database):
    """Let the database refuse every change, as a file system or a server that became read-only does."""
    if database.sqlite:
        event.listen(database.engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only = ON"))
    else:
        with database.engine.connect() as connection:
            name = connection.execute(text("SELECT current_database()")).scalar()
            connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
            connection.commit()
    database.engine.dispose()


def test_a_read_only_database_is_503_and_what_was_acknowledged_is_there(url, make_app, make_listener, rows):
    app = make_app(url=url)
    listener = make_listener(app).start()
    kept = listener.save(0)
    make_read_only(app.extensions["listenable"].database)
    answer = listener.put(1, answer_to(listener.state["pages"][1]))
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "5"
    assert answer.json["error"] == FULL and answer.json["reason"] == "disk_full"
    assert listener.client.get("/api/session").status_code == 200, "reading goes on"
    if not app.extensions["listenable"].database.sqlite:  # such as a server that only follows another
        assert app.test_client().get("/healthz").json["database"] == "read-only: nothing can be stored"
    assert [row["attempt"] for row in rows(app, "SELECT attempt FROM submissions")] == [kept["attempt"]]


def test_a_page_that_is_damaged_while_it_is_served_is_503(app, listener, caplog):
    database = app.extensions["listenable"].database
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
    with database.file.open("r+b", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(4096)  # behind the first page, which names the tables
        file.write(b"\xff" * (size - 4096))
    database.engine.dispose()
    answer = listener.put(0, answer_to(listener.state["pages"][0]))
    assert answer.status_code == 503 and "nothing was stored" in answer.json["error"]
    assert "malformed" in caplog.text or "corrupt" in caplog.text


def test_a_table_that_is_gone_is_503(url, make_app, make_listener):
    app = make_app(url=url)
    listener = make_listener(app).start()
    with app.extensions["listenable"].database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE submissions RENAME TO elsewhere")
    answer = listener.put(0, answer_to(listener.state["pages"][0]))
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "5"


def test_what_was_answered_is_not_in_the_log(url, make_app, make_listener, monkeypatch, caplog):
    app = make_app(url=url)
    listener = make_listener(app).start()
    with app.extensions["listenable"].database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE UNIQUE INDEX one ON submissions (page_type)")
    listener.save(0)
    page = {**answer_to(listener.state["pages"][0]), "ratings": [], "answers": {}}
    answer = listener.put(0, {**page, "attempt": "wanted-is-no-secret"})
    assert answer.status_code == 500 and "IntegrityError" in caplog.text
    assert "wanted-is-no-secret" not in caplog.text


def test_a_wrong_statement_is_a_defect_and_no_failure_of_the_database(app, listener, rows, monkeypatch):
    def store_twice(connection, _session):
        connection.exec_driver_sql("INSERT INTO meta SELECT * FROM meta")

    monkeypatch.setattr("mushra_server.database.sessions.touch", store_twice)
    answer = listener.put(0, answer_to(listener.state["pages"][0]))
    assert answer.status_code == 500 and rows(app, "SELECT * FROM submissions") == []

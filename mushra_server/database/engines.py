"""How SQLite and PostgreSQL are opened: their settings, and how long each is waited for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from mushra_server.database.schemas import SCHEMA_OPTION, enter_schema
from mushra_server.errors import StoreError

__all__ = ["BUSY_TIMEOUT_S", "describe_failure", "is_full", "is_taken_away", "name_of", "open_engine"]

BUSY_TIMEOUT_S = 5.0
STATEMENT_TIMEOUT_S = 15
MARK = "listenable.settings"
"""A setting of each connection, by which is known whether the others reach PostgreSQL."""
POOLER = (
    "a pooler such as pgbouncer is between this server and PostgreSQL, and would give the connection of one "
    "request to another, with its settings, plans and locks; expected the address of PostgreSQL itself: the "
    "server has a pool of its own"
)
TAKEN_AWAY = {"42501", "42P01", "42703", "3F000"}
"""PostgreSQL's codes for a missing right, table, column and schema: all were there when it was opened."""


def open_engine(url: str) -> Engine:
    """Return the engine of a database URL; its errors quote no values, which are answers and ids.

    Raises:
        StoreError: If it is not a URL of SQLite or PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(
            f"database URL {url!r}: expected sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        engine = create_engine(
            parsed,
            pool_size=16,
            pool_timeout=BUSY_TIMEOUT_S,
            hide_parameters=True,
            connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        )
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend != "postgresql":
        raise StoreError(f"database URL: backend {backend!r} found; expected sqlite or postgresql")
    try:
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=16,
            pool_timeout=BUSY_TIMEOUT_S,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args=_patience_of_postgresql(parsed),
        )
    except ModuleNotFoundError:
        raise StoreError('PostgreSQL needs psycopg: pip install "listenable[postgresql]"') from None
    event.listen(engine, "connect", _set_up_postgresql)
    event.listen(engine, "begin", enter_schema)
    return engine


def _patience_of_postgresql(url: URL) -> dict[str, Any]:
    """Return what keeps a server that is locked, slow or gone from stopping this one, and a URL's options."""
    settings = {
        MARK: "on",
        "statement_timeout": 1000 * STATEMENT_TIMEOUT_S,  # ms, as the next
        "lock_timeout": int(1000 * BUSY_TIMEOUT_S),
    }
    options = url.query.get("options", ())
    asked = [options] if isinstance(options, str) else options
    return {
        "connect_timeout": int(BUSY_TIMEOUT_S),
        "tcp_user_timeout": int(2000 * BUSY_TIMEOUT_S),
        "options": " ".join([*(f"-c {name}={value}" for name, value in settings.items()), *asked]),
    }


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, never by the driver
    # On macOS a sync that is not a full one leaves what was written in the disk's own memory.
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "fullfsync = ON", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _set_up_postgresql(connection: Any, _record: object) -> None:
    """Let a commit wait for the disk where the server's default is not to; one that waits for more stays.

    Raises:
        StoreError: The connection's settings were left out on the way, as poolers can be told to do.
    """
    marked = connection.execute(f"SELECT current_setting('{MARK}', true)").fetchone()
    if marked[0] is None:
        raise StoreError(f"the database at {connection.info.host}: {POOLER}")
    connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false) "
        "WHERE current_setting('synchronous_commit') = 'off'"
    )
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("listenable_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def name_of(engine: Engine) -> str:
    """Return where the data is, without a password."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    schema = engine.get_execution_options().get(SCHEMA_OPTION)
    where = "" if schema is None else f", schema {schema}"
    return f"{engine.url.render_as_string(hide_password=True)}{where}"


def describe_failure(engine: Engine, error: DatabaseError) -> str:
    """Return a sentence about a database that failed."""
    reason = str(error.orig).strip().splitlines()[0] if error.orig else "unknown error"
    if "unsupported startup parameter" in reason:  # as poolers call what they cannot pass on
        return f"{name_of(engine)}: {POOLER}"
    verb = "cannot be reached" if isinstance(error, OperationalError) else "cannot be used"
    return f"{name_of(engine)}: the database {verb} ({reason})"


def is_full(error: DatabaseError) -> bool:
    """Tell whether a disk is full, or refuses to be written to."""
    said = str(error.orig).lower()
    return any(
        words in said
        for words in (
            "disk is full",
            "disk i/o error",
            "no space left",
            "could not extend file",
            "readonly database",
            "read-only transaction",
        )
    )


def is_taken_away(error: DatabaseError) -> bool:
    """Tell whether PostgreSQL no longer has, or no longer shows, what was there when it was opened."""
    return getattr(error.orig, "sqlstate", None) in TAKEN_AWAY

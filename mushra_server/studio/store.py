"""The studio's own database: accounts, what is known of each study beyond its folder, and the log."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    select,
)
from sqlalchemy.schema import CreateIndex

from mushra_server.database.clock import now
from mushra_server.database.database import sqlite_url
from mushra_server.database.engines import name_of, open_engine
from mushra_server.database.files.private import make_private
from mushra_server.database.files.watch import FileWatch
from mushra_server.database.schemas import make_schema, share_engine
from mushra_server.errors import StoreError, Unavailable

__all__ = ["DATA_FOLDER", "Store", "accounts", "log", "log_action", "logins", "rights", "studies"]

DATA_FOLDER = ".studio"
SCHEMA = "studio"  # of PostgreSQL
SCHEMA_VERSION = "1"
RETRY_S = 30

metadata = MetaData()
meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", Text, nullable=False))
accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("token_hash", String, nullable=False),
    Column("everything", Integer, nullable=False, default=0),
    Column("created_at", String, nullable=False),
)
logins = Table(
    "logins",
    metadata,
    Column("hash", String, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("until", BigInteger, nullable=False),
)
studies = Table(
    "studies",
    metadata,
    Column("name", String, primary_key=True),
    Column("title", Text, nullable=False),
    Column("created_at", String, nullable=False),
    # What the form of choices says, as JSON, and how often it was saved: two who edit at once are noticed.
    Column("choices", Text, nullable=False, default="{}"),
    Column("version", Integer, nullable=False, default=0),
    Column("config_changed", BigInteger, nullable=False, default=0),
    Column("launched_at", String),
    Column("opens_at", String),
    Column("closes_at", String),
    Column("archived_at", String),
    Column("previewed_at", String),
    Column("backed_up_at", String),
    Column("redirect_tried_at", String),
    Column("unblinded_at", String),
)
rights = Table(
    "rights",
    metadata,
    Column("study", ForeignKey("studies.name", ondelete="CASCADE"), nullable=False),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("role", String, nullable=False),
    UniqueConstraint("study", "account_id"),
)
log = Table(
    "log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", String, nullable=False),
    Column("account", String, nullable=False),
    Column("study", String),
    Column("action", String, nullable=False),
    Column("detail", Text),
)

# Who made a study, and what somebody made, is asked before each of its uploads, copies and buildings.
LOG_INDEXES = (
    Index("log_by_study", log.c.study, log.c.action),
    Index("log_by_account", log.c.account, log.c.action),
)


FOR_FILE = "put the file back, or to restart the studio with a backup"
FOR_POSTGRESQL = "start it, or to stop the other studio and restart this one"


class Watch(Protocol):
    """Looks whether what is stored is kept."""

    def find_problem(self) -> str | None:
        """Return why it would not be, such as `NAME was removed`, or None."""

    def close(self) -> None:
        """Look no more."""


class Store:
    """The studio's database: SQLite in a hidden folder among the studies, or a schema of PostgreSQL.

    Args:
        folder: The folder of the studies; made if it is missing.
        shared: The engine of the PostgreSQL database that has the studies' ratings, or None.
        watch: Tells why nothing may be stored in that database; closed with the store.

    Raises:
        StoreError: If the database was written by another release.
    """

    def __init__(self, folder: Path, shared: Engine | None = None, watch: Watch | None = None) -> None:
        self.folder = folder
        self.data = folder / DATA_FOLDER
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._watch = watch
        self._remedy = FOR_FILE if shared is None else FOR_POSTGRESQL
        file = self.data / "studio.sqlite3"
        if shared is None:
            make_private(file, create=True)
            self._engine = open_engine(sqlite_url(file))
        else:
            make_schema(shared, SCHEMA)
            self._engine = share_engine(shared, SCHEMA)
        self._writers = threading.Lock()
        metadata.create_all(self._engine)
        with self.write() as connection:
            found = _get(connection, "schema_version")
            if found not in (None, SCHEMA_VERSION):
                raise StoreError(
                    f"{name_of(self._engine)}: schema version {found} found; expected {SCHEMA_VERSION}: "
                    "open it with the release that wrote it"
                )
            if found is None:
                for key, value in (("schema_version", SCHEMA_VERSION), ("secret_key", secrets.token_hex(32))):
                    connection.execute(meta.insert().values(key=key, value=value))
            for index in LOG_INDEXES:  # which a database of an earlier release has not
                connection.execute(CreateIndex(index, if_not_exists=True))
            self.secret_key = str(_get(connection, "secret_key"))
        if shared is None:
            self._watch = FileWatch(file)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Open one read transaction."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """Open one write transaction: committed when the block ends without an exception.

        Raises:
            Unavailable: If the file is not the one that was opened, as what goes into that one is lost; or if
                another studio has the PostgreSQL database.
        """
        self._check()
        with self._writers, self._engine.connect() as connection:
            connection = connection.execution_options(listenable_write=True)
            with connection.begin():
                yield connection
            self._check()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
        if self._watch is not None:
            self._watch.close()

    def _check(self) -> None:
        problem = None if self._watch is None else self._watch.find_problem()
        if problem is not None:
            raise Unavailable(
                f"the studio's database {problem} while the studio was running; nothing was stored: tell its "
                f"administrator to {self._remedy}",
                RETRY_S,
            )


def log_action(
    connection: Connection, account: str, action: str, study: str | None = None, detail: str | None = None
) -> None:
    """Add a line to the log of what was done, by whom, and to which study."""
    connection.execute(
        log.insert().values(at=now(), account=account, study=study, action=action, detail=detail)
    )


def _get(connection: Connection, key: str) -> str | None:
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()

"""The database: how it is opened, written to and read from.

SQLite (in the study folder) is opened in WAL mode with ``synchronous = FULL``: a commit has reached the
disk when it returns, so what was acknowledged survives ``kill -9`` and a power cut. Its writers queue in this
process rather than in SQLite's busy handler, which sleeps. PostgreSQL needs neither.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, inspect, select, text
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mushra_server.database.engines import describe_failure, is_full, is_taken_away, name_of, open_engine
from mushra_server.database.files.private import make_private
from mushra_server.database.files.sqlite import MAX_WAITED_BYTES, check_integrity, keep_handles
from mushra_server.database.files.watch import FileWatch
from mushra_server.database.repeated_errors import RepeatedErrors
from mushra_server.database.schema import SCHEMA_VERSION, meta
from mushra_server.database.schemas import SCHEMA_OPTION, make_schema, read_schema, url_in_schema
from mushra_server.database.tables import (
    complete_tables,
    create_tables,
    find_missing,
    fold_ids,
    has_folded_ids,
    is_complete,
)
from mushra_server.database.turns import BUSY, RETRY_S, Turns
from mushra_server.errors import StoreError, Unavailable

__all__ = ["Database", "get_inserted_id", "sqlite_url"]

AT_ONCE = 8
"""Requests that may be in the database at once: the web server has more threads, so that sounds and static
files never wait behind a database that is locked or silent."""
STARTS_AT_ONCE = 2
"""Sessions that may be starting, or be posted: they queue for one another, and would take the places of all
others."""
DAMAGED_RETRY_S = 300
OURS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
"""Failures of a statement; any other is the database's: locked, gone, full, read-only, damaged."""
FULL = "the server's disk is full or cannot be written to; nothing was stored: tell the experimenter"

logger = logging.getLogger(__name__)


def sqlite_url(path: Path) -> str:
    """Return the database URL of a SQLite file."""
    return f"sqlite:///{path.resolve()}"


class Database:
    """An opened ratings database with its tables.

    Args:
        source: SQLAlchemy URL: ``sqlite:///...`` or ``postgresql+psycopg://...`` (``postgresql://`` is read
            as psycopg); or what `share_engine` returned, whose connections stay open when this is closed.
        create: Make the tables if they are missing.

    Raises:
        StoreError: If it cannot be reached, is not a ratings database, or has another schema version.
    """

    def __init__(self, source: str | Engine, *, create: bool = True) -> None:
        self._own = isinstance(source, str)
        self.engine = open_engine(source) if isinstance(source, str) else source
        self._schema = self.engine.get_execution_options().get(SCHEMA_OPTION) or read_schema(self.engine.url)
        self.sqlite = self.engine.dialect.name == "sqlite"
        self._writers = Turns(1)  # SQLite's
        self._turns = Turns(AT_ONCE)
        self._starts = Turns(STARTS_AT_ONCE, impatient=False)
        self._guarded = False
        self._failures = RepeatedErrors(logger)
        self._handles = contextlib.ExitStack()
        file = self.file
        if file is not None:
            make_private(file, create=create)
            self._handles.enter_context(keep_handles(file))
        self._watch: FileWatch | None = None
        self._checking: threading.Thread | None = None
        self._damage: str | None = None
        try:
            self._prepare(create)
        except DatabaseError as error:
            self.close()
            raise StoreError(describe_failure(self.engine, error)) from None
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        """Where the data is, without a password."""
        return name_of(self.engine)

    @property
    def url(self) -> str:
        """By which another process opens the same tables; with the password."""
        url = self.engine.url if self._schema is None else url_in_schema(self.engine.url, self._schema)
        return url.render_as_string(hide_password=False)

    @contextlib.contextmanager
    def write(self, *, urgent: bool = False) -> Iterator[Connection]:
        """Open one write transaction: committed, and on disk, when the block ends without an exception.

        An urgent one, such as a page save, gets its turn before all others that wait.
        """
        self._check()
        with self._turn_to_write(urgent), self._turn(urgent), self.engine.connect() as connection:
            connection = connection.execution_options(listenable_write=True)
            with connection.begin():
                yield connection
            self._check()  # only now is it known that the commit reached the file that others see

    @contextlib.contextmanager
    def start(self) -> Iterator[Connection]:
        """Open one write transaction in which a session starts, or is posted; pages wait for few of them."""
        with _taken(self._starts, False), self.write() as connection:
            yield connection

    @contextlib.contextmanager
    def read(self, *, patient: bool = False) -> Iterator[Connection]:
        """Open one read transaction; a patient one (an export) sees one moment, and may take any time."""
        self._check()
        with self._turn(), self.engine.connect() as connection, connection.begin():
            if patient and not self.sqlite:
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
                connection.execute(text("SET LOCAL statement_timeout = 0"))
            yield connection

    @contextlib.contextmanager
    def _turn(self, urgent: bool = False) -> Iterator[None]:
        """Take a place in the database, and say what its failures mean for a request."""
        with _taken(self._turns, urgent):
            try:
                yield
            except DatabaseError as error:
                if isinstance(error, OURS) and not is_taken_away(error):
                    raise  # the statement is at fault
                failure = describe_failure(self.engine, error)
                if not self._guarded:
                    raise StoreError(failure) from error  # a command failed, not a request
                self._failures.log(failure, "%s", failure)
                if is_full(error):
                    raise Unavailable(FULL, RETRY_S, reason="disk_full") from error
                raise Unavailable(BUSY, RETRY_S) from error
            except PoolTimeout as error:
                raise Unavailable(BUSY, RETRY_S) from error

    def _turn_to_write(self, urgent: bool) -> contextlib.AbstractContextManager[None]:
        """Queue for SQLite, which has one writer; PostgreSQL queues writers itself."""
        return _taken(self._writers, urgent) if self.sqlite else contextlib.nullcontext()

    def wait_for_turn(self, connection: Connection, name: str = "study") -> None:
        """Make other workers that ask for the same name wait until this transaction has ended."""
        if not self.sqlite:
            own = f"{self._schema or ''}/{name}"  # locks are those of a database, whatever the schema
            key = zlib.crc32(own.encode()) - 2**31  # PostgreSQL's locks are numbers with a sign
            connection.execute(text("SELECT pg_advisory_xact_lock(7151, :key)"), {"key": key})

    def close(self) -> None:
        """Close every connection, unless other studies share them."""
        if self._own:
            self.engine.dispose()
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        self._handles.close()

    def is_as_opened(self) -> bool:
        """Tell whether nothing is wrong with its file."""
        return self._damage is None and (self._watch is None or self._watch.find_problem() is None)

    @property
    def checking(self) -> bool:
        """Whether its file is being checked in the background."""
        return self._checking is not None and self._checking.is_alive()

    def guard(self, named: Path | None = None) -> None:
        """Check the database's file, and notice from now on if it is removed, replaced or overwritten.

        A large file is checked in the background; when it turns out to be damaged, every later transaction is
        refused. PostgreSQL looks after its own files.

        Args:
            named: Where a study's user finds the file, by links that may lead elsewhere later.

        Raises:
            StoreError: If the file is damaged.
        """
        self._guarded = True
        path = self.file
        if path is None:
            return
        if path.stat().st_size <= MAX_WAITED_BYTES:
            check_integrity(path)
        else:
            self._checking = threading.Thread(target=self._check_later, args=(path,), daemon=True)
            self._checking.start()
        self._watch = FileWatch(path, named)

    def _check_later(self, path: Path) -> None:
        try:
            check_integrity(path)
        except StoreError as error:
            logger.critical("%s", error)
            self._damage = "the ratings database is damaged; nothing was stored: tell the experimenter"

    def _check(self) -> None:
        if self._damage is not None:
            raise Unavailable(self._damage, DAMAGED_RETRY_S)
        if self._watch is not None:
            self._watch.check()

    @property
    def file(self) -> Path | None:
        """SQLite's file; None for a database in memory or on a server."""
        found = self.engine.url.database
        return Path(found) if self.sqlite and found and found != ":memory:" else None

    def _make_tables(self) -> None:
        with self.write() as connection:
            self.wait_for_turn(connection)
            if not inspect(connection).has_table("meta"):
                create_tables(connection)

    def _prepare(self, create: bool) -> None:
        if self._schema is not None and create:
            make_schema(self.engine, self._schema)
        known = inspect(self.engine).get_table_names()
        if "meta" not in known:
            if known and "sessions" in known:
                raise StoreError(f"{self.name}: has a table 'sessions' but no 'meta'; not a ratings database")
            if not create:
                raise StoreError(f"{self.name}: has no ratings")
            self._make_tables()
        with self.read() as connection:
            found = connection.execute(select(meta.c.value).where(meta.c.key == "schema_version")).scalar()
        if found != str(SCHEMA_VERSION):
            raise StoreError(
                f"{self.name}: schema version {found} found, {SCHEMA_VERSION} expected; "
                "open it with the release that wrote it and export the ratings"
            )
        if (missing := find_missing(self.engine)) is not None:
            raise StoreError(
                f"{self.name}: has no {missing}; another program removed or renamed it: undo that, or "
                "go back to a backup"
            )
        if not is_complete(self.engine):
            # A database of an earlier release, which had fewer tables or fewer columns in its views.
            with self.write() as connection:
                self.wait_for_turn(connection)
                complete_tables(connection)
            return
        with self.read() as connection:
            folded = has_folded_ids(connection)
        if not folded:  # an earlier release was used once more, after this one, or beside it
            with self.write() as connection:
                self.wait_for_turn(connection)
                fold_ids(connection)


@contextlib.contextmanager
def _taken(turns: Turns, urgent: bool) -> Iterator[None]:
    turns.take(urgent=urgent)
    answered = True
    try:
        yield
    except (DatabaseError, PoolTimeout, Unavailable):
        answered = False
        raise
    finally:
        turns.give_back(answered=answered)


def get_inserted_id(result: CursorResult[Any]) -> int:
    """Return the number of the row that an INSERT made."""
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])

"""One studio at a time has a folder of studies, and one a PostgreSQL database.

Whether a study is being built, opened or given other sounds is decided under locks of one process, and so is
what an account may take at once. Two processes would not know of each other; and with one database, each
would have the other's studies in its list, and the ratings of those that have the same name.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError

from mushra_server.database.engines import describe_failure, name_of, open_engine
from mushra_server.errors import StoreError
from mushra_server.studio.store import DATA_FOLDER
from stimuli.files import lock_folder

__all__ = ["SoleUse", "take_folder"]

LOCK = "7152, 0"
"""A number of PostgreSQL's advisory locks, which are those of a database."""
PATIENCE_S = 5.0
"""Until PostgreSQL has noticed that the studio before this one was killed."""
SETTINGS = """
SELECT set_config(name, wanted, false) FROM pg_settings JOIN (VALUES ('lock_timeout', :patience),
('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3'),
('idle_session_timeout', '0')) AS ours (key, wanted) ON name = key
"""
"""So that a studio whose machine is gone has the lock for no longer than half a minute."""


def take_folder(folder: Path) -> ExitStack:
    """Take the folder of the studies, which is given back by closing what is returned, or by being killed.

    Args:
        folder: Made if it is missing.

    Raises:
        StoreError: Another studio has it.
    """
    data = folder / DATA_FOLDER
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = ExitStack()
    try:
        held.enter_context(lock_folder(data))
    except BlockingIOError:
        raise StoreError(
            f"{folder}: another studio serves this folder; stop it first, or choose another folder"
        ) from None
    return held


class SoleUse:
    """The use of a PostgreSQL database by one studio: a lock that its server keeps as long as a connection.

    A connection that was lost is made again, unless another studio has the lock by then.

    Args:
        shared: The engine of the database; the connection is none of its pool.

    Raises:
        StoreError: Another studio has it, or it cannot be reached.
    """

    def __init__(self, shared: Engine) -> None:
        self._engine = open_engine(shared.url.render_as_string(hide_password=False))
        self._turn = threading.Lock()
        self._connection: Connection | None = None
        try:
            self._connect()
            self._ask(f"SELECT pg_advisory_lock({LOCK})")
        except DatabaseError as error:
            self._drop()
            if getattr(error.orig, "sqlstate", None) == "55P03":  # it has waited as long as it may
                raise StoreError(
                    f"{name_of(shared)}: another studio uses this database; stop it first, or choose another "
                    "database"
                ) from None
            raise StoreError(describe_failure(shared, error)) from None

    def find_problem(self) -> str | None:
        """Return why nothing may be stored, such as `is used by another studio`, or None."""
        with self._turn:
            try:
                self._ask("SELECT 1")
            except DatabaseError:
                return self._take_again()
        return None

    def close(self) -> None:
        """Give the lock back."""
        # Whoever starts next need not wait until the server has noticed that the connection is closed.
        with suppress(SQLAlchemyError):
            self._ask(f"SELECT pg_advisory_unlock({LOCK})")
        self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()

    def _connect(self) -> None:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self._connection = connection
        connection.execute(text(SETTINGS), {"patience": f"{PATIENCE_S:g}s"})

    def _ask(self, statement: str) -> object:
        if self._connection is None:
            raise OperationalError(statement, {}, Exception("no connection"))
        return self._connection.execute(text(statement)).scalar()

    def _take_again(self) -> str | None:
        try:
            if self._connection is not None:
                self._connection.invalidate()
            self._drop()
            self._connect()
            taken = self._ask(f"SELECT pg_try_advisory_lock({LOCK})")
        except DatabaseError:
            self._drop()
            return "cannot be reached"
        if taken:
            return None
        self._drop()
        return "is used by another studio"

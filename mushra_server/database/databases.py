"""The ratings databases of a folder of studies: a file in each study, or a schema each in PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from mushra_server.database.database import Database, sqlite_url
from mushra_server.database.engines import describe_failure, open_engine
from mushra_server.database.schemas import find_schemas, name_schema, share_engine, url_in_schema
from mushra_server.database.summaries import Counts, count_in_file, count_in_schemas
from mushra_server.errors import StoreError
from stimuli.vocabulary import RATINGS_NAME

__all__ = ["Databases"]

COUNTED_AT_ONCE = 50
"""Studies in one transaction of PostgreSQL: each takes a dozen locks, of which all transactions, page saves
included, have some thousands together."""


class Databases:
    """Where the ratings of each study of a folder are.

    Args:
        folder: Its folders are the studies.
        url: A PostgreSQL database for all of them; by default each has a SQLite file in its folder.

    Raises:
        StoreError: If the URL is not one of PostgreSQL, or the database cannot be reached.
    """

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self._folder = folder
        self.engine = None if url is None else open_engine(url)
        self._lock = threading.Lock()
        self._known: dict[str, tuple[tuple[int, ...], Counts]] = {}
        if self.engine is None:
            return
        if self.engine.dialect.name == "sqlite":
            raise StoreError(
                "--database is one of SQLite, which has one study per file; expected "
                "postgresql://USER@HOST/NAME, or none for a file in each study"
            )
        try:
            self.engine.connect().close()
        except DatabaseError as error:
            raise StoreError(describe_failure(self.engine, error)) from None

    def open(self, study: str, *, create: bool = True) -> Database:
        """Open the database of a study.

        Args:
            study: Its name.
            create: Make it if there is none yet; otherwise there was one.

        Raises:
            StoreError: As `Database`.
        """
        if self.engine is None:
            if not create and not self._file(study).is_file():
                raise StoreError(
                    f"{self._file(study)}: was removed while the server was running; put it back, or restart "
                    "the server to begin with an empty one"
                )
            return Database(self.url_of(study), create=create)
        return Database(share_engine(self.engine, name_schema(study)), create=create)

    def url_of(self, study: str) -> str:
        """Return the URL by which another process opens the database of a study."""
        if self.engine is None:
            return sqlite_url(self._file(study))
        return url_in_schema(self.engine.url, name_schema(study)).render_as_string(hide_password=False)

    def count(self, studies: Sequence[str]) -> dict[str, Counts]:
        """Return the counts of studies by name; none where there is no database yet."""
        if self.engine is None:
            return {name: self._count_file(name) for name in studies}
        schemas = {name_schema(name): name for name in studies}
        found: dict[str, Counts] = {}
        with self.engine.begin() as connection:
            there = sorted(find_schemas(connection) & set(schemas))
        for start in range(0, len(there), COUNTED_AT_ONCE):
            some = there[start : start + COUNTED_AT_ONCE]
            with self.engine.begin() as connection:
                counts = count_in_schemas(connection, some)
            found |= {schemas[key]: one for key, one in counts.items()}
        return {name: found.get(name, Counts()) for name in studies}

    def close(self) -> None:
        """Close the connections that the studies share."""
        if self.engine is not None:
            self.engine.dispose()

    def _file(self, study: str) -> Path:
        return self._folder / study / RATINGS_NAME

    def _count_file(self, study: str) -> Counts:
        """Count the listeners of a study; its file is read only if it has changed."""
        file = self._file(study)
        looks = (*_look_at(file), *_look_at(file.with_name(f"{file.name}-wal")))
        with self._lock:
            found = self._known.get(study)
        if found is not None and found[0] == looks:
            return found[1]
        counts = count_in_file(file) if looks else Counts()
        if counts.known:
            with self._lock:
                self._known[study] = (looks, counts)
        return counts


def _look_at(path: Path) -> tuple[int, ...]:
    """Return what changes whenever a file does; the log of a database goes when a study is closed."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_mtime_ns, found.st_size

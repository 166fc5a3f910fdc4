"""The studies of a studio: their folders, and what the studio knows of each beyond that."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from mushra_server.database.clock import now
from mushra_server.errors import Refusal
from mushra_server.many import find_studies
from mushra_server.studio.accounts import Account
from mushra_server.studio.store import Store, rights, studies
from stimuli.files import atomic_folder
from stimuli.vocabulary import CONFIG_NAME, RATINGS_NAME
from study_builder.config import StudyConfig
from study_builder.errors import StudyError
from study_builder.identifiers import safe_id

__all__ = ["Counts", "Listed", "Studies", "add_study", "change_study", "find_study"]

MAX_TITLE_CHARS = 200


@dataclass(frozen=True)
class Counts:
    """What a ratings database says at a glance; of listeners who are neither simulated nor excluded."""

    closed: bool = False
    started: int = 0
    finished: int = 0
    last_rating: str | None = None


@dataclass(frozen=True)
class Listed:
    """A study in the list: `state` is draft, open, closed or archived."""

    name: str
    title: str
    state: str
    counts: Counts = Counts()


class Studies:
    """The folders of a studio's studies, and the drafts that are not built yet.

    Args:
        store: The studio's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[tuple[int, ...], Counts]] = {}

    def folder(self, name: str) -> Path:
        """Return the folder of a study that is built."""
        return self._store.folder / name

    def draft(self, name: str) -> Path:
        """Return the folder of a study's sounds and choices before it is built; it is never served."""
        return self._store.data / "drafts" / name

    def is_built(self, name: str) -> bool:
        """Tell whether a study has been built."""
        return (self.folder(name) / CONFIG_NAME).is_file()

    def adopt(self) -> None:
        """Take up studies that were put into the folder by the command line, and titles that changed."""
        with self._store.read() as connection:
            query = select(studies.c.name, studies.c.config_changed)
            known = {row.name: row.config_changed for row in connection.execute(query)}
        for path in find_studies(self._store.folder):
            changed = (path / CONFIG_NAME).stat().st_mtime_ns
            if known.get(path.name) == changed:
                continue
            try:
                title = StudyConfig.load(path).title or path.name
            except (StudyError, OSError):
                title = f"{path.name} (its config cannot be read)"
            with self._store.write() as connection:
                if path.name not in known:
                    add_study(connection, path.name, title)
                    if (path / RATINGS_NAME).exists():  # it was served before there was a studio
                        change_study(connection, path.name, launched_at=now())
                change_study(connection, path.name, title=title, config_changed=changed)

    def list(self, account: Account) -> list[Listed]:
        """Return the studies that an account may see, newest first."""
        self.adopt()
        query = select(studies).order_by(studies.c.created_at.desc(), studies.c.name)
        if not account.everything:
            query = query.join(rights).where(rights.c.account_id == account.id)
        with self._store.read() as connection:
            rows = connection.execute(query).all()
        return [self.summarize(row) for row in rows]

    def summarize(self, row: Row[Any]) -> Listed:
        """Return a study as it is listed."""
        counts = self.count(row.name)
        if row.archived_at is not None:
            state = "archived"
        elif row.launched_at is None or not self.is_built(row.name):
            state = "draft"
        else:
            state = "closed" if counts.closed else "open"
        return Listed(row.name, row.title, state, counts)

    def count(self, name: str) -> Counts:
        """Count the listeners of a study; its database is read only if it has changed."""
        file = self.folder(name) / RATINGS_NAME
        looks = tuple(
            value
            for path in (file, file.with_name(f"{file.name}-wal"))
            if path.exists()
            for value in (path.stat().st_mtime_ns, path.stat().st_size)
        )
        with self._lock:
            found = self._counts.get(name)
        if found is not None and found[0] == looks:
            return found[1]
        counts = _read_counts(file) if looks else Counts()
        with self._lock:
            self._counts[name] = (looks, counts)
        return counts

    @staticmethod
    def query(name: str) -> Select[Any]:
        """Return the query for what is known of a study."""
        return select(studies).where(studies.c.name == name)

    def copy(self, connection: Connection, name: str, new: str) -> None:
        """Copy a study under another name, without its ratings: as a draft if its sounds are still there.

        Raises:
            OSError: The folders cannot be copied.
        """
        row = find_study(connection, name)
        add_study(connection, new, f"{row.title} (copy)"[:MAX_TITLE_CHARS])
        change_study(connection, new, choices=row.choices)
        if self.draft(name).is_dir():
            _copy_folder(self.draft(name), self.draft(new))
        elif self.is_built(name):
            _copy_folder(self.folder(name), self.folder(new))

    def choose_name(self, connection: Connection, title: str) -> str:
        """Return a name that no study has, made of a title.

        Raises:
            Refusal: 400 if the title is empty or too long.
        """
        title = title.strip()
        if not 1 <= len(title) <= MAX_TITLE_CHARS:
            raise Refusal(f"the title has {len(title)} characters; expected 1 to {MAX_TITLE_CHARS}", 400)
        wanted = safe_id(title[:60]).lower()
        taken = {row.name.lower() for row in connection.execute(select(studies.c.name))}
        taken |= {path.name.lower() for path in self._store.folder.iterdir()}
        return next(
            name
            for name in (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3)))
            if name not in taken
        )


def find_study(connection: Connection, name: str) -> Row[Any]:
    """Return what is known of a study.

    Raises:
        Refusal: 404.
    """
    found = connection.execute(select(studies).where(studies.c.name == name)).first()
    if found is None:
        raise Refusal(f"there is no study {name!r}", 404)
    return found


def add_study(connection: Connection, name: str, title: str) -> None:
    """Add a study."""
    connection.execute(studies.insert().values(name=name, title=title, created_at=now()))


def change_study(connection: Connection, name: str, **values: Any) -> None:
    """Change what is known of a study."""
    connection.execute(studies.update().where(studies.c.name == name).values(**values))


def _read_counts(file: Path) -> Counts:
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=1)) as database:
            real = "FROM sessions s WHERE simulated = 0 AND excluded_at IS NULL"
            started, finished = database.execute(f"SELECT COUNT(*), COUNT(finished_at) {real}").fetchone()
            last = database.execute(
                f"SELECT MAX(p.submitted_at) FROM submissions p WHERE p.session_id IN (SELECT s.id {real})"
            ).fetchone()[0]
            closed = database.execute("SELECT value FROM meta WHERE key = 'closed'").fetchone()
    except sqlite3.Error:
        return Counts()
    return replace(Counts(), closed=closed == ("1",), started=started, finished=finished, last_rating=last)


def _copy_folder(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_folder(target) as folder:
        shutil.copytree(
            source,
            folder,
            dirs_exist_ok=True,
            symlinks=True,
            ignore=shutil.ignore_patterns(f"{RATINGS_NAME}*"),
        )

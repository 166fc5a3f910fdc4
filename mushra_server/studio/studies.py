"""The studies of a studio: their folders, and what the studio knows of each beyond that."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
import time
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, String, cast, select

from mushra_server.answers.checks import clean_text
from mushra_server.database.clock import now
from mushra_server.database.databases import Databases
from mushra_server.database.summaries import Counts
from mushra_server.errors import Refusal
from mushra_server.many import find_studies
from mushra_server.studio.accounts import Account
from mushra_server.studio.disk import FOLDERS
from mushra_server.studio.drafts import BUILT_NAME, CHECKS_NAME, SOUNDS_NAME, UPLOAD_NAME, load_fact
from mushra_server.studio.store import Store, rights, studies
from stimuli.files import atomic_folder, is_temporary
from stimuli.vocabulary import CONFIG_NAME, RATINGS_NAME
from study_builder.config import StudyConfig
from study_builder.errors import StudyError
from study_builder.identifiers import safe_id

__all__ = [
    "STATES",
    "Listed",
    "Studies",
    "add_study",
    "change_study",
    "check_title",
    "find_study",
    "is_past",
    "remove_study",
    "save_version",
]

MAX_TITLE_CHARS = 200
NAME_CHARS = 48  # of a title; with a number they are a schema of PostgreSQL that is not shortened
STATES = ("draft", "scheduled", "open", "closed", "archived")
LEFTOVER_S = 3600.0
OF_ONE_BUILD = (BUILT_NAME, CHECKS_NAME)


@dataclass(frozen=True)
class Listed:
    """A study in the list: `state` is one of `STATES`."""

    name: str
    title: str
    state: str
    counts: Counts


class Studies:
    """The folders of a studio's studies, and the drafts that are not built yet.

    Args:
        store: The studio's database.
        databases: Those of the studies.

    Attributes:
        copying: Held while a study is copied: two copies at once would both have the room that is left.
    """

    def __init__(self, store: Store, databases: Databases) -> None:
        self._store = store
        self._databases = databases
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self.copying = threading.Lock()

    def lock_design(self, name: str) -> threading.Lock:
        """Return what is held while a study's design, or whether it is fixed, is decided.

        Between the moment in which a request has looked whether a study may be built and that in which the
        building begins, another may have opened it: both look again with this lock.
        """
        return self._locks[name]

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
                title = clean_text(StudyConfig.load_title(path)) or path.name
            except (StudyError, OSError):
                title = f"{path.name} (its config cannot be read)"
            with self._store.write() as connection:
                if connection.execute(self.query(path.name)).first() is None:  # of two who look at once, one
                    add_study(connection, path.name, title)
                    counts = self.count(path.name)
                    if counts.started or not counts.known:  # it was served before there was a studio
                        change_study(connection, path.name, launched_at=now())
                change_study(connection, path.name, title=title, config_changed=changed)

    def remove_leftovers(self) -> None:
        """Remove what a process that was killed had half written; what is new may be being written.

        A study that was about to be replaced is left where ratings are in it.
        """
        kinds = [self._store.data / one for one in FOLDERS]
        inner = [path for kind in kinds if kind.is_dir() for path in kind.iterdir()]
        folders = [folder for folder in (self._store.folder, *kinds, *inner) if folder.is_dir()]
        for path in (path for folder in folders for path in folder.iterdir()):
            old = is_temporary(path) and time.time() - path.stat().st_mtime > LEFTOVER_S
            if old and not path.is_dir():  # a backup
                path.unlink()
            elif old and not (path / RATINGS_NAME).exists():
                shutil.rmtree(path, ignore_errors=True)

    def list(self, account: Account) -> list[Listed]:
        """Return the studies that an account may see, newest first."""
        self.adopt()
        query = select(studies).order_by(studies.c.created_at.desc(), studies.c.name)
        if not account.everything:
            query = query.join(rights).where(rights.c.account_id == account.id)
        with self._store.read() as connection:
            rows = connection.execute(query).all()
        counts = self._databases.count([row.name for row in rows])
        return [self.summarize(row, counts[row.name]) for row in rows]

    def summarize(self, row: Row[Any], counts: Counts | None = None) -> Listed:
        """Return a study as it is listed."""
        counts = counts or self.count(row.name)
        if row.archived_at is not None:
            state = "archived"
        elif row.launched_at is None or not self.is_built(row.name):
            state = "draft"
        elif counts.closed or is_past(row.closes_at):
            state = "closed"
        else:
            state = "scheduled" if row.opens_at is not None and not is_past(row.opens_at) else "open"
        return Listed(row.name, row.title, state, counts)

    def count(self, name: str) -> Counts:
        """Count the listeners of a study."""
        return self._databases.count([name])[name]

    @staticmethod
    def query(name: str) -> Select[Any]:
        """Return the query for what is known of a study."""
        return select(studies).where(studies.c.name == name)

    def describe_source(self, row: Row[Any]) -> dict[str, Any]:
        """Return what a study is built of: a name of the upload, and of the choices."""
        upload = load_fact(self.draft(row.name), UPLOAD_NAME)
        return {"upload": upload and upload["name"], "choices": row.version}

    def is_current(self, row: Row[Any]) -> bool:
        """Tell whether a study was built of the sounds and choices that are there now, or not here at all."""
        built = load_fact(self.draft(row.name), BUILT_NAME)
        return built is None or built == self.describe_source(row)

    @staticmethod
    def add_copy(connection: Connection, name: str, new: str) -> None:
        """Add a study with the choices of another; `copy_folder` gives it its sounds."""
        row = find_study(connection, name)
        title = f"{row.title} (copy)"[:MAX_TITLE_CHARS]
        add_study(connection, new, title)
        choices = {**json.loads(row.choices), "title": title, "test_id": new}
        change_study(connection, new, choices=json.dumps(choices))

    def copy_folder(self, name: str, new: str, before_keeping: Callable[[], None] = lambda: None) -> None:
        """Copy the folder of a study without its ratings: of a draft if its sounds are still there.

        Args:
            name: Of the study.
            new: Of the copy.
            before_keeping: Called when all is copied; what it raises leaves no copy.

        Raises:
            OSError: It cannot be copied.
            Refusal: 409 if other sounds came meanwhile: some of either would have been copied.
        """
        # A study of the command line that was checked has a draft without sounds.
        if not (self.draft(name) / SOUNDS_NAME).is_dir():
            if self.is_built(name):
                _copy_folder(self.folder(name), self.folder(new), contextlib.nullcontext(), before_keeping)
            return
        check = self._refuse_other_sounds(name)
        _copy_folder(self.draft(name), self.draft(new), check, before_keeping)

    @contextlib.contextmanager
    def _refuse_other_sounds(self, name: str) -> Iterator[None]:
        """Refuse what a block has done, or has failed to do, while the sounds of a draft were replaced."""
        before = load_fact(self.draft(name), UPLOAD_NAME)
        try:
            yield
        finally:
            with self.lock_design(name):  # whoever replaces them holds it until they have a new name
                after = load_fact(self.draft(name), UPLOAD_NAME)
            if after != before:
                raise Refusal("other sounds came while the study was copied; copy it again", 409)

    def choose_name(self, connection: Connection, title: str) -> str:
        """Return a name that no study has, made of a title.

        Raises:
            Refusal: 400 if the title is empty or too long.
        """
        title = title.strip()
        check_title(title)
        # Decomposed first: of one letter may come four.
        short = unicodedata.normalize("NFKD", title)[:NAME_CHARS]
        wanted = safe_id(short)[:NAME_CHARS].lower()
        taken = {row.name.lower() for row in connection.execute(select(studies.c.name))}
        taken |= {path.name.lower() for path in self._store.folder.iterdir()}
        return next(
            name
            for name in (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3)))
            if name not in taken
        )


def check_title(title: str) -> None:
    """Refuse a title that no list has room for: every page of the study, and everybody's list, shows it.

    Raises:
        Refusal: 400.
    """
    if not 1 <= len(title) <= MAX_TITLE_CHARS:
        raise Refusal(f"the title has {len(title)} characters; expected 1 to {MAX_TITLE_CHARS}", 400)


def find_study(connection: Connection, name: str) -> Row[Any]:
    """Return what is known of a study.

    Raises:
        Refusal: 404.
    """
    found = connection.execute(select(studies).where(studies.c.name == name)).first()
    if found is None:
        raise Refusal(f"unknown study {name!r}", 404)
    return found


def is_past(moment: str | None) -> bool:
    """Tell whether a stored time (UTC) is there and over."""
    return moment is not None and datetime.now(UTC).isoformat(timespec="seconds") >= moment


def add_study(connection: Connection, name: str, title: str) -> None:
    """Add a study."""
    connection.execute(studies.insert().values(name=name, title=title, created_at=now()))


def save_version(connection: Connection, name: str, version: str, values: Mapping[str, Any]) -> bool:
    """Change a study unless somebody else did since a version; return whether it was changed."""
    same = (studies.c.name == name) & (cast(studies.c.version, String) == version)
    change = studies.update().where(same).values({**values, "version": studies.c.version + 1})
    return connection.execute(change).rowcount == 1


def remove_study(connection: Connection, name: str) -> None:
    """Remove what is known of a study that has no folder."""
    connection.execute(studies.delete().where(studies.c.name == name))


def change_study(connection: Connection, name: str, **values: Any) -> None:
    """Change what is known of a study."""
    connection.execute(studies.update().where(studies.c.name == name).values(**values))


def _copy_folder(
    source: Path, target: Path, check: AbstractContextManager[None], before_keeping: Callable[[], None]
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_folder(target) as folder, check:
        shutil.copytree(
            source,
            folder,
            dirs_exist_ok=True,
            symlinks=True,
            ignore=shutil.ignore_patterns(
                f"{RATINGS_NAME}*", *OF_ONE_BUILD, ".*.part"
            ),  # what is being written
        )
        before_keeping()

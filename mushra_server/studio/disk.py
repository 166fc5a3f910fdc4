"""How much of the disk studies take: by the account that made them, and how much is left for ratings."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, select

from mushra_server.errors import Refusal
from mushra_server.studio.accounts import Account
from mushra_server.studio.store import Store, accounts, log
from mushra_server.web.large_bodies import RESERVE_BYTES

__all__ = ["ACCOUNT_GIB", "FOLDERS", "Disk", "Room", "measure", "require_reserve", "require_room_for_study"]

ACCOUNT_GIB = 20.0
MAX_STUDIES = 500
"""That an account makes: whoever may see all studies gets a list of them."""
RESERVE_FILES = 100_000
"""That the disk has room for, or a twentieth of those that it was made for: each upload, building and copy
may make twenty thousand of a few bytes, and a disk without room for another opens no study either."""
MADE = ("create", "copy")  # what the log says of whoever made a study
FOLDERS = ("drafts", "reports", "backups")


class Disk:
    """The disk of a studio.

    Args:
        store: The studio's database; studies are in its folder.
        account_bytes: What the studies that one account made may take; administrators' may take any.
    """

    def __init__(self, store: Store, account_bytes: int) -> None:
        self._store = store
        self._account_bytes = account_bytes

    def require(self, study: str, more: int, account: Account | None = None) -> None:
        """Refuse what would take too much.

        Args:
            study: The study that it is for; it counts for the account that made it, whoever asks.
            more: Bytes that it will take.
            account: Whose it counts for instead: of a copy, who makes it.

        Raises:
            Refusal: 413 if the account has no room left, 507 if the disk has not.
        """
        require_reserve(self._store.folder, more)
        with self._store.read() as connection:
            maker = _find_maker(connection, study) if account is None else account.name
            if maker is None or (account is not None and account.everything):
                return
            names = _find_made(connection, maker)
        used = sum(self.measure_study(name) for name in names)
        if used + more > self._account_bytes:
            raise Refusal(
                f"the studies that {maker!r} made take {used / 2**30:.1f} GiB, and this would take "
                f"{more / 2**30:.1f} more; expected at most {self._account_bytes / 2**30:g} (--account-gib)",
                413,
            )

    def measure_study(self, study: str) -> int:
        """Return the bytes of a study: what is served, its sounds before that, its reports and backups."""
        data = self._store.data
        return sum(
            measure(path) for path in (self._store.folder / study, *(data / one / study for one in FOLDERS))
        )


class Room:
    """What several requests are about to take of a disk: each alone would find that there is enough."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = 0

    @contextmanager
    def take(self, folder: Path, more: int) -> Iterator[None]:
        """Have room as long as the block lasts.

        Raises:
            Refusal: 507 if the folder's disk has too little for this and for the others.
        """
        with self._lock:
            require_reserve(folder, self._taken + more)
            self._taken += more
        try:
            yield
        finally:
            with self._lock:
                self._taken -= more


def require_reserve(folder: Path, more: int = 0) -> None:
    """Refuse what would leave too little of a folder's disk.

    Raises:
        Refusal: 507.
    """
    if shutil.disk_usage(folder).free < more + RESERVE_BYTES or _has_few_files_left(folder):
        raise Refusal("the studio's disk is nearly full; tell its administrator", 507)


def _has_few_files_left(folder: Path) -> bool:
    if not hasattr(os, "statvfs"):
        return False
    found = os.statvfs(folder)  # of some file systems, which have no such limit, all zero
    return found.f_files > 0 and found.f_favail < min(RESERVE_FILES, found.f_files // 20)


def require_room_for_study(connection: Connection, account: Account) -> None:
    """Refuse another study of an account that has made very many; administrators may make any number.

    Raises:
        Refusal: 413.
    """
    if not account.everything and len(_find_made(connection, account.name)) >= MAX_STUDIES:
        raise Refusal(f"you have made {MAX_STUDIES} studies; expected fewer: ask the administrator", 413)


def measure(folder: Path) -> int:
    """Return the bytes of all files in a folder; 0 if there is none."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(place, name).lstat().st_size
            except FileNotFoundError:  # removed meanwhile
                continue
    return total


def _find_made(connection: Connection, account: str) -> list[str]:
    """Return the studies that an account made."""
    made = log.c.study.is_not(None) & log.c.action.in_(MADE) & (log.c.account == account)
    return [str(name) for name in connection.execute(select(log.c.study).where(made).distinct()).scalars()]


def _find_maker(connection: Connection, study: str) -> str | None:
    """Return who made a study; None if an administrator did, or the command line."""
    query = (
        select(log.c.account)
        .join(accounts, accounts.c.name == log.c.account)
        .where(log.c.study == study, log.c.action.in_(MADE), accounts.c.everything == 0)
        .order_by(log.c.id.desc())
    )
    return connection.execute(query.limit(1)).scalar()

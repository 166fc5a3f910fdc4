"""Exports as files: written under a temporary name, then renamed; only their owner may read them."""

from __future__ import annotations

import itertools
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TextIO, cast

from sqlalchemy import Connection

from analysis.ratings.names import SIMULATED_MARK
from mushra_server.database.database import Database
from mushra_server.errors import ServerError
from mushra_server.export.looking_file import LookingFile, Looks
from mushra_server.export.tables import write_csv, write_json
from mushra_server.study.served_study import Study
from mushra_server.webmushra.csv_files import TABLES, csv_line, folder_name, iter_csv_rows
from mushra_server.webmushra.pymushra import write_pymushra
from mushra_server.webmushra.sessions import list_other_tests, load_wire_sessions
from mushra_server.webmushra.wire_format import WireSession
from stimuli.files import atomic_path, create

__all__ = ["export_files", "write_file"]

FOLDER_MODE = 0o700
MOST_OPEN_FILES = 50
WEBMUSHRA_FILE = re.compile(rf"({'|'.join(name for name, *_ in TABLES.values())})(-\d+)?\.csv")


def export_files(
    database: Database,
    study: Path,
    format: str,
    out: Path,
    *,
    exact: bool = False,
    look: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Path, int]]:
    """Write an export, row by row, and yield each file with its number of rows.

    Args:
        database: The ratings.
        study: The study's folder, which `webmushra` and `pymushra` need for the names of its questions.
        format: ``csv``, ``json``, ``webmushra`` or ``pymushra``.
        out: Folder to write to; made if it is missing.
        exact: See `write_csv`.
        look: Called now and then while ratings are written; what it raises ends that.
    """
    make_folder(out)
    with database.read(patient=True) as connection:
        if format == "csv":
            yield _write(out / "ratings.csv", lambda file: write_csv(connection, file, exact=exact), look)
        elif format == "json":
            yield _write(out / "ratings.json", lambda file: write_json(connection, file), look)
        else:
            yield from _export_wire_sessions(connection, Study(study, own_page=False), format, out, look)


def write_file(path: Path, write: Callable[[TextIO], int]) -> int:
    """Write a private text file whole or not at all; return what ``write`` returned."""
    with atomic_path(path) as temporary, _open(temporary) as file:
        return write(file)


def make_folder(path: Path) -> None:
    """Make a private folder with those above it; one that is there keeps its mode."""
    for folder in [*reversed(path.parents), path]:
        if not folder.is_dir():
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def _write(path: Path, write: Callable[[TextIO], int], look: Callable[[], None]) -> tuple[Path, int]:
    return path, write_file(path, lambda file: write(cast("TextIO", LookingFile(file, look))))


def _export_wire_sessions(
    connection: Connection, study: Study, format: str, out: Path, look: Callable[[], None]
) -> Iterator[tuple[Path, int]]:
    """Write other programs' formats; simulated sessions get separate files, because no column marks them.

    Raises:
        ServerError: The study has pages that these programs do not have: their ratings would be missing.
    """
    if others := list_other_tests(study.config):
        raise ServerError(
            f"{format} has no pages of the type {' or '.join(others)}, which this study has; export its "
            "ratings as csv or json"
        )
    for simulated in (False, True):
        found = load_wire_sessions(connection, study, simulated=simulated)
        first = next(found, None)
        sessions = itertools.chain([] if first is None else [first], found)
        suffix = SIMULATED_MARK if simulated else ""
        if format == "pymushra":
            name = out / f"pymushra{suffix}.json"
            if first is None and simulated and not name.exists():
                continue
            yield _write(name, partial(write_pymushra, sessions, study.name), look)
        else:
            yield from _write_csv_files(
                out / "results" / f"{folder_name(study.name)}{suffix}", sessions, look
            )


def _write_csv_files(
    folder: Path, sessions: Iterable[WireSession], look: Callable[[], None]
) -> list[tuple[Path, int]]:
    """Write webMUSHRA's files next to each other, all of them whole or none.

    Raises:
        ServerError: There are such files that this export does not write: whoever reads the folder would take
            their sessions, which may have been excluded or forgotten since, for those of this one.
    """
    rows: Counter[str] = Counter()
    with ExitStack() as stack, closing(_Files(folder, stack, look)) as files:
        for name, row in iter_csv_rows(sessions):
            files.write(name, csv_line(row))
            rows[name] += 1
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if WEBMUSHRA_FILE.fullmatch(path.name) and path.name not in rows:
                raise ServerError(
                    f"{path}: is of an earlier export and would be read with this one; move it elsewhere, or "
                    "choose another folder with --out"
                )
    return [(folder / name, count - 1) for name, count in rows.items()]


class _Files:
    """Files that grow next to each other: any number of them, of which some are open.

    Args:
        folder: Where they are; made with the first one.
        stack: Gives each its final name when it is closed.
        look: Called now and then.
    """

    def __init__(self, folder: Path, stack: ExitStack, look: Callable[[], None]) -> None:
        self._folder = folder
        self._stack = stack
        self._looks = Looks(look)
        self._paths: dict[str, Path] = {}
        self._open: dict[str, TextIO] = {}

    def write(self, name: str, text: str) -> None:
        """Append to a file."""
        self._looks.count(len(text))
        if name not in self._open:
            while len(self._open) >= MOST_OPEN_FILES:
                self._open.pop(next(iter(self._open))).close()
            self._open[name] = self._open_again(name)
        self._open[name].write(text)

    def close(self) -> None:
        """Close what is open."""
        while self._open:
            self._open.popitem()[1].close()

    def _open_again(self, name: str) -> TextIO:
        if name in self._paths:
            return self._paths[name].open("a", encoding="utf-8", newline="")
        make_folder(self._folder)
        self._paths[name] = self._stack.enter_context(atomic_path(self._folder / name))
        return _open(self._paths[name])


def _open(path: Path) -> TextIO:
    return os.fdopen(create(path, private=True), "w", encoding="utf-8", newline="")

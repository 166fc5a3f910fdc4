"""Exports as files: written under a temporary name, then renamed; only their owner may read them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from sqlalchemy import Connection

from analysis.ratings.names import SIMULATED_MARK
from mushra_server.database.database import Database
from mushra_server.export.tables import write_csv, write_json
from mushra_server.study.served_study import Study
from mushra_server.webmushra.csv_files import csv_files, csv_text, folder_name
from mushra_server.webmushra.sessions import load_wire_sessions, pymushra_database
from mushra_server.webmushra.wire_format import WireSession
from stimuli.files import atomic_path, create

__all__ = ["export_files", "write_file"]

FOLDER_MODE = 0o700

Writer = Callable[[TextIO], int]


def export_files(
    database: Database, study: Path, format: str, out: Path, *, exact: bool = False
) -> Iterator[tuple[Path, int]]:
    """Write an export and yield each file with its number of rows.

    Args:
        database: The ratings.
        study: The study's folder, which `webmushra` and `pymushra` need for the names of its questions.
        format: ``csv``, ``json``, ``webmushra`` or ``pymushra``.
        out: Folder to write to; made if it is missing.
        exact: See `write_csv`.
    """
    _make_folder(out)
    with database.read(patient=True) as connection:
        for name, write in _writers(connection, Path(study), format, exact):
            _make_folder((out / name).parent)
            yield out / name, write_file(out / name, write)


def write_file(path: Path, write: Writer) -> int:
    """Write a private text file whole or not at all; return what ``write`` returned."""
    with (
        atomic_path(path) as temporary,
        os.fdopen(create(temporary, private=True), "w", encoding="utf-8", newline="") as file,
    ):
        return write(file)


def _make_folder(path: Path) -> None:
    """Make a private folder with those above it; one that is there keeps its mode."""
    for folder in [*reversed(path.parents), path]:
        if not folder.is_dir():
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def _writers(connection: Connection, study: Path, format: str, exact: bool) -> Iterator[tuple[str, Writer]]:
    if format == "csv":
        yield "ratings.csv", lambda file: write_csv(connection, file, exact=exact)
    elif format == "json":
        yield "ratings.json", lambda file: write_json(connection, file)
    else:
        opened = Study(study, own_page=False)
        for simulated in (False, True):
            found = list(load_wire_sessions(connection, opened, simulated=simulated))
            if found or not simulated:
                yield from _wire_writers(opened, found, format, SIMULATED_MARK if simulated else "")


def _wire_writers(
    study: Study, found: list[WireSession], format: str, suffix: str
) -> Iterator[tuple[str, Writer]]:
    """Yield files in other programs' formats; simulated sessions have their own, for no column says it."""
    if format == "pymushra":
        document = json.dumps(pymushra_database(found, study.name), ensure_ascii=False)
        yield f"pymushra{suffix}.json", _writer(document, sum(len(session.trials) for session in found))
        return
    folder = f"results/{folder_name(study.name)}{suffix}"
    for name, rows in csv_files(found).items():
        yield f"{folder}/{name}", _writer(csv_text(rows), len(rows) - 1)


def _writer(text: str, rows: int) -> Writer:
    def write(file: TextIO) -> int:
        file.write(text)
        return rows

    return write

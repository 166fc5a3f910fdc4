"""Exports as files: written under a temporary name, then renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from sqlalchemy import Connection

from mushra_server.db import Database
from mushra_server.export import write_csv, write_json

__all__ = ["export_files"]


def export_files(
    database: Database, study: Path, format: str, out: Path, *, exact: bool = False
) -> Iterator[tuple[Path, int]]:
    """Write an export and yield each file with its number of rows.

    Args:
        database: The ratings.
        study: The study's folder, which `webmushra` and `pymushra` need for the names of its questions.
        format: ``csv``, ``json``, ``webmushra`` or ``pymushra``.
        out: Folder to write to; made where it is missing.
        exact: See `write_csv`.
    """
    out.mkdir(parents=True, exist_ok=True)
    with database.read() as connection:
        for name, write in _writers(connection, format, exact):
            yield out / name, write_file(out / name, write)


def write_file(path: Path, write: Callable[[TextIO], int]) -> int:
    """Write a text file whole or not at all; return what ``write`` returned."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            count = write(file)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return count


def _writers(
    connection: Connection, format: str, exact: bool
) -> Iterator[tuple[str, Callable[[TextIO], int]]]:
    if format == "csv":
        yield "ratings.csv", lambda file: write_csv(connection, file, exact=exact)
    elif format == "json":
        yield "ratings.json", lambda file: write_json(connection, file)

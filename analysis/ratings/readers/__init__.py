"""Every kind of source of ratings, each as a table with our column names and each row's place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.names import DATABASE, SIMULATED_MARK
from analysis.ratings.readers import ours, pymushra, webmushra, wide
from analysis.ratings.readers.table import Problems, listener_of, read_json, read_table

__all__ = ["Problems", "read_source"]


def read_source(
    source: str | Path,
    problems: Problems,
    *,
    listener: list[str] | None = None,
    columns: Mapping[str, str] | None = None,
    pattern: str | None = None,
) -> pd.DataFrame:
    """Read one source: database URL, study folder, SQLite file, folder of webMUSHRA results, CSV or JSON.

    Raises:
        RatingsError: It does not exist or is none of these.
    """
    if "://" in str(source):
        return ours.read_database(str(source), "the database")
    path = Path(source)
    if path.is_dir():
        return _read_folder(path, problems, listener, columns, pattern)
    if not path.is_file():
        raise RatingsError(
            f"{path} does not exist; expected a CSV or JSON file, a study folder or a database URL."
        )
    if path.suffix in (".sqlite3", ".sqlite", ".db"):
        return ours.read_database(ours.sqlite_url(path), path.name)
    if path.suffix == ".json":
        content = read_json(path)
        if ours.is_our_json(content):
            return ours.from_json(content, path.name)
        return _marked(pymushra.from_pymushra(pymushra.flat_table(content, path.name), listener), path.stem)
    table = read_table(path, problems)
    header = [str(name) for name in table.columns]
    if columns or pattern:
        return wide.from_named(
            table.assign(study=path.stem) if "study" not in header else table,
            {"study": "study", **(columns or {})},
            listener,
            pattern,
        )
    if ours.is_ours(header):
        table = ours.from_ours(table)
        return table if not listener else table.assign(listener=listener_of(table, listener, None))
    if webmushra.is_webmushra(header):
        frame = webmushra.from_webmushra(table, listener, webmushra.page_of(path))
        return _marked(frame, path.resolve().parent.name)
    if pymushra.is_pymushra(header):
        return pymushra.from_pymushra(table, listener)
    if {"item", "condition", "score"} <= set(header):
        return wide.from_named(table, None, listener)
    needed = {"item", "condition", "score"}
    if len(needed & set(header)) == 2 and "listener" in header:
        missing = next(iter(needed - set(header)))
        raise RatingsError(
            f"{path.name} has no column '{missing}'; expected listener, item, condition and score "
            f"(or --column {missing}=HEADER)."
        )
    raise RatingsError(
        f"{path.name} is none of the known tables (ours, webMUSHRA's, pymushra's); map its columns with "
        f"--column NAME=HEADER (found {', '.join(name for name in header if not name.startswith('_'))})."
    )


def _marked(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Mark simulated ratings in formats that cannot: our server exports them under a name that says so."""
    return frame.assign(simulated="1") if name.endswith(SIMULATED_MARK) else frame


def _read_folder(
    path: Path,
    problems: Problems,
    listener: list[str] | None,
    columns: Mapping[str, str] | None,
    pattern: str | None,
) -> pd.DataFrame:
    database = path / DATABASE
    if database.is_file():
        return ours.read_database(ours.sqlite_url(database), str(database))
    files = [
        file
        for page in webmushra.PAGES.values()
        for file in sorted(path.glob("*.csv"))
        if webmushra.page_of(file) == page
    ]
    if not files:
        raise RatingsError(
            f"{path} holds no ratings; expected {DATABASE} or one of webMUSHRA's "
            f"{', '.join(f'{name}.csv' for name in webmushra.PAGES)}."
        )
    parts = [
        read_source(file, problems, listener=listener, columns=columns, pattern=pattern) for file in files
    ]
    return pd.concat(parts, ignore_index=True)

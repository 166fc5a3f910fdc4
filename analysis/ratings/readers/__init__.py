"""Every kind of source of ratings, each as a table with our column names and each row's place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.marks import FILE, LINE, STUDY_IS_FILE
from analysis.ratings.names import SIMULATED_MARK
from analysis.ratings.readers import ours, pymushra, webmushra, wide
from analysis.ratings.readers.columns import advise_on_columns, list_headers, listener_of, rename_to_ours
from analysis.ratings.readers.json_files import from_records, is_json, read_json
from analysis.ratings.readers.others import from_other_json, read_waet
from analysis.ratings.readers.pair_matrix import from_pair_matrix, is_pair_matrix
from analysis.ratings.readers.pairs import advise_on_pairs, from_pairs, is_pairs
from analysis.ratings.readers.rows import Problems
from analysis.ratings.readers.table import read_table
from analysis.ratings.readers.wide import Columns
from analysis.ratings.readers.workbook import is_workbook, read_workbook
from analysis.ratings.tidy import map_values
from stimuli.vocabulary import RATINGS_NAME

__all__ = ["Columns", "Problems", "Reading", "read_source"]

_TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".json", ".jsonl", ".xml")


@dataclass(frozen=True)
class Reading:
    """How a table under other names is to be read; see `load_ratings`."""

    listener: list[str] | None = None
    columns: Columns | None = None
    pattern: str | None = None
    encoding: str | None = None
    sheet: str | None = None


def read_source(source: str | Path | pd.DataFrame, problems: Problems, how: Reading) -> pd.DataFrame:
    """Read one source: database URL, study folder, SQLite file, results folder, table, JSON or XML.

    Raises:
        RatingsError: It does not exist or is none of these.
    """
    if isinstance(source, pd.DataFrame):
        return _table(from_frame(source), "the data frame", "study", None, problems, how)
    if "://" in str(source):
        return ours.read_database(str(source), "the database")
    path = Path(source)
    if path.is_dir():
        return _read_folder(path, problems, how)
    if not path.is_file():
        raise RatingsError(
            f"{path} does not exist; expected a CSV or JSON file, a study folder or a database URL"
        )
    suffix = path.suffix.lower()
    if suffix in (".sqlite3", ".sqlite", ".db"):
        return ours.read_database(ours.sqlite_url(path), path.name)
    if suffix == ".xml":
        return read_waet(path)
    if is_json(path):
        return _read_json(path, problems, how)
    if is_workbook(path):
        table = read_workbook(path, problems, how.sheet)
    else:
        table = read_table(path, problems, how.encoding)
    return _table(table, path.name, path.stem, path, problems, how)


def _read_json(path: Path, problems: Problems, how: Reading) -> pd.DataFrame:
    content = read_json(path, problems, how.encoding)
    try:
        return _from_json(content, path, problems, how)
    except RecursionError:
        raise RatingsError(
            f"{path.name} has lists in lists, or keys in keys, without end; expected a list of records"
        ) from None


def _from_json(content: Any, path: Path, problems: Problems, how: Reading) -> pd.DataFrame:
    if ours.is_our_json(content):
        return ours.from_json(content, path.name)
    other = from_other_json(content, path)
    if other is not None:
        return other
    if not pymushra.is_database(content):
        table = from_records(content, path.name)
        return _mark_simulated(_table(table, path.name, path.stem, path, problems, how), path.stem)
    return _mark_simulated(
        pymushra.from_pymushra(pymushra.flat_table(content, path.name), how.listener), path.stem
    )


def from_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Take a data frame as a table that was read: its missing cells are empty, its rows are numbered.

    Levels of the index that have a name are columns, and whole numbers have no point: listener 7.0 is 7.

    Raises:
        RatingsError: Two columns have the same name.
    """
    named = [name for name in frame.index.names if name is not None]
    table = frame.reset_index(level=named, allow_duplicates=True).reset_index(drop=True)
    table.columns = [
        "_".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in table.columns
    ]
    repeated = table.columns[table.columns.duplicated()]
    if len(repeated):
        raise RatingsError(
            f"the data frame has the column {repeated[0]!r} more than once; rename one of them"
        )
    out = pd.DataFrame({name: _plain_cells(table[name]) for name in table.columns}, index=table.index)
    out[FILE], out[LINE] = "the data frame", range(1, len(table) + 1)
    return out


def _plain_cells(column: pd.Series) -> pd.Series:
    """Return a column with empty text for what is missing, and stripped texts; numbers stay numbers."""
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    cells = column.astype(object).where(column.notna(), "")
    if pd.api.types.is_numeric_dtype(column):
        return cells
    return map_values(cells, lambda cell: cell.strip() if isinstance(cell, str) else cell)


def _table(
    table: pd.DataFrame, name: str, study: str, path: Path | None, problems: Problems, how: Reading
) -> pd.DataFrame:
    """Read a table by its header: as one of a known program, or by the names given."""
    header = [str(column) for column in table.columns]
    listener = how.listener
    if not how.columns and not how.pattern:
        if ours.is_ours(header):
            table = ours.from_ours(table)
            return table if not listener else table.assign(listener=listener_of(table, listener, None))
        if webmushra.is_webmushra(header):
            frame = webmushra.from_webmushra(table, listener, webmushra.page_of(path) if path else None)
            return _mark_simulated(frame, path.resolve().parent.name) if path else frame
        if pymushra.is_pymushra(header):
            return pymushra.from_pymushra(table, listener)
        if is_pair_matrix(table):
            return from_pair_matrix(table.assign(study=study))
    table = rename_to_ours(table)
    own = table if "study" in table else table.assign(study=study, **{STUDY_IS_FILE: True})
    header = [str(column) for column in table.columns]
    if is_pairs(header, how.columns) and not ours.is_ours(header):
        return from_pairs(own, how.columns, listener)
    if how.columns or how.pattern:
        return wide.from_named(own, how.columns, listener, how.pattern, problems)
    needed = {"item", "condition", "score"}
    if needed <= set(header):
        return wide.from_named(own, None, listener)
    if len(needed & set(header)) == 2 and "listener" in header:
        missing = next(iter(needed - set(header)))
        raise RatingsError(
            f"{name} has no column {missing!r}; expected listener, item, condition and score "
            f"(or --column {missing}=HEADER)"
        )
    if {"listener", "item"} <= set(header) and not needed - {"item"} & set(header):
        return wide.from_named(own, None, listener, None, problems)
    advice = advise_on_pairs(table)
    if advice:
        raise RatingsError(f"{name} has two sounds per row; {advice}")
    advice = advise_on_columns(header, ["listener", "item", "condition", "score"])
    raise RatingsError(
        f"{name} is none of the known tables (ours, webMUSHRA's, pymushra's); map its columns with "
        f"--column NAME=HEADER{f', for example {advice}' if advice else ''} (found {list_headers(table)}); "
        "--pattern reads scores of several columns"
    )


def _mark_simulated(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Mark simulated ratings in formats that cannot: our server exports them under a name that says so."""
    return frame.assign(simulated="1") if name.endswith(SIMULATED_MARK) else frame


def _read_folder(path: Path, problems: Problems, how: Reading) -> pd.DataFrame:
    database = path / RATINGS_NAME
    if database.is_file():
        return ours.read_database(ours.sqlite_url(database), str(database))
    files = [
        file
        for page in webmushra.PAGES.values()
        for file in sorted(path.glob("*.csv"))
        if webmushra.page_of(file) == page
    ]
    if not files:
        others = sorted(file.name for file in path.iterdir() if file.suffix.lower() in _TABLES)
        raise RatingsError(
            f"{path} holds no ratings; expected {RATINGS_NAME} or one of webMUSHRA's "
            f"{', '.join(f'{name}.csv' for name in webmushra.PAGES)}"
            + (
                f"; to read {others[0]!r} and others, name the files ({path}/*{Path(others[0]).suffix})"
                if others
                else ""
            )
        )
    parts = [read_source(file, problems, how) for file in files]
    return pd.concat(parts, ignore_index=True)

"""Ratings of our own server: the two export views of its database, and the CSV made from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.types import infer_dtype

from analysis.errors import RatingsError
from analysis.ratings.marks import FILE, LINE, PAGE
from analysis.ratings.names import ANSWER, SCHEMA_VERSION, restore_exact
from analysis.ratings.readers.bounds import refuse_growth
from analysis.ratings.tidy import map_values

if TYPE_CHECKING:
    from sqlalchemy import URL, CursorResult

_PAGE_TYPE = {"page_type": PAGE}  # ratings of earlier versions have none
# Columns of the CSV that no other table has together; earlier versions lack some of the rest.
_HEADER = {"study", "listener", "session", "item", "condition", "score", "kind", "simulated"}
_NEEDED = ("listener", "item", "condition", "score")


def is_ours(header: list[str]) -> bool:
    """Say whether a CSV header is that of our export."""
    return set(header) >= _HEADER


def from_ours(table: pd.DataFrame) -> pd.DataFrame:
    """Take our CSV as tidy ratings, without the apostrophe before texts that a spreadsheet would run."""
    texts = [name for name in table.columns if name not in (FILE, LINE)]
    plain = table.assign(**{name: map_values(table[name], restore_exact) for name in texts})
    return plain.rename(columns=_PAGE_TYPE)


def is_our_json(content: Any) -> bool:
    """Say whether a JSON file is our export."""
    return isinstance(content, dict) and {"schema_version", "ratings", "answers"} <= set(content)


def from_json(content: dict[str, Any], name: str) -> pd.DataFrame:
    """Read the ratings and answers of our JSON export.

    Raises:
        RatingsError: It is of a newer version, or its ratings are not a list as we write it.
    """
    if content["schema_version"] != SCHEMA_VERSION:
        raise RatingsError(
            f"{name} has the schema_version {content['schema_version']}; expected {SCHEMA_VERSION}"
        )
    try:
        ratings, answers = pd.DataFrame(content["ratings"]), pd.DataFrame(content["answers"])
        if ratings.empty:
            raise RatingsError(f"no ratings in {name}")
        _refuse_lists(ratings)
        _refuse_lists(answers)
        _require_columns(ratings, name)
        ratings = add_answers(ratings, answers, name)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, RatingsError):
            raise
        raise RatingsError(f"{name} holds no ratings as our server exports them: {error}") from None
    ratings[FILE], ratings[LINE] = name, range(1, len(ratings) + 1)
    return ratings.rename(columns=_PAGE_TYPE)


def _require_columns(ratings: pd.DataFrame, name: str) -> None:
    missing = [column for column in _NEEDED if column not in ratings]
    if missing:
        raise RatingsError(f"{name} holds no ratings as our server exports them: no {missing[0]!r}")


def _refuse_lists(table: pd.DataFrame) -> None:
    """Raise a `TypeError` if a cell has several values: nothing that our server writes has."""
    for name in table.columns:
        mixed = infer_dtype(table[name], skipna=True).startswith("mixed")
        if mixed and any(isinstance(cell, list | dict) for cell in table[name]):
            raise TypeError(f"{name!r} has a list or keys in a place for one value")


def read_database(url: str, name: str) -> pd.DataFrame:
    """Read the views `export_ratings` and `export_answers` of a database.

    Args:
        url: SQLAlchemy URL; its password never appears in an error.
        name: What the database is called in an error.

    Raises:
        RatingsError: It cannot be opened or has no such views.
    """
    from sqlalchemy import create_engine, make_url, text
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    try:
        engine = create_engine(_check_exists(make_url(url)))
        with engine.connect() as connection:
            ratings = _frame(connection.execute(text("SELECT * FROM export_ratings")))
            answers = _frame(connection.execute(text("SELECT session, name, value FROM export_answers")))
        engine.dispose()
    except (ArgumentError, ImportError) as error:
        raise RatingsError(f"{name} cannot be opened as a database: {error}") from None
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        raise RatingsError(
            f"{name} has no ratings to read (views export_ratings and export_answers): {reason}"
        ) from None
    _require_columns(ratings, name)
    ratings = add_answers(ratings, answers, name)
    ratings[FILE], ratings[LINE] = name, range(1, len(ratings) + 1)
    return ratings.rename(columns=_PAGE_TYPE)


def _check_exists(url: URL) -> URL:
    """Return a database's URL; SQLite would make a file that does not exist."""
    file = url.database or ""
    if (
        url.get_backend_name() == "sqlite"
        and not file.startswith((":", "file:"))
        and not Path(file).is_file()
    ):
        raise RatingsError(f"the database {file} does not exist; expected one that the server wrote")
    return url


def _frame(result: CursorResult[Any]) -> pd.DataFrame:
    return pd.DataFrame(result.fetchall(), columns=list(result.keys()))


def add_answers(ratings: pd.DataFrame, answers: pd.DataFrame, name: str) -> pd.DataFrame:
    """Add one text column `q_<name>` per questionnaire answer, by session; `name` is the source's."""
    if answers.empty:
        return ratings
    refuse_growth(name, answers["session"].nunique(), answers["name"].nunique(), len(answers))
    wide = answers.drop_duplicates(["session", "name"], keep="last").pivot(
        index="session", columns="name", values="value"
    )
    return ratings.join(wide.add_prefix(ANSWER), on="session")


def sqlite_url(path: Path) -> str:
    """URL of an existing SQLite file."""
    return f"sqlite:///{path.resolve()}"
